import type { ApiMethods } from '@grammyjs/types';
import type { MethodRow } from '../call.ts';
import { accountMethods } from './account.ts';
import { answerMethods } from './answer.ts';
import { chatMethods } from './chat.ts';
import { editMethods } from './edit.ts';
import { fileMethods } from './file.ts';
import { forwardMethods } from './forward.ts';
import { memberMethods } from './members.ts';
import { restMethods } from './rest.ts';
import { sendMethods } from './send.ts';

/** Every method of the Bot API: a method that Telegram adds is an error of types here. */
export const methods = {
  ...accountMethods,
  ...sendMethods,
  ...forwardMethods,
  ...editMethods,
  ...chatMethods,
  ...memberMethods,
  ...answerMethods,
  ...fileMethods,
  ...restMethods,
} as const satisfies Record<keyof ApiMethods<unknown>, MethodRow>;

const byLowerCase = new Map<string, [string, MethodRow]>(
  Object.entries<MethodRow>(methods).map(([name, row]) => [name.toLowerCase(), [name, row]]),
);

/** Finds a method by its name in any letter case, as Telegram does. */
export function findMethod(name: string): [canonicalName: string, row: MethodRow] | undefined {
  return byLowerCase.get(name.toLowerCase());
}
