import {
  type Answer,
  type Caller,
  type CallOptions,
  type CallResult,
  checkCallOptions,
  createCaller,
  defaultOptions,
  isCartieError,
  type OutgoingRequest,
} from '@cartie/core';
import { type Credentials, createCredentials } from './credentials.ts';
import { deadlines } from './deadlines.ts';
import { classify } from './errors.ts';
import { service } from './invalid.ts';
import { rateKeys } from './limits.ts';
import type { parseSendPulseOptions } from './options.ts';

/** Where the API is. */
const apiOrigin = 'https://api.sendpulse.com';

/** One call of the API. */
export interface SendPulseCall {
  /** Names the call in errors and events: `addressBooks.create`. */
  readonly operation: string;
  readonly idempotent: boolean;
  readonly request: Omit<OutgoingRequest, 'headers'>;
}

/** What the methods of a client are made of. */
export interface CallPath {
  readonly caller: Caller;
  readonly credentials: Credentials;
  /** @param token in place of the shared one; then a 401 refreshes nothing */
  call(call: SendPulseCall, options: CallOptions, token?: string): Promise<CallResult<Answer>>;
}

/** Builds the way that every request goes: paced, with a good token, which is refreshed once if it is refused. */
export function createCallPath(options: ReturnType<typeof parseSendPulseOptions>): CallPath {
  const credentials: Credentials = createCredentials(options, () => caller);
  const caller: Caller = createCaller({
    service,
    baseUrl: apiOrigin,
    options,
    classify,
    secrets: credentials.secrets,
  });

  return {
    caller,
    credentials,
    async call({ operation, idempotent, request }, callOptions, token) {
      // Before anything that could fail or end late by itself.
      checkCallOptions(service, operation, callOptions);
      const mayRepeat = callOptions.idempotent ?? idempotent;
      const { requestsPerSecond, requestsPerMinute } = options;
      const left = deadlines(callOptions.deadlineMs ?? options.deadlineMs ?? defaultOptions.deadlineMs);
      callOptions.signal?.throwIfAborted();
      // Before a place under the rate is taken: calls that wait for a token with one would all go at once. Unless the circuit
      // is not closed: then the call is refused, or it is the probe, which asks for its token itself.
      const isClosed = (caller.breaker?.state ?? 'closed') === 'closed';
      if (token === undefined && isClosed) await inTime(credentials.token(callOptions.signal), left());
      const limits = rateKeys(await credentials.account(), requestsPerSecond, requestsPerMinute);
      let used: string | undefined;
      const send = (own: CallOptions): Promise<CallResult<Answer>> =>
        caller.call(
          {
            operation,
            idempotent: mayRepeat,
            limits,
            async build(signal) {
              used = undefined;
              used = token ?? (await credentials.token(signal));
              return { ...request, headers: { authorization: `Bearer ${used}` } };
            },
          },
          own,
        );

      try {
        return await send({ ...callOptions, deadlineMs: left() });
      } catch (error) {
        // Without a token that was used, it is the credentials themselves that were refused.
        const isRefused = isCartieError(error) && error.code === 'unauthorized' && used !== undefined;
        if (!isRefused || token !== undefined || !(mayRepeat || error.outcome === 'not_executed'))
          throw error;
        if (!(await credentials.refuse(used as string))) throw error;
        const again = await send({ ...callOptions, deadlineMs: left() });
        return { ...again, attempts: again.attempts + error.attempts };
      }
    },
  };
}

/** Waits for what is being made, but not longer: the call itself then says that it is late. */
async function inTime(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
