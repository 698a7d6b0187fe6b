import { isRecord } from './params.ts';

/** Methods that a webhook's answer may not hold. */
const refused = /^(get|setwebhook$|deletewebhook$|close$|logout$)/i;

/** Reads a method call from the body of a webhook's answer; undefined if there is none that may run. */
export function parseWebhookReply(
  body: string,
): { method: string; values: Record<string, unknown> } | undefined {
  if (!body.trimStart().startsWith('{')) return undefined;
  try {
    const reply: unknown = JSON.parse(body);
    if (!isRecord(reply) || typeof reply.method !== 'string' || refused.test(reply.method)) return undefined;
    const { method, ...values } = reply;
    return { method: String(method), values };
  } catch {
    return undefined;
  }
}
