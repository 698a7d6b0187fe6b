import { CartieError } from '@cartie/core';

/** The service's name in errors and events. */
export const service = 'autoria';

/** The error for a field that breaks a rule. @param rule goes on from the field's name and holds no value */
export function invalid(field: string, rule: string, operation?: string): CartieError {
  return new CartieError('invalid_input', `\`${field}\` ${rule}`, { service, operation, field });
}
