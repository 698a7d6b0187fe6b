import type { OutgoingRequest } from '@cartie/core';
import { invalid } from './invalid.ts';
import type { Fields, Operation } from './operation.ts';

/**
 * The request of an operation: fields into the path, the query or the body.
 * @throws CartieError `invalid_input` naming the field that the path misses
 */
export function requestOf(
  name: string,
  operation: Operation,
  input: Fields,
): Omit<OutgoingRequest, 'headers'> {
  const { method, body } = operation;
  const rest: Record<string, unknown> = { ...input };
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    delete rest[field];
    return pathPart(input[field], field, name);
  });
  if (body === 'query' || method === 'GET') return { method, path: path + queryOf(rest) };
  const isEmpty = Object.keys(rest).length === 0 && body === undefined;
  return { method, path, ...(!isEmpty && { json: body === undefined ? rest : body(rest) }) };
}

/** One part of a path: encoded, so that it can lead nowhere else. */
function pathPart(value: unknown, field: string, operation: string): string {
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  if (!isNumber && (typeof value !== 'string' || value === '')) {
    throw invalid(field, 'must be a text that is not empty, or a number', operation);
  }
  const part = String(value);
  if (part === '.' || part === '..' || !part.isWellFormed())
    throw invalid(field, 'is no name or number', operation);
  return encodeURIComponent(part);
}

/** `?a=1&list[]=2`; fields that are `undefined` are left out. */
export function queryOf(fields: Fields): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) for (const item of value) query.append(`${name}[]`, String(item));
    else query.append(name, typeof value === 'boolean' ? String(Number(value)) : String(value));
  }
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}
