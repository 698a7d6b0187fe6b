import { describe, expect, it } from 'vitest';
import {
  CartieError,
  cachedHealth,
  createHealthHandler,
  type HealthCheck,
  type HealthReport,
  type HealthSummary,
} from './index.ts';

const ok: HealthCheck = async () => ({ status: 'ok', latencyMs: 12, circuit: 'closed', checkedAt: 1 });
const is =
  (status: HealthReport['status']): HealthCheck =>
  async () => ({ status, checkedAt: 1 });
const never: HealthCheck = () => new Promise(() => {});
const throwing =
  (error: unknown): HealthCheck =>
  () => {
    throw error;
  };
const get = new Request('http://localhost/health/integrations');

async function summaryOf(checks: Record<string, HealthCheck | undefined>): Promise<HealthSummary> {
  const response = await createHealthHandler({ checks, timeoutMs: 50 })(get);
  return (await response.json()) as HealthSummary;
}

describe('createHealthHandler', () => {
  it('lists every check with its facts, also what is not configured', async () => {
    const response = await createHealthHandler({
      checks: { telegram: ok, viber: undefined, whatsapp: is('not_configured') },
    })(get);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      status: 'ok',
      checks: {
        telegram: { status: 'ok', latencyMs: 12, circuit: 'closed', checkedAt: 1 },
        viber: { status: 'not_configured', checkedAt: expect.any(Number) },
        whatsapp: { status: 'not_configured', checkedAt: 1 },
      },
    });
  });

  it('is as well as its worst configured check', async () => {
    const order = ['not_configured', 'ok', 'unknown', 'degraded', 'down'] as const;
    for (const [at, status] of order.entries()) {
      const better = order.slice(0, at + 1).map((name) => [name, is(name)]);
      expect((await summaryOf(Object.fromEntries(better))).status).toBe(status);
    }
    expect((await summaryOf({})).status).toBe('not_configured');
  });

  it('answers 503 only by option, and only when something is down', async () => {
    const statusOf = async (status: HealthReport['status'], failWith503: boolean): Promise<number> =>
      (await createHealthHandler({ checks: { a: ok, b: is(status) }, failWith503 })(get)).status;
    expect(await statusOf('down', false)).toBe(200);
    expect(await statusOf('down', true)).toBe(503);
    expect(await statusOf('degraded', true)).toBe(200);
    expect(await statusOf('unknown', true)).toBe(200);
  });

  it('calls a check that throws down, and one that hangs unknown in time', async () => {
    let aborted = false;
    const hanging: HealthCheck = ({ signal } = {}) =>
      new Promise(() => signal?.addEventListener('abort', () => (aborted = true)));
    const { checks } = await summaryOf({
      ours: throwing(new CartieError('circuit_open', 'The circuit is open')),
      foreign: throwing(new Error('password=hunter2')),
      odd: throwing(undefined),
      rejecting: () => Promise.reject(new Error('password=hunter2')),
      silent: (async () => undefined) as unknown as HealthCheck,
      hanging,
    });
    expect(checks.ours).toMatchObject({ status: 'down', detail: 'The circuit is open' });
    expect(checks.foreign).toMatchObject({ status: 'down', detail: 'The check failed.' });
    expect(checks.odd?.status).toBe('down');
    expect(checks.rejecting?.status).toBe('down');
    expect(checks.silent?.status).toBe('unknown');
    expect(checks.hanging).toMatchObject({
      status: 'unknown',
      detail: 'The check did not answer within 50 ms.',
    });
    expect(aborted).toBe(true);
    expect(JSON.stringify(checks)).not.toContain('hunter2');
  });

  it('tells nothing beside the report', async () => {
    const talkative: HealthCheck = async () => ({ ...(await ok()), token: 'hunter2' }) as HealthReport;
    expect(JSON.stringify(await summaryOf({ talkative }))).not.toContain('hunter2');
  });

  it('answers HEAD without a body and refuses other methods', async () => {
    const handler = createHealthHandler({ checks: { a: ok } });
    const head = await handler(new Request(get, { method: 'HEAD' }));
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await handler(new Request(get, { method: 'POST' }));
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('refuses wrong options by name', () => {
    for (const [options, field] of [
      [{ checks: { a: 'ok' } }, 'checks.a'],
      [{ checks: {}, timeoutMs: -1 }, 'timeoutMs'],
      [{ checks: {}, failWith500: true }, 'failWith500'],
    ] as const) {
      expect(() => createHealthHandler(options as never)).toThrow(
        expect.objectContaining({ code: 'invalid_config', field }),
      );
    }
  });
});

describe('cachedHealth', () => {
  function counted(check: HealthCheck): { check: HealthCheck; runs: () => number } {
    let runs = 0;
    return {
      check: (options) => {
        runs += 1;
        return check(options);
      },
      runs: () => runs,
    };
  }

  it('runs once for all who ask at the same time, and again after its time', async () => {
    const { check, runs } = counted(ok);
    const cached = cachedHealth(check, { ttlMs: 40 });
    await Promise.all(Array.from({ length: 50 }, () => cached()));
    await cached();
    expect(runs()).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await cached();
    expect(runs()).toBe(2);
  });

  it('keeps a failure as long as a success, so that a sick peer is left alone', async () => {
    const { check, runs } = counted(throwing(new Error('no')));
    const cached = cachedHealth(check);
    expect((await cached()).status).toBe('down');
    expect((await cached()).status).toBe('down');
    expect(runs()).toBe(1);
  });

  it('does not hang with its check', async () => {
    const cached = cachedHealth(never, { timeoutMs: 20 });
    const reports = await Promise.all([cached(), cached()]);
    expect(reports.map(({ status }) => status)).toEqual(['unknown', 'unknown']);
  });

  it("ends one caller's wait without ending the run for the others", async () => {
    let finish: (report: HealthReport) => void = () => {};
    const { check, runs } = counted(() => new Promise((resolve) => (finish = resolve)));
    const cached = cachedHealth(check);
    const controller = new AbortController();
    const impatient = cached({ signal: controller.signal });
    const patient = cached();
    controller.abort();
    expect((await impatient).status).toBe('unknown');
    finish({ status: 'ok', checkedAt: 1 });
    expect((await patient).status).toBe('ok');
    expect((await cached({ signal: AbortSignal.abort() })).status).toBe('ok');
    expect(runs()).toBe(1);
  });
});
