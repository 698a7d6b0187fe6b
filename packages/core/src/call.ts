import { type Breaker, circuitOpen } from './breaker.ts';
import { refused, timedOut, unexpected } from './call-errors.ts';
import type { Answer, CallerConfig, CallPlan, CallResult, Failure } from './caller.ts';
import { createDeadline, type Deadline, sleep } from './deadline.ts';
import { CartieError, isCartieError } from './errors.ts';
import type { CallEnd, EventListener } from './events.ts';
import { sendRequest } from './http.ts';
import type { Limiter } from './limiter.ts';
import { type CallOptions, defaultOptions } from './options.ts';
import { type CallPlace, type CallPlaces, createPlace } from './places.ts';
import { requestIdOf } from './provider-words.ts';
import { backoffMs, mayRepeat } from './retry.ts';

/** What all calls of one client share. */
export interface CallContext {
  readonly config: CallerConfig;
  readonly baseUrl: string;
  readonly breaker: Breaker | undefined;
  readonly limiter: Limiter;
  readonly places: CallPlaces;
  readonly emit: EventListener | undefined;
}

interface Call {
  readonly context: CallContext;
  readonly plan: CallPlan;
  readonly options: CallOptions;
  readonly deadline: Deadline;
  /** What every event of this call says. */
  readonly about: { readonly service: string; readonly operation: string; readonly callId: string };
  /** Tries, those included that ended before the network. */
  tries: number;
  /** Requests handed to `fetch`. */
  attempts: number;
  /** A request is out now: the provider may be acting on it. */
  isSending: boolean;
  /** A try has ended without a word on whether the provider acted. */
  isUnknown: boolean;
  status: number | undefined;
}

const defaultMaxResponseBytes = 10 * 1024 * 1024;
let callCount = 0;

/** Makes one call under all policies. */
export async function runCall(
  context: CallContext,
  plan: CallPlan,
  options: CallOptions,
): Promise<CallResult<Answer>> {
  const startedAt = performance.now();
  const call: Call = {
    context,
    plan,
    options,
    deadline: createDeadline({
      deadlineMs:
        options.deadlineMs ??
        plan.deadlineMs ??
        context.config.options.deadlineMs ??
        defaultOptions.deadlineMs,
      signal: options.signal,
      timeoutError: (limit) => timedOut(limit, call.isSending),
    }),
    about: {
      service: context.config.service,
      operation: plan.operation,
      callId: (++callCount).toString(36),
    },
    tries: 0,
    attempts: 0,
    isSending: false,
    isUnknown: false,
    status: undefined,
  };
  context.emit?.({ type: 'call_started', ...call.about });
  let end: CallEnd = 'aborted';
  let error: CartieError | undefined;
  let requestId: string | undefined;
  try {
    const answer = await untilAnswered(call);
    requestId = requestIdOf(context.config, answer);
    end = 'ok';
    return {
      data: answer,
      status: answer.status,
      headers: answer.headers,
      requestId,
      attempts: call.attempts,
    };
  } catch (thrown) {
    if (!call.deadline.ended?.byCaller && isCartieError(thrown)) {
      error = thrown;
      end = error.code;
    }
    throw thrown;
  } finally {
    call.deadline.close();
    context.emit?.({
      type: 'call_finished',
      ...call.about,
      attempts: call.attempts,
      durationMs: performance.now() - startedAt,
      status: call.status,
      code: end,
      outcome: error?.outcome,
      requestId: requestId ?? error?.requestId,
    });
  }
}

async function untilAnswered(call: Call): Promise<Answer> {
  const { context, deadline } = call;
  for (;;) {
    try {
      call.tries++;
      call.status = undefined;
      return await tryOnce(call);
    } catch (thrown) {
      if (deadline.ended?.byCaller) throw deadline.ended.reason;
      const error = withCall(deadline.ended?.reason ?? thrown, call);
      const delayMs = error.retryAfterMs ?? backoffMs(call.tries);
      const isLast =
        call.tries > (call.options.retries ?? context.config.options.retries ?? defaultOptions.retries);
      if (isLast || !mayRepeat(error, call.plan) || delayMs >= deadline.remainingMs()) throw error;
      context.emit?.({
        type: 'retry_scheduled',
        ...call.about,
        attempt: call.tries,
        delayMs,
        code: error.code,
      });
      await deadline.race((signal) => sleep(delayMs, signal));
    }
  }
}

