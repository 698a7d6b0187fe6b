import { describe, expect, test } from 'vitest';
import { runMtprotoHistory } from '../bench/hold/mtproto-history.ts';
import { runMtprotoRestart } from '../bench/hold/mtproto-restart.ts';
import { runMtprotoTakeover } from '../bench/hold/mtproto-takeover.ts';
import { runServerAccounts } from '../bench/hold/server-accounts.ts';
import { hasPostgres } from './support/postgres.ts';
import { hasRedis } from './support/redis.ts';

// Short versions of what `bench/hold` measures at length: about what is lost, done twice or kept, never about how
// fast a busy machine is.
const timeout = 240_000;

describe('a long history', () => {
  test('is read and parsed with flat memory', { timeout }, async () => {
    const report = await runMtprotoHistory({ messages: 4_000 });
    console.log(JSON.stringify(report));
    expect(report).toMatchObject({ messages: 4_000, parsed: 4_000, requests: 41 });
    const [first = 0, ...rest] = report.heapMegabytes;
    expect(Math.max(...rest)).toBeLessThan(first + 4);
  });
});

describe('the reference server with accounts', () => {
  test.each([
    ['stopped', 'SIGTERM'],
    ['killed', 'SIGKILL'],
  ] as const)(
    'that was %s has them live again without a login, and misses nothing',
    { timeout },
    async (_, signal) => {
      const report = await runServerAccounts({ engine: 'pglite', accounts: 4, signal });
      console.log(JSON.stringify(report));
      expect(report).toMatchObject({ ready: 4, handshakes: 0, logins: 0, found: report.missed });
    },
  );
});

describe.skipIf(!hasRedis)('accounts on Redis', () => checks('redis'));

describe.skipIf(!hasPostgres)('accounts on PostgreSQL', () => checks('postgres'));

function checks(kind: 'redis' | 'postgres'): void {
  test('are all back after a restart, without a login', { timeout }, async () => {
    const report = await runMtprotoRestart({ kind, accounts: 30 });
    console.log(JSON.stringify(report));
    expect(report).toMatchObject({ accounts: 30, ready: 30, handshakes: 0, logins: 0 });
  });

  test('of a process that is killed or stopped are live elsewhere, and it writes no more', {
    timeout,
  }, async () => {
    const report = await runMtprotoTakeover({ kind, accounts: 6, leaseMs: 3_000, rate: 20 });
    console.log(JSON.stringify(report));
    expect(report).toMatchObject({
      shares: [2, 2, 2],
      openAfterFreeze: 2,
      bytesAfterFreeze: 0,
      overlaps: 0,
      missed: 0,
      disordered: 0,
      allReady: true,
      logins: 0,
    });
    expect(report.takenOverMs).toBeDefined();
    expect(report.frozenTakenOverMs).toBeDefined();
    // What a crash repeats is what was handled and not yet written down: of each chat one at most.
    expect(report.deliveredAgain).toBeLessThanOrEqual(6);
  });
}
