import type { CircuitState } from './events.ts';

/** When a circuit opens and for how long. */
export interface BreakerOptions {
  /** Share of failures among the samples that opens the circuit, 0 to 1. @default 0.5 */
  threshold?: number | undefined;
  /** How many of the last calls are looked at. @default 20 */
  samples?: number | undefined;
  /** Fewer samples than this never open the circuit. @default 5 */
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
  run<T>(call: () => Promise<T>, options?: { signal?: AbortSignal | undefined }): Promise<T>;
  /** Called at each change of state; returns a function that stops it. */
  onChange(listener: (state: CircuitState) => void): () => void;
}