/** The error with everything that the call knows: an unknown outcome of an earlier try stays. */
function withCall(thrown: unknown, call: Call): CartieError {
  const error = isCartieError(thrown) ? thrown : unexpected(call.status !== undefined);
  call.isUnknown ||= error.outcome === 'unknown';
  return new CartieError(error.code, error.message, {
    ...error,
    service: error.service ?? call.about.service,
    operation: error.operation ?? call.about.operation,
    outcome: call.isUnknown ? 'unknown' : 'not_executed',
    attempts: call.attempts,
  });
}

async function tryOnce(call: Call): Promise<Answer> {
  const { context, plan } = call;
  const { breaker } = context;
  if (plan.detached) {
    const isCounted = plan.detached === 'counted';
    if (isCounted && breaker?.state === 'open' && breaker.retryAfterMs) {
      throw circuitOpen(breaker.retryAfterMs);
    }
    await acquire(call);
    // What a probe needs is part of the probe: to wait for its end here would be to wait for itself.
    if (!isCounted || breaker?.state !== 'closed') return attempt(call);
    return breaker.run(() => attempt(call), { signal: call.deadline.signal });
  }
  const place = createPlace(context.places);
  try {
    for (;;) {
      if (breaker?.state === 'open' && breaker.retryAfterMs) throw circuitOpen(breaker.retryAfterMs);
      await acquire(call, place);
      if (!place.isTaken && !place.take()) await place.wait(call.deadline.signal);
      if (!breaker) return await attempt(call);
      // A probe has begun since. To wait for it here would be to go later than the limiter was told.
      if (breaker.state !== 'half_open') {
        return await breaker.run(() => attempt(call), { signal: call.deadline.signal });
      }
      place.free();
    }
  } finally {
    place.leave();
  }
}

async function acquire({ context, plan, deadline }: Call, place?: CallPlace): Promise<void> {
  const { limits } = plan;
  if (!limits?.length) return;
  try {
    await deadline.race((signal) =>
      context.limiter.acquire(limits, { signal, maxWaitMs: deadline.remainingMs(), place }),
    );
  } catch (error) {
    if (deadline.ended) throw error;
    // Whatever became of the limiter's own write, the call itself was never begun.
    const outcome = 'not_executed';
    if (isCartieError(error)) throw new CartieError(error.code, error.message, { ...error, outcome });
    throw new CartieError('storage_error', 'The limiter failed', { outcome });
  }
}

async function attempt(call: Call): Promise<Answer> {
  const { context, plan, options, deadline } = call;
  const { config } = context;
  const startedAt = performance.now();
  let end: CallEnd = 'aborted';
  try {
    const answer = await deadline.race(
      (signal) => send(call, signal),
      options.timeoutMs ??
        plan.timeoutMs ??
        config.options.timeoutMs ??
        config.defaults?.timeoutMs ??
        defaultOptions.timeoutMs,
    );
    call.status = answer.status;
    const failure = config.classify(answer);
    if (failure) {
      const error = refused(failure, answer, config);
      if (error.code === 'rate_limited') pauseKeys(failure, error.retryAfterMs ?? 0, call);
      throw error;
    }
    end = 'ok';
    return answer;
  } catch (error) {
    if (!deadline.ended?.byCaller && isCartieError(error)) end = error.code;
    throw error;
  } finally {
    call.isSending = false;
    context.emit?.({
      type: 'attempt_finished',
      ...call.about,
      attempt: call.tries,
      durationMs: performance.now() - startedAt,
      status: call.status,
      code: end,
    });
  }
}

async function send(call: Call, signal: AbortSignal): Promise<Answer> {
  const { context, plan, options } = call;
  const request = await plan.build(signal);
  // The time may have run out while the request was being built: then nothing must be sent any more.
  signal.throwIfAborted();
  return sendRequest(request, {
    fetch: context.config.options.fetch ?? globalThis.fetch,
    baseUrl: context.baseUrl,
    headers: options.headers,
    signal,
    maxBytes: plan.maxResponseBytes ?? defaultMaxResponseBytes,
    onSending: () => {
      call.attempts++;
      call.isSending = true;
    },
  });
}

/** A 429 holds back every call under the same keys, for the time that the provider or else the limiter says. */
function pauseKeys(failure: Failure, retryAfterMs: number, { context, plan }: Call): void {
  const { config, limiter, emit } = context;
  // Not waited for: a shared limiter's store may be slow, and the call's own pause is `retryAfterMs` anyhow.
  const pause = async (key: string): Promise<void> => limiter.pause(key, retryAfterMs);
  const own = plan.limits?.map(({ key }) => key) ?? [];
  const keys = typeof failure.pause === 'function' ? own.filter(failure.pause) : (failure.pause ?? own);
  for (const key of keys) pause(key).catch(() => undefined);
  emit?.({ type: 'rate_limited', service: config.service, operation: plan.operation, retryAfterMs });
}
