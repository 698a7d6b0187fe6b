import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ok, someToken, startServer, until } from '../tests/support.ts';
import { createTelegramClient, type TelegramClient } from './index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let telegram: TelegramClient;

beforeAll(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.reset();
  bot = sandbox.telegram.createBot({ username: 'cartie_bot' });
  telegram = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
});

describe('health()', () => {
  it('is ok while Telegram knows the bot, and asks once for many who ask', async () => {
    const reports = await Promise.all([telegram.health(), telegram.health(), telegram.health()]);
    expect(reports[0]).toEqual({
      status: 'ok',
      circuit: 'closed',
      latencyMs: expect.any(Number),
      facts: { bot: 'cartie_bot', webhook: false, pendingUpdates: 0 },
      checkedAt: expect.any(Number),
    });
    expect(reports[2]).toEqual(reports[0]);
    expect(sandbox.telegram.calls().map(({ method }) => method)).toEqual(['getMe', 'getWebhookInfo']);
  });

  it('is down where the token is wrong or nobody answers, and says so without the token', async () => {
    const wrong = createTelegramClient({ token: someToken, baseUrl: sandbox.telegram.apiUrl });
    expect(await wrong.health()).toMatchObject({
      status: 'down',
      circuit: 'closed',
      detail: 'Telegram refused: Unauthorized; check `token`',
    });
    const closed = await startServer(() => ok(true));
    await closed.close();
    const lonely = createTelegramClient({ token: someToken, baseUrl: closed.url });
    const report = await lonely.health();
    expect(report).toMatchObject({
      status: 'down',
      detail: 'No connection could be made: it was refused (ECONNREFUSED)',
    });
    expect(JSON.stringify(report)).not.toContain('127.0.0.1');
  });

  it('is degraded while Telegram asks the bot to slow down', async () => {
    sandbox.faults.set({ method: 'getMe', kind: 'rate_limited', retryAfter: 5, times: 1 });
    expect(await telegram.health()).toMatchObject({ status: 'degraded', circuit: 'closed' });
  });

  it('is degraded while the webhook fails, and tells how many updates wait', async () => {
    const server = createServer((_request, response) => response.writeHead(500).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
      await telegram.syncWebhook({ url, secretToken: 'secret' });
      sandbox.telegram.userSends(bot, { from: sandbox.telegram.createUser(), text: 'hello' });
      await until(() => sandbox.telegram.deliveries().length > 0, 'a delivery');
      const report = await telegram.health();
      expect(report).toMatchObject({
        status: 'degraded',
        detail: 'Telegram could not deliver to the webhook; updates that wait: 1.',
        facts: { webhook: true, pendingUpdates: 1, lastWebhookErrorAt: expect.any(Number) },
      });
      expect(JSON.stringify(report)).not.toContain('secret-path');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
