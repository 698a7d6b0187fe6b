import { CartieError, cachedHealth, type HealthCheck, type HealthReport, isCartieError } from '@cartie/core';
import type { CallPath } from './call.ts';
import { service } from './invalid.ts';
import { operations } from './operations.ts';

/** What `testConnection()` found. */
export type SendPulseConnection =
  | { readonly ok: true; readonly currency?: string | undefined; readonly balance?: number | undefined }
  | { readonly ok: false; readonly error: CartieError };

/** Asks for the balance with a token of its own. */
export function createTestConnection({
  credentials,
  call,
}: CallPath): (options?: { signal?: AbortSignal | undefined }) => Promise<SendPulseConnection> {
  return async (options: { signal?: AbortSignal | undefined } = {}): Promise<SendPulseConnection> => {
    try {
      const token = await credentials.fresh(options.signal);
      return { ok: true, ...(await balance(call, 'testConnection', { ...options, retries: 0 }, token)) };
    } catch (error) {
      if (isCartieError(error)) return { ok: false, error };
      const message = 'The test was aborted, or could not be made';
      return {
        ok: false,
        error: new CartieError('connection_failed', message, { service, operation: 'testConnection' }),
      };
    }
  };
}

/** Builds `health()`: does SendPulse take the credentials, and is there money? */
export function createHealth({ caller, call }: CallPath): HealthCheck {
  return cachedHealth(async ({ signal } = {}): Promise<HealthReport> => {
    const common = () => ({ circuit: caller.breaker?.state, checkedAt: Date.now() });
    const startedAt = performance.now();
    try {
      const facts = await balance(call, 'health', { signal, retries: 0 });
      const latencyMs = Math.round(performance.now() - startedAt);
      return { status: 'ok', latencyMs, facts, ...common() };
    } catch (error) {
      if (!isCartieError(error)) throw error;
      // Being asked to slow down is no outage.
      const status = error.code === 'rate_limited' || error.code === 'overloaded' ? 'degraded' : 'down';
      return { status, detail: error.message, ...common() };
    }
  });
}

async function balance(
  call: CallPath['call'],
  operation: string,
  options: { signal?: AbortSignal | undefined; retries: number },
  token?: string,
): Promise<{ currency?: string; balance?: number }> {
  const { method, path, idempotent } = operations.balance.get;
  const { data } = await call({ operation, idempotent, request: { method, path } }, options, token);
  const { currency, balance_currency } = (data.json ?? {}) as Record<string, unknown>;
  const amount = Number(balance_currency ?? Number.NaN);
  return {
    ...(typeof currency === 'string' && /^[A-Za-z]{3}$/.test(currency) && { currency }),
    ...(Number.isFinite(amount) && { balance: amount }),
  };
}
