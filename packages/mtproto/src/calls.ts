import {
  CartieError,
  type ClientEvent,
  createDeadline,
  type Deadline,
  isCartieError,
  sleep,
} from '@cartie/core';
import type { Epoch } from './epoch.ts';
import { failed, invalid, service } from './errors.ts';
import { isIdempotent } from './operations.ts';
import type { MtprotoCallOptions } from './options.ts';
import type { TlObject, TlValue } from './tl.ts';
import type { MtprotoState } from './types.ts';

/** What calls need of the account that makes them. */
export interface CallContext {
  readonly defaults: { timeoutMs: number; deadlineMs: number; retries: number };
  readonly emit: ((event: ClientEvent) => void) | undefined;
  /** The connection to use; waits for it. @throws CartieError where none will come without a person */
  epoch(signal: AbortSignal): Promise<Epoch>;
  /** How the account is: why a call that found no connection had none. */
  state(): MtprotoState;
  /** Told of each answer, for what it says of the order of updates. */
  onAnswer?: ((request: TlObject, answer: TlValue) => void) | undefined;
  /** Told of each refusal. */
  onRefusal?: ((error: CartieError) => void) | undefined;
}

/** Makes calls under the account's policies. */
export interface Calls {
  /**
   * Waits for the connection, obeys floods that fit the deadline, and repeats what is safe to repeat.
   * @throws CartieError, or the reason of `options.signal`
   */
  call(request: TlObject, options?: MtprotoCallOptions): Promise<TlValue>;
  /** Waits for the connection only. */
  ready(options?: Pick<MtprotoCallOptions, 'deadlineMs' | 'signal'>): Promise<void>;
}

let callCount = 0;

/** What a call waited for, in the words of the states; nothing where the account is ready. */
function hindrance(state: MtprotoState): string {
  if (state.name === 'ready') return '';
  return `: the account is ${state.name}${state.reason === undefined ? '' : ` (${state.reason})`}`;
}

