import { type CallOptions, CartieError, checkCallOptions, defaultOptions, isCartieError } from '@cartie/core';
import type { CallPath } from './call.ts';
import type { MessageChecker } from './check-message.ts';
import { failureOf } from './errors.ts';
import { invalid, service } from './invalid.ts';
import { broadcastRate, limits } from './limits.ts';
import { operations } from './operations.ts';
import type { ViberBroadcast, ViberBroadcastResult, ViberMessage } from './types.ts';

/** Sends one message to any number of users. */
export type Broadcast = (message: ViberBroadcast, options?: CallOptions) => Promise<ViberBroadcastResult[]>;

const { path: method, idempotent } = operations.broadcast;

/** Builds `broadcast()`: requests of up to 300 receivers and 30 KB, paced, one result for each receiver. */
export function createBroadcast(
  path: CallPath,
  check: MessageChecker,
  maxConcurrent: number = defaultOptions.maxConcurrent,
): Broadcast {
  return async (broadcast, options = {}) => {
    const { broadcast_list, ...message } = broadcast ?? ({} as ViberBroadcast);
    checkCallOptions(service, 'broadcast', options);
    options.signal?.throwIfAborted();
    const checked = check('broadcast', message as ViberMessage);
    const chunks = chunksOf(receiversOf(broadcast_list), checked);
    const endsAt = options.deadlineMs === undefined ? undefined : performance.now() + options.deadlineMs;
    const results = new Map<string, ViberBroadcastResult>();
    let fatal: CartieError | undefined;
    let next = 0;

    async function work(): Promise<void> {
      for (let chunk = chunks[next++]; chunk !== undefined; chunk = chunks[next++]) {
        for (const result of await sendChunk(chunk)) results.set(result.receiver, result);
      }
    }

    async function sendChunk(receivers: readonly string[]): Promise<ViberBroadcastResult[]> {
      const all = (error: CartieError): ViberBroadcastResult[] =>
        receivers.map((receiver) => ({ receiver, status: statusOf(error), error }));
      const leftMs = endsAt === undefined ? undefined : endsAt - performance.now();
      if (leftMs !== undefined && leftMs <= 0) return all(outOfTime());
      // The token or the bot itself was refused: every further request would be.
      if (fatal !== undefined) return all(notTried(fatal));
      try {
        const { data } = await path.call(
          {
            operation: 'broadcast',
            path: method,
            idempotent,
            body: { ...checked, broadcast_list: receivers },
            limits: (account) => [{ key: `${service}:${account}:${method}`, ...broadcastRate }],
          },
          { ...options, deadlineMs: leftMs },
        );
        return resultsOf(receivers, data.json as BroadcastAnswer, path.secrets());
      } catch (error) {
        if (!isCartieError(error)) throw error;
        if (isFatal(error)) fatal = error;
        return all(error);
      }
    }

    await Promise.all(Array.from({ length: Math.min(maxConcurrent, chunks.length) }, work));
    return broadcast_list.map((receiver) => results.get(receiver) as ViberBroadcastResult);
  };
}

interface BroadcastAnswer {
  message_token?: string | number;
  failed_list?: unknown;
}

function receiversOf(list: unknown): string[] {
  if (!Array.isArray(list) || list.length === 0) {
    throw invalid('broadcast_list', 'must be a list of users’ ids, at least one', 'broadcast');
  }
  for (const [index, id] of list.entries()) {
    if (typeof id !== 'string' || id === '') {
      throw invalid(`broadcast_list[${index}]`, 'must be a user’s id', 'broadcast');
    }
  }
  // Nobody gets a message twice because a list names him twice.
  return [...new Set(list as string[])];
}

/** Divides by number and by bytes: a long message leaves less room for ids. */
function chunksOf(receivers: readonly string[], checked: object): string[][] {
  const roomFor = limits.request - Buffer.byteLength(JSON.stringify({ ...checked, broadcast_list: [] }));
  const chunks: string[][] = [];
  let chunk: string[] = [];
  let room = roomFor;
  for (const receiver of receivers) {
    const cost = Buffer.byteLength(JSON.stringify(receiver)) + 1;
    if (cost > roomFor) {
      throw invalid('message', `must leave room for a receiver within ${limits.request} bytes`, 'broadcast');
    }
    if (chunk.length === limits.broadcast || cost > room) {
      chunks.push(chunk);
      chunk = [];
      room = roomFor;
    }
    chunk.push(receiver);
    room -= cost;
  }
  chunks.push(chunk);
  return chunks;
}

function resultsOf(
  receivers: readonly string[],
  { message_token, failed_list }: BroadcastAnswer,
  secrets: readonly string[],
): ViberBroadcastResult[] {
  const failed = new Map<string, CartieError>();
  for (const one of Array.isArray(failed_list) ? (failed_list as unknown[]) : []) {
    const { receiver, status, status_message } = (one ?? {}) as Record<string, unknown>;
    if (typeof receiver !== 'string') continue;
    const number = typeof status === 'number' ? status : -1;
    const { code, message, provider } = failureOf(number, status_message, secrets);
    failed.set(
      receiver,
      new CartieError(code, message, { service, operation: 'broadcast', provider, outcome: 'not_executed' }),
    );
  }
  const messageToken = message_token === undefined ? undefined : String(message_token);
  return receivers.map((receiver) => {
    const error = failed.get(receiver);
    return error === undefined
      ? { receiver, messageToken, status: 'sent' }
      : { receiver, messageToken, status: statusOf(error), error };
  });
}

function statusOf(error: CartieError): 'failed' | 'unknown' | 'unsent' {
  if (error.outcome === 'unknown') return 'unknown';
  return error.retryable ? 'unsent' : 'failed';
}

function isFatal({ code, retryable, provider }: CartieError): boolean {
  return code === 'unauthorized' || code === 'invalid_config' || (!retryable && provider !== undefined);
}

function notTried(error: CartieError): CartieError {
  return new CartieError(error.code, error.message, { ...error, attempts: 0, outcome: 'not_executed' });
}

function outOfTime(): CartieError {
  return new CartieError('timeout', 'The broadcast did not end within `deadlineMs`', {
    service,
    operation: 'broadcast',
    field: 'deadlineMs',
    outcome: 'not_executed',
  });
}
