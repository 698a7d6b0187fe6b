import { CartieError } from '@cartie/core';
import { service } from './invalid.ts';

/** The answer, if it is an object. @throws CartieError `invalid_response` */
export function objectFrom<T extends object>(json: unknown, operation: string): T {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as T;
  throw unreadable(operation);
}

/** The answer, if it is a list of objects. @throws CartieError `invalid_response` */
export function listFrom<T extends object>(json: unknown, operation: string): T[] {
  const isList = Array.isArray(json) && json.every((one: unknown) => typeof one === 'object' && one !== null);
  if (isList) return json as T[];
  throw unreadable(operation);
}

function unreadable(operation: string): CartieError {
  return new CartieError('invalid_response', 'The answer is not what this call gives', {
    service,
    operation,
  });
}
