import { isCartieError } from './errors.ts';
import type { HealthCheck, HealthReport } from './health.ts';

/** Options of {@link cachedHealth}. */
export interface CachedHealthOptions {
  /** How long a report is good for. Milliseconds. @default 30000 */
  ttlMs?: number | undefined;
  /** A check that takes longer counts as `unknown`. Milliseconds. @default 10000 */
  timeoutMs?: number | undefined;
}

/**
 * Wraps a check so that it runs at most once each `ttlMs`, however many ask: they share one run and its report. A
 * caller's `signal` ends his own wait, not the run. Never rejects.
 */
export function cachedHealth(check: HealthCheck, options: CachedHealthOptions = {}): HealthCheck {
  const { ttlMs = 30_000, timeoutMs = 10_000 } = options;
  let running: Promise<HealthReport> | undefined;
  let last: { readonly report: HealthReport; readonly until: number } | undefined;

  const run = async (): Promise<HealthReport> => {
    const report = await runCheck(check, { timeoutMs });
    last = { report, until: performance.now() + ttlMs };
    running = undefined;
    return report;
  };

  return async ({ signal } = {}) => {
    if (last !== undefined && performance.now() < last.until) return last.report;
    running ??= run();
    const shared = running;
    return signal === undefined ? shared : runCheck(() => shared, { signal });
  };
}

/**
 * Runs a check that may do anything: one that throws is `down`, one that hangs or whose caller gives up is `unknown`.
 * Never rejects. Only our own errors are quoted: another's message may hold a secret.
 */
export async function runCheck(
  check: HealthCheck,
  limits: { timeoutMs?: number | undefined; signal?: AbortSignal | undefined },
): Promise<HealthReport> {
  const { timeoutMs, signal } = limits;
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (() => void) | undefined;
  const ended = new Promise<HealthReport>((resolve) => {
    const end = (detail: string): void => {
      resolve(report('unknown', detail));
      controller.abort();
    };
    giveUp = () => end('Nobody waited for the check.');
    if (timeoutMs !== undefined) {
      timer = setTimeout(() => end(`The check did not answer within ${timeoutMs} ms.`), timeoutMs);
    }
    if (signal?.aborted) giveUp();
    else signal?.addEventListener('abort', giveUp);
  });
  try {
    return await Promise.race([attempt(check, controller.signal), ended]);
  } finally {
    clearTimeout(timer);
    if (giveUp) signal?.removeEventListener('abort', giveUp);
  }
}

async function attempt(check: HealthCheck, signal: AbortSignal): Promise<HealthReport> {
  try {
    return (await check({ signal })) ?? report('unknown', 'The check gave no report.');
  } catch (error) {
    return report('down', isCartieError(error) ? error.message : 'The check failed.');
  }
}

function report(status: HealthReport['status'], detail: string): HealthReport {
  return { status, detail, checkedAt: Date.now() };
}
