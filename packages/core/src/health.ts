import type { CircuitState } from './events.ts';

/** How an integration is: `unknown` where nothing was asked yet or a real check would cost quota. */
export type HealthStatus = 'ok' | 'degraded' | 'down' | 'not_configured' | 'unknown';

/** What a client's `health()` tells. */
export interface HealthReport {
  status: HealthStatus;
  circuit?: CircuitState | undefined;
  latencyMs?: number | undefined;
  /** One plain sentence for an operator; no secrets. */
  detail?: string | undefined;
  /** Facts of the provider: pending updates, balance, … */
  facts?: Record<string, string | number | boolean | null> | undefined;
  /** Epoch milliseconds of the check (results are cached for 30 s). */
  checkedAt: number;
}

/** Anything whose health can be asked; does not throw. */
export type HealthCheck = (options?: { signal?: AbortSignal | undefined }) => Promise<HealthReport>;
