import { describe, expect, test } from 'vitest';
import { runCrashes } from '../bench/hold/crash.ts';
import { runMalformed } from '../bench/hold/malformed.ts';
import { runReplies } from '../bench/hold/replies.ts';
import { runTakeover } from '../bench/hold/takeover.ts';
import { runViberCrashes } from '../bench/hold/viber-crash.ts';
import { runViberMalformed } from '../bench/hold/viber-malformed.ts';
import { runWebhookLoad } from '../bench/hold/webhook-load.ts';
import { hasPostgres } from './support/postgres.ts';

// Short versions of what `bench/hold` measures at length. Rates are below the measured ones: these tests are about
// what is lost or done twice, never about how fast a busy machine is.
const timeout = 180_000;

describe('under load', () => {
  test('the server loses no webhook and handles none twice', { timeout }, async () => {
    const report = await runWebhookLoad({ engine: 'pglite', rate: 200, seconds: 5 });
    expect(report).toMatchObject({
      sent: 1_000,
      stored: 1_000,
      storedTwice: 0,
      disordered: 0,
      inbox: { done: 1_000 },
      answersDue: 40,
      answered: 40,
      answeredTwice: 0,
    });
  });

  test('more answers than Telegram allows all arrive, without a second 429', { timeout }, async () => {
    const report = await runReplies({ engine: 'pglite', rate: 100, seconds: 3 });
    expect(report).toMatchObject({ sent: 300, answered: 300, answeredTwice: 0 });
    expect(report.statuses['429'] ?? 0).toBeLessThanOrEqual(1);
  });

  test('malformed requests get a 4xx, and a genuine one is still taken', { timeout }, async () => {
    const report = await runMalformed({ engine: 'pglite', requests: 3_000 });
    expect(report).toMatchObject({ serverErrors: 0, stillWorks: true, inboxRows: 1 });
  });
});

describe('malformed callbacks of Viber', () => {
  test('get a 4xx, and a genuine one is still taken', { timeout }, async () => {
    expect(await runViberMalformed({ requests: 3_000 })).toMatchObject({ others: 0, stillWorks: true });
  });
});

describe('killed at random', () => {
  test('the server loses nothing that it acknowledged and answers nothing twice', { timeout }, async () => {
    const report = await runCrashes({ engine: 'pglite', kills: 3, longestLifeMs: 1_500 });
    expect(report).toMatchObject({
      drained: true,
      lost: 0,
      storedTwice: 0,
      disordered: 0,
      answeredTwice: 0,
      unexplained: 0,
    });
    expect(report.stored).toBe(report.sent);
    expect(report.inDoubt).toBeLessThanOrEqual(report.inFlightAtKills);
  });

  test('so it is with Viber, whose phones settle what was in doubt', { timeout }, async () => {
    const report = await runViberCrashes({ engine: 'pglite', kills: 3, longestLifeMs: 1_500 });
    expect(report).toMatchObject({
      drained: true,
      lost: 0,
      storedTwice: 0,
      answeredTwice: 0,
      falselySent: 0,
      unexplained: 0,
    });
  });
});

describe.skipIf(!hasPostgres)('two servers on one PostgreSQL', () => {
  test('one takes over what the other was doing when it is killed', { timeout }, async () => {
    const report = await runTakeover({ seconds: 4, rate: 60 });
    expect(report).toMatchObject({
      sent: 240,
      stored: 240,
      storedTwice: 0,
      disordered: 0,
      inbox: { done: 240 },
      answeredTwice: 0,
    });
    expect(report.recoveredMs).toBeLessThan(30_000);
    expect(report.answered + report.inDoubt).toBeGreaterThanOrEqual(report.answersDue);
  });
});