/** Makes {@link Calls}. Refusals for too many requests are remembered by method: nobody asks before their time. */
export function createCalls(context: CallContext): Calls {
  /** By method: until when Telegram wants no more, by the monotonic clock. */
  const floods = new Map<string, number>();

  async function call(request: TlObject, options: MtprotoCallOptions = {}): Promise<TlValue> {
    checkRequest(request);
    const operation = request._;
    const { emit, defaults } = context;
    const { deadlineMs = defaults.deadlineMs, idempotent = isIdempotent(operation), signal } = options;
    callCount += 1;
    const event = { service, operation, callId: `${service}-${callCount.toString(36)}` };
    const startedAt = performance.now();
    const tries: Tries = { count: 0, isUnknown: false };
    let isSending = false;
    const deadline = createDeadline({
      deadlineMs,
      signal,
      timeoutError: () =>
        failed(
          'timeout',
          `The call did not end within \`deadlineMs\`${isSending ? '' : hindrance(context.state())}`,
          {
            operation,
            field: 'deadlineMs',
            outcome: isSending ? 'unknown' : 'not_executed',
            attempts: tries.count,
          },
        ),
    });
    emit?.({ type: 'call_started', ...event });
    const finished = (error?: unknown): void =>
      emit?.({
        type: 'call_finished',
        ...event,
        attempts: tries.count,
        durationMs: performance.now() - startedAt,
        status: isCartieError(error) ? error.status : undefined,
        code: error === undefined ? 'ok' : isCartieError(error) ? error.code : 'aborted',
        outcome: isCartieError(error) ? error.outcome : undefined,
        requestId: undefined,
      });

    try {
      for (;;) {
        await floodPassed(operation, deadline);
        const epoch = await deadline.race((ended) => context.epoch(ended));
        tries.count += 1;
        isSending = true;
        const attemptAt = performance.now();
        const attempt = { type: 'attempt_finished' as const, ...event, attempt: tries.count };
        try {
          const timeoutMs = options.timeoutMs ?? defaults.timeoutMs;
          const answer = await deadline.race((ended) => epoch.ask(request, { timeoutMs, signal: ended }));
          emit?.({ ...attempt, durationMs: performance.now() - attemptAt, status: undefined, code: 'ok' });
          context.onAnswer?.(request, answer);
          finished();
          return answer;
        } catch (error) {
          if (!isCartieError(error) || deadline.ended !== undefined) throw error;
          tries.isUnknown ||= error.outcome === 'unknown';
          emit?.({
            ...attempt,
            durationMs: performance.now() - attemptAt,
            status: error.status,
            code: error.code,
          });
          context.onRefusal?.(error);
          await repeatOrThrow(error, {
            idempotent,
            deadline,
            tries: tries.count,
            retries: options.retries ?? defaults.retries,
            event,
          });
        }
        isSending = false;
      }
    } catch (error) {
      const told = isCartieError(error) ? withOperation(error, operation, tries) : error;
      finished(told);
      throw told;
    } finally {
      deadline.close();
    }
  }

  async function floodPassed(operation: string, deadline: Deadline): Promise<void> {
    const waitMs = (floods.get(operation) ?? 0) - performance.now();
    if (waitMs <= 0) {
      floods.delete(operation);
      return;
    }
    if (waitMs > deadline.remainingMs()) {
      throw failed('rate_limited', 'Telegram wants no more of these requests for now', {
        operation,
        retryAfterMs: Math.ceil(waitMs),
      });
    }
    await deadline.race((ended) => sleep(waitMs, ended));
  }

  async function repeatOrThrow(error: CartieError, terms: RepeatTerms): Promise<void> {
    const { idempotent, deadline, tries, retries, event } = terms;
    if (error.code === 'rate_limited') {
      const retryAfterMs = error.retryAfterMs ?? 5_000;
      context.emit?.({ type: 'rate_limited', service, operation: event.operation, retryAfterMs });
      const until = performance.now() + retryAfterMs;
      // A slow chat is nobody else's business.
      if (!isSlowMode(error)) floods.set(event.operation, Math.max(until, floods.get(event.operation) ?? 0));
      if (retryAfterMs > deadline.remainingMs()) throw error;
      context.emit?.({
        type: 'retry_scheduled',
        ...event,
        attempt: tries,
        delayMs: retryAfterMs,
        code: error.code,
      });
      await deadline.race((ended) => sleep(retryAfterMs, ended));
      return;
    }
    const isSafe = idempotent || error.outcome === 'not_executed';
    if (!error.retryable || !isSafe || tries > retries) throw error;
    const delayMs = Math.random() * Math.min(5_000, 250 * 2 ** (tries - 1));
    context.emit?.({ type: 'retry_scheduled', ...event, attempt: tries, delayMs, code: error.code });
    await deadline.race((ended) => sleep(delayMs, ended));
  }

  async function ready({
    deadlineMs = context.defaults.deadlineMs,
    signal,
  }: Pick<MtprotoCallOptions, 'deadlineMs' | 'signal'> = {}): Promise<void> {
    const timeoutError = (): CartieError =>
      failed('timeout', `The account did not get ready within \`deadlineMs\`${hindrance(context.state())}`, {
        field: 'deadlineMs',
        outcome: 'not_executed',
      });
    const deadline = createDeadline({ deadlineMs, signal, timeoutError });
    try {
      await deadline.race((ended) => context.epoch(ended));
    } finally {
      deadline.close();
    }
  }

  return { call, ready };
}

interface Tries {
  count: number;
  /** One of them may have been executed: what comes after does not change that. */
  isUnknown: boolean;
}

interface RepeatTerms {
  idempotent: boolean;
  deadline: Deadline;
  tries: number;
  retries: number;
  event: { service: string; operation: string; callId: string };
}

function isSlowMode(error: CartieError): boolean {
  return String(error.provider?.code).startsWith('SLOWMODE');
}

function checkRequest(request: TlObject): void {
  if (typeof request?._ !== 'string' || !/^[\w.]{1,64}$/.test(request._)) {
    throw invalid('_', 'must be the name of a method, like `messages.getHistory`');
  }
}

// One error may be told to many calls (the end of a connection): each gets its own.
function withOperation(error: CartieError, operation: string, tries: Tries): CartieError {
  return new CartieError(error.code, error.message, {
    service: error.service ?? service,
    operation,
    field: error.field,
    retryable: error.retryable,
    outcome: tries.isUnknown ? 'unknown' : error.outcome,
    retryAfterMs: error.retryAfterMs,
    status: error.status,
    provider: error.provider,
    attempts: tries.count,
  });
}
