import type { MethodRow } from '../call.ts';
import { readText } from '../formatted-text.ts';
import { sendContent } from '../sending.ts';

/** Methods that put a message into a chat. */
export const sendMethods = {
  sendMessage: { run: (call) => sendContent(call, ({ params }) => readText(params)) },
} as const satisfies Record<string, MethodRow>;
