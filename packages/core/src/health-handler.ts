import { z } from 'zod';
import { maxTimerMs } from './deadline.ts';
import type { HealthCheck, HealthReport, HealthStatus } from './health.ts';
import { runCheck } from './health-check.ts';
import { parseOptions } from './options.ts';
import type { RequestHandler } from './webhook.ts';

/** Options of {@link createHealthHandler}. */
export interface HealthHandlerOptions {
  /** One check for each integration; `undefined` for one that is not configured. */
  checks: Readonly<Record<string, HealthCheck | undefined>>;
  /** Answers 503 while an integration is `down`: only where nothing restarts this process because of it. @default false */
  failWith503?: boolean | undefined;
  /** A check that takes longer counts as `unknown`. Milliseconds. @default 5000 */
  timeoutMs?: number | undefined;
}

/** What the handler answers, as JSON. */
export interface HealthSummary {
  /** The worst of the configured ones; `not_configured` if none is. */
  status: HealthStatus;
  checks: Record<string, HealthReport>;
}

/**
 * Answers `GET /health/integrations`: asks all checks at once and lists them, also what is not configured, with 200 whatever
 * their state unless `failWith503`. A check that throws is `down`, one that hangs is `unknown` after `timeoutMs`. Never rejects.
 *
 * @throws CartieError `invalid_config` for a wrong or unknown option.
 */
export function createHealthHandler(options: HealthHandlerOptions): RequestHandler {
  const { failWith503, timeoutMs } = parseOptions('health', schema, options);
  const checks = Object.entries(options.checks);

  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } });
    }
    const reports = await Promise.all(
      checks.map(async ([name, check]) => [name, await reportOf(check, timeoutMs)] as const),
    );
    const summary: HealthSummary = {
      status: worstOf(reports.map(([, report]) => report.status)),
      checks: Object.fromEntries(reports),
    };
    return new Response(request.method === 'HEAD' ? null : JSON.stringify(summary), {
      status: failWith503 && summary.status === 'down' ? 503 : 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    });
  };
}

const check = z.custom<HealthCheck>((value) => typeof value === 'function', 'must be a function');
const schema = z.strictObject({
  checks: z.record(z.string(), check.optional()),
  failWith503: z.boolean().default(false),
  timeoutMs: z.number().positive().max(maxTimerMs).default(5_000),
});

async function reportOf(check: HealthCheck | undefined, timeoutMs: number): Promise<HealthReport> {
  if (check === undefined) return { status: 'not_configured', checkedAt: Date.now() };
  const { status, circuit, latencyMs, detail, facts, checkedAt } = await runCheck(check, { timeoutMs });
  // By name: whatever else a check may return is not for everybody to read.
  return { status, circuit, latencyMs, detail, facts, checkedAt };
}

// From good to bad. What nobody knows is worse than good and better than bad.
const ranks = ['not_configured', 'ok', 'unknown', 'degraded', 'down'] as const satisfies HealthStatus[];

function worstOf(statuses: readonly HealthStatus[]): HealthStatus {
  const worst = Math.max(0, ...statuses.map((status) => ranks.indexOf(status)));
  return ranks[worst] ?? 'unknown';
}
