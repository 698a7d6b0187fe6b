import { setupServer } from 'msw/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { botApi, type CallApi } from '../tests/bot-api.ts';
import { createSandbox, type Sandbox, type SandboxBot } from './index.ts';

let sandbox: Sandbox;
let server: ReturnType<typeof setupServer>;
let bot: SandboxBot;
let call: CallApi;
let webhook: (request: Request) => Promise<Response>;

beforeEach(() => {
  sandbox = createSandbox({ timeScale: 0.01, webhookFetch: (request) => webhook(request) });
  server = setupServer(...sandbox.handlers);
  // Anything that would leave the process fails the test.
  server.listen({ onUnhandledFrame: 'error' });
  bot = sandbox.telegram.createBot();
  call = botApi(sandbox, bot);
});
afterEach(() => {
  server.close();
  sandbox.close();
});

describe('the sandbox in process', () => {
  it('answers at the real address and delivers to a handler, without a network', async () => {
    const received: { secret: string | null; text: string }[] = [];
    webhook = async (request) => {
      const update = (await request.json()) as { message: { text: string; chat: { id: number } } };
      received.push({
        secret: request.headers.get('x-telegram-bot-api-secret-token'),
        text: update.message.text,
      });
      await call('sendMessage', { chat_id: update.message.chat.id, text: `You said ${update.message.text}` });
      return new Response();
    };
    expect(sandbox.telegram.apiUrl).toBe('https://api.telegram.org');
    await call('setWebhook', { url: 'https://app.example/telegram', secret_token: 'secret' });
    sandbox.telegram.userSends(bot, { from: 5, text: 'hello' });
    await sandbox.telegram.settled();
    expect(received).toEqual([{ secret: 'secret', text: 'hello' }]);
    expect(sandbox.telegram.messages(5).map(({ from, text }) => [from, text])).toEqual([
      ['user', 'hello'],
      ['bot', 'You said hello'],
    ]);
  });

  it('sends again what the handler refuses or throws at', async () => {
    let attempts = 0;
    webhook = async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('broken');
      return new Response(null, { status: attempts === 2 ? 503 : 200 });
    };
    await call('setWebhook', { url: 'https://app.example/telegram' });
    sandbox.telegram.userSends(bot, { text: 'hello' });
    await sandbox.telegram.settled();
    expect(sandbox.telegram.deliveries().map(({ status, error }) => status ?? error)).toEqual([
      'Connection closed',
      503,
      200,
    ]);
  });

  it('breaks the network on demand too', async () => {
    sandbox.faults.set({ kind: 'reset', times: 1 });
    await expect(call('getMe')).rejects.toThrow(TypeError);
    sandbox.faults.set({ kind: 'cut_body', times: 1 });
    const cut = await fetch(`https://api.telegram.org/bot${bot.token}/getMe`);
    await expect(cut.text()).rejects.toThrow(TypeError);
    expect((await call('getMe')).status).toBe(200);
  });

  it('forgets everything on reset', async () => {
    sandbox.telegram.userSends(bot, { text: 'hello' });
    sandbox.faults.set({ kind: 'reset' });
    sandbox.reset();
    expect(sandbox.telegram.bots()).toEqual([]);
    expect(sandbox.faults.list()).toEqual([]);
    expect((await call('getMe')).status).toBe(401);
  });
});
