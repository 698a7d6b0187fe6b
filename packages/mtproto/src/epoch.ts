import { createDeadline, sleep } from '@cartie/core';
import type {
  ConnectionEnd,
  Engine,
  EngineAnswer,
  EngineConnection,
  EngineConnectOptions,
} from './engine.ts';
import { failed, refused } from './errors.ts';
import { isTl, type TlObject, type TlValue } from './tl.ts';

/** One connection of an account, from its first byte to its end. It never comes back: the next one is another epoch. */
export interface Epoch {
  readonly authKey: Uint8Array;
  /** Addresses of other data centres, as the server told them. */
  readonly config: TlObject;
  /** Aborts when the connection has ended, with `connection_failed`. */
  readonly ended: AbortSignal;
  readonly end: () => ConnectionEnd | undefined;
  /**
   * One attempt of one request. Ends within `timeoutMs`, by the signal, or with the connection.
   * @throws CartieError
   */
  ask(request: TlObject, options: { timeoutMs: number; signal?: AbortSignal | undefined }): Promise<TlValue>;
  destroy(): void;
}

/** What an epoch is made of. */
export interface EpochOptions
  extends Pick<
    EngineConnectOptions,
    'datacenter' | 'authKey' | 'publicKeys' | 'connectTimeoutMs' | 'signal' | 'mayWrite' | 'onUpdates'
  > {
  readonly apiId: number;
  readonly device: { model: string; systemVersion: string; appVersion: string; language: string };
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
}

/**
 * Connects, introduces itself, and from then on makes sure that the other side lives.
 * @throws CartieError when that does not come about in time
 */
export async function openEpoch(engine: Engine, options: EpochOptions): Promise<Epoch> {
  const { connectTimeoutMs, pingMs, pingTimeoutMs } = options;
  const ended = new AbortController();
  let end: ConnectionEnd | undefined;
  let connection: EngineConnection | undefined;
  const finish = (how: ConnectionEnd): void => {
    end ??= how;
    if (!ended.signal.aborted) ended.abort(lost(end));
    connection?.destroy();
  };
  const deadline = createDeadline({
    deadlineMs: connectTimeoutMs,
    signal: options.signal,
    timeoutError: () =>
      failed('timeout', 'Telegram did not answer within `connectTimeoutMs`', { outcome: 'not_executed' }),
  });

  async function ask(
    request: TlObject,
    { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal | undefined },
  ): Promise<TlValue> {
    ended.signal.throwIfAborted();
    if (connection === undefined) throw lost({ why: 'unreachable' });
    const limit = createDeadline({
      deadlineMs: timeoutMs,
      signal,
      timeoutError: () => unanswered(request._),
    });
    try {
      const answer = await limit.race(() => endedOr(connection as EngineConnection, request, ended.signal));
      return readAnswer(answer, nameOf(request));
    } finally {
      limit.close();
    }
  }

  try {
    connection = await deadline.race(async () => {
      const made = await engine.connect({ ...options, signal: deadline.signal, onEnd: finish });
      // It may come when nobody waits any more.
      if (deadline.ended !== undefined || end !== undefined) made.destroy();
      return made;
    });
    const config = await ask(greeting(engine, options), {
      timeoutMs: Math.max(1, deadline.remainingMs()),
      signal: options.signal,
    });
    if (!isTl(config)) throw failed('invalid_response', 'Telegram’s first answer makes no sense');
    void keepAlive();
    return {
      authKey: connection.authKey,
      config,
      ended: ended.signal,
      end: () => end,
      ask,
      destroy: () => finish({ why: 'closed' }),
    };
  } catch (error) {
    // Why it ended says more than that it did.
    const why = end;
    finish({ why: 'closed' });
    throw why !== undefined && deadline.ended === undefined ? lost(why) : error;
  } finally {
    deadline.close();
  }

  async function keepAlive(): Promise<void> {
    try {
      for (;;) {
        await sleep(pingMs, ended.signal);
        const pingId = BigInt(Math.floor(Math.random() * Number.MAX_SAFE_INTEGER));
        // Should we die without a word, Telegram closes the connection by itself.
        const disconnectDelay = Math.ceil((2 * pingMs + pingTimeoutMs) / 1_000);
        await ask({ _: 'pingDelayDisconnect', pingId, disconnectDelay }, { timeoutMs: pingTimeoutMs });
      }
    } catch {
      // No answer in time, or the end.
      finish({ why: 'closed' });
    }
  }
}

/** How the failure to connect, or the loss of a connection, is told; `why` is read by the supervisor. */
export function connectionEndOf(error: unknown): ConnectionEnd['why'] | undefined {
  return ends.get(error as object);
}

const ends = new WeakMap<object, ConnectionEnd['why']>();

function lost(end: ConnectionEnd): Error {
  const error = failed('connection_failed', endings[end.why], {
    outcome: end.why === 'unreachable' ? 'not_executed' : 'unknown',
  });
  ends.set(error, end.why);
  return error;
}

const endings = {
  closed: 'The connection to Telegram was lost',
  unreachable: 'Telegram could not be reached',
  key_unknown: 'Telegram does not know the session’s key',
  forbidden: 'The lease of the account was not renewed in time, so the connection was closed',
  protocol: 'The other side does not speak MTProto as it should',
} as const satisfies Record<ConnectionEnd['why'], string>;

function endedOr(connection: EngineConnection, request: TlObject, ended: AbortSignal): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const onEnd = (): void => reject(ended.reason);
    ended.addEventListener('abort', onEnd, { once: true });
    const settle = (): void => ended.removeEventListener('abort', onEnd);
    connection.invoke(request).then(
      (answer) => {
        settle();
        resolve(answer);
      },
      (error) => {
        settle();
        reject(error);
      },
    );
  });
}

function readAnswer(answer: EngineAnswer, operation: string): TlValue {
  if (answer.kind === 'value') return answer.value;
  if (answer.kind === 'refusal') throw refused(answer.name, answer.status, operation);
  throw failed('invalid_response', 'The answer has something that the schema of this version does not know', {
    operation,
    retryable: false,
  });
}

function greeting(engine: Engine, { apiId, device }: EpochOptions): TlObject {
  return {
    _: 'invokeWithLayer',
    layer: engine.layer,
    query: {
      _: 'initConnection',
      apiId,
      deviceModel: device.model,
      systemVersion: device.systemVersion,
      appVersion: device.appVersion,
      systemLangCode: device.language,
      langPack: '',
      langCode: device.language,
      query: { _: 'help.getConfig' },
    },
  };
}

// What matters inside a wrapper is what it wraps.
function nameOf(request: TlObject): string {
  const { query } = request;
  return isTl(query) ? nameOf(query) : request._;
}

function unanswered(operation: string): Error {
  return failed('timeout', 'Telegram did not answer within `timeoutMs`', {
    operation,
    field: 'timeoutMs',
    outcome: 'unknown',
  });
}
