import type { MethodRow } from '../call.ts';
import { accountMethods } from './account.ts';
import { sendMethods } from './send.ts';

/** Every method of the Bot API. */
export const methods = { ...accountMethods, ...sendMethods } as const satisfies Record<string, MethodRow>;

const byLowerCase = new Map<string, [string, MethodRow]>(
  Object.entries<MethodRow>(methods).map(([name, row]) => [name.toLowerCase(), [name, row]]),
);

/** Finds a method by its name in any letter case, as Telegram does. */
export function findMethod(name: string): [canonicalName: string, row: MethodRow] | undefined {
  return byLowerCase.get(name.toLowerCase());
}
