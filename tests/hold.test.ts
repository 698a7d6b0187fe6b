import { describe, expect, test } from 'vitest';
import { runCrashes } from '../bench/hold/crash.ts';
import { runMalformed } from '../bench/hold/malformed.ts';
import { runRedisOutage } from '../bench/hold/redis-outage.ts';
import { runReplies } from '../bench/hold/replies.ts';
import { runTakeover } from '../bench/hold/takeover.ts';
import { runViberCrashes } from '../bench/hold/viber-crash.ts';
import { runViberMalformed } from '../bench/hold/viber-malformed.ts';
import { runWebhookLoad } from '../bench/hold/webhook-load.ts';
import { runWhatsAppMalformed } from '../bench/hold/whatsapp-malformed.ts';
import { hasPostgres } from './support/postgres.ts';
import { hasRedisServer } from './support/redis-server.ts';

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

describe('malformed webhooks of WhatsApp', () => {
  test('get a 4xx, and a genuine one is still taken once', { timeout }, async () => {
    const report = await runWhatsAppMalformed({ requests: 3_000 });
    expect(report).toMatchObject({ others: 0, taken: 0, stillWorks: true });
    expect(Object.keys(report.statuses)).toEqual(['400', '401', '405', '413']);
  });
});

describe('killed at random', { timeout: 300_000 }, () => {
  test('the server loses nothing that it acknowledged and answers nothing twice', async () => {
    const report = await runCrashes({ engine: 'pglite', kills: 3, longestLifeMs: 1_500 });
    expect(report).toMatchObject({
      drained: true,
      lost: 0,
      storedTwice: 0,
      disordered: 0,
      answeredTwice: 0,
      unexplained: 0,
      unanswered: 0,
      inbox: { done: report.sent },
    });
    expect(report.stored).toBe(report.sent);
    expect(report.inDoubt).toBeLessThanOrEqual(report.inFlightAtKills);
    expect(report.mostAtOneKill).toBeLessThanOrEqual(10);
  });

  test('so it is with Viber, whose phones settle what was in doubt', async () => {
    const report = await runViberCrashes({ engine: 'pglite', kills: 3, longestLifeMs: 1_500 });
    expect(report).toMatchObject({
      drained: true,
      lost: 0,
      storedTwice: 0,
      answeredTwice: 0,
      falselySent: 0,
      unexplained: 0,
      unanswered: 0,
    });
    expect(report.inDoubt + report.settled).toBeLessThanOrEqual(report.inFlightAtKills);
    expect(report.mostAtOneKill).toBeLessThanOrEqual(10);
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

describe.skipIf(!hasPostgres || !hasRedisServer)('two servers that share a Redis', () => {
  test('lose nothing and answer once when it is killed under load and started again', {
    timeout,
  }, async () => {
    const report = await runRedisOutage({ seconds: 6, rate: 30 });
    expect(report).toMatchObject({
      sent: 180,
      stored: 180,
      storedTwice: 0,
      disordered: 0,
      inbox: { done: 180 },
      answersDue: 18,
      answered: 18,
      answeredTwice: 0,
      inDoubt: 0,
      failed: 0,
    });
    expect(report.recoveredMs).toBeLessThan(60_000);
  });
});
