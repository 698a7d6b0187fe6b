import {
  type CircuitBreakerPolicy,
  CircuitState as CockatielState,
  CountBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
} from 'cockatiel';
import { CartieError, type ErrorCode, isCartieError } from './errors.ts';
import type { CircuitState } from './events.ts';
import type { Policy } from './policy.ts';

/** When a circuit opens and for how long. */
export interface BreakerOptions {
  /** Share of failures among the samples that opens the circuit, more than 0, at most 1. @default 0.5 */
  threshold?: number | undefined;
  /** How many of the last calls are looked at. @default 20 */
  samples?: number | undefined;
  /** Fewer samples than this never open the circuit. @default 5, or `samples` if that is less */
  minimumSamples?: number | undefined;
  /** How long it stays open before one probe is let through. Milliseconds. @default 30000 */
  openMs?: number | undefined;
}

/** A circuit breaker: while the peer is down, calls fail at once and leave it alone. */
export interface Breaker {
  readonly state: CircuitState;
  /** When the next probe may go, while open: milliseconds from now. */
  readonly retryAfterMs: number | undefined;
  /** Runs `call`, or throws `circuit_open`. `signal` ends a wait for another call's probe. */
  readonly run: Policy;
  /** Called at each change of state; returns a function that stops it. */
  onChange(listener: (state: CircuitState) => void): () => void;
}

/** The peer did not do its work: these count against it. Every other answer of the peer counts for it. */
const failures: ReadonlySet<ErrorCode> = new Set(['upstream_error', 'connection_failed', 'timeout']);

/** Says nothing about the peer: our own errors and refusals. So does whatever is no `CartieError`, as an abort. */
const noSamples: ReadonlySet<ErrorCode> = new Set([
  'invalid_config',
  'invalid_input',
  'circuit_open',
  'overloaded',
  'storage_error',
  'invalid_signature',
]);

const states = {
  [CockatielState.Closed]: 'closed',
  [CockatielState.Open]: 'open',
  [CockatielState.Isolated]: 'open',
  [CockatielState.HalfOpen]: 'half_open',
} as const satisfies Record<CockatielState, CircuitState>;

/**
 * Makes a circuit breaker. It opens when at least `threshold` of the last `samples` calls failed by `upstream_error`,
 * `connection_failed` or `timeout`. After `openMs` one call goes through as a probe while others wait for its result.
 *
 * @throws CartieError `invalid_config`
 */
export function createBreaker(options: BreakerOptions = {}): Breaker {
  const { threshold = 0.5, samples = 20, openMs = 30_000 } = options;
  const { minimumSamples = Math.min(5, samples) } = options;
  if (minimumSamples > samples) {
    throw new CartieError(
      'invalid_config',
      '`breaker.minimumSamples` must not be more than `breaker.samples`',
      {
        field: 'breaker.minimumSamples',
      },
    );
  }
  let probeAt = 0;
  const policy = circuitBreaker(
    handleWhen((error) => isLostProbe(error) || (isCartieError(error) && failures.has(error.code))),
    {
      // cockatiel opens above its threshold; ours is «at least».
      breaker: new CountBreaker({
        threshold: threshold - 1e-9,
        size: samples,
        minimumNumberOfCalls: minimumSamples,
      }),
      halfOpenAfter: new DelegateBackoff(({ result }) => {
        const pauseMs = 'error' in result && isLostProbe(result.error) ? 0 : openMs;
        probeAt = Date.now() + pauseMs;
        return pauseMs;
      }),
    },
  );
  const retryAfterMs = (): number | undefined =>
    policy.state === CockatielState.Open ? Math.max(0, probeAt - Date.now()) : undefined;

  return {
    get state() {
      return states[policy.state];
    },
    get retryAfterMs() {
      return retryAfterMs();
    },
    run: async (call, { signal } = {}) => {
      while (policy.state === CockatielState.HalfOpen) await stateChange(policy, signal);
      let isBegun = false;
      try {
        const ended = await policy.execute(() => {
          isBegun = true;
          return sample(call, policy.state === CockatielState.HalfOpen);
        });
        if ('error' in ended) throw ended.error;
        return ended.value;
      } catch (error) {
        if (!isBegun) throw circuitOpen(retryAfterMs());
        throw isLostProbe(error) ? error[lostProbe] : error;
      }
    },
    onChange: (listener) => {
      const { dispose } = policy.onStateChange((state) => listener(states[state]));
      return dispose;
    },
  };
}

/** The error of a call that was not made because the circuit is open. */
export function circuitOpen(retryAfterMs: number | undefined): CartieError {
  return new CartieError(
    'circuit_open',
    'The circuit is open: the last calls failed, so this one was not made',
    {
      retryAfterMs,
    },
  );
}

// A probe that ended without a word about the peer (its caller aborted) must neither close the circuit nor keep it
// open for another `openMs`. So it counts as a failure whose pause is 0: the next call probes at once.
const lostProbe = Symbol('lost probe');

function isLostProbe(error: unknown): error is { readonly [lostProbe]: unknown } {
  return typeof error === 'object' && error !== null && lostProbe in error;
}

async function sample<T>(
  call: () => Promise<T>,
  isProbe: boolean,
): Promise<{ readonly value: T } | { readonly error: CartieError }> {
  try {
    return { value: await call() };
  } catch (error) {
    if (isCartieError(error) && failures.has(error.code)) throw error;
    if (isCartieError(error) && !noSamples.has(error.code)) return { error };
    throw isProbe ? { [lostProbe]: error } : error;
  }
}

function stateChange(policy: CircuitBreakerPolicy, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      subscription.dispose();
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      stop();
      reject(signal?.reason);
    };
    const subscription = policy.onStateChange(() => {
      stop();
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
