import { createHash } from 'node:crypto';
import {
  type Answer,
  type Caller,
  type CallOptions,
  type CallResult,
  CartieError,
  checkCallOptions,
  createCaller,
  type LimitKey,
  resolveSecret,
} from '@cartie/core';
import { checkSize } from './check-message.ts';
import { classify } from './errors.ts';
import { service } from './invalid.ts';
import { unpaced } from './limits.ts';
import { isToken, tokenRule, type ViberClientOptions } from './options.ts';

/** Where bots talk to. */
const viberOrigin = 'https://chatapi.viber.com';

/** One call of the API. */
export interface ViberCall {
  /** Names the call in errors and events. */
  operation: string;
  /** The method in the URL. */
  path: string;
  idempotent: boolean;
  body: Readonly<Record<string, unknown>>;
  /** Whose calls a refusal for too many requests holds back. @default all of the method */
  receiver?: string | undefined;
  limits?: (account: string) => readonly LimitKey[];
  timeoutMs?: number | undefined;
}

/** What the methods of a client are made of. */
export interface CallPath {
  readonly caller: Caller;
  call(call: ViberCall, options: CallOptions): Promise<CallResult<Answer>>;
  /** Tells this bot's keys and counts from another's in a shared store; holds nothing of the token. */
  account(): Promise<string>;
  /** Texts that no error may hold. */
  secrets(): readonly string[];
}

/** Builds the way that every request goes: checked for its size, the token in a header. */
export function createCallPath(options: ViberClientOptions): CallPath {
  const seen: string[] = [];
  const readToken = async (): Promise<string> => {
    const token = await resolveSecret(options.authToken, 'authToken');
    if (!isToken(token)) {
      throw new CartieError('invalid_config', `\`authToken\` ${tokenRule}`, { service, field: 'authToken' });
    }
    if (!seen.includes(token)) seen.push(token);
    if (seen.length > 8) seen.shift();
    return token;
  };
  const secrets = (): readonly string[] => seen;
  const account = async (): Promise<string> =>
    createHash('sha256')
      .update(await readToken())
      .digest('hex')
      .slice(0, 12);
  const caller = createCaller({
    service,
    baseUrl: viberOrigin,
    options,
    classify: (answer) => classify(answer, secrets()),
    secrets,
  });
  return {
    caller,
    account,
    secrets,
    async call({ operation, path, idempotent, body, receiver, limits, timeoutMs }, callOptions) {
      checkCallOptions(service, operation, callOptions);
      callOptions.signal?.throwIfAborted();
      const text = checkSize(operation, JSON.stringify(body));
      const name = await account();
      const key = `${service}:${name}:${path}${receiver === undefined ? '' : `:${receiver}`}`;
      return caller.call(
        {
          operation,
          idempotent: callOptions.idempotent ?? idempotent,
          timeoutMs: timeoutMs === undefined ? undefined : Math.max(timeoutMs, options.timeoutMs ?? 0),
          limits: limits?.(name) ?? [unpaced(key)],
          build: async () => ({
            method: 'POST',
            path: `/pa/${path}`,
            headers: { 'content-type': 'application/json', 'x-viber-auth-token': await readToken() },
            body: text,
          }),
        },
        callOptions,
      );
    },
  };
}
