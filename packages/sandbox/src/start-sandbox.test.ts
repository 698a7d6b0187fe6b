import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { botApi } from '../tests/bot-api.ts';
import { graphApi, lead } from '../tests/graph-api.ts';
import { type RunningSandbox, startSandbox } from './index.ts';

let sandbox: RunningSandbox;

beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
});
afterEach(() => sandbox.close());

const control = async (path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') => {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    ...(body !== undefined && {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  return { status: response.status, body: (await response.json()) as any };
};

describe('startSandbox', () => {
  it('listens on loopback at a free port, and frees it when it is closed', async () => {
    expect(sandbox.url).toBe(`http://127.0.0.1:${sandbox.port}`);
    expect(sandbox.telegram.apiUrl).toBe(`${sandbox.url}/telegram`);
    const again = await startSandbox();
    const { port } = again;
    await again.close();
    await using taken = await startSandbox({ port });
    expect(taken.port).toBe(port);
    await expect(startSandbox({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes while calls hang and updates wait', async () => {
    const bot = sandbox.telegram.createBot();
    const call = botApi(sandbox, bot);
    await call('setWebhook', { url: 'http://127.0.0.1:9/nobody' });
    sandbox.telegram.userSends(bot, { text: 'hello' });
    sandbox.faults.set({ kind: 'hang' });
    const hanging = expect(call('getMe')).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await sandbox.close();
    await hanging;
    const before = sandbox.telegram.deliveries().length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(sandbox.telegram.deliveries()).toHaveLength(before);
  });

  it.each([
    [{ timeScale: 0 }, 'timeScale must be above 0'],
    [{ timescale: 0.1 }, 'timescale does not exist: there is timeScale, history'],
    [{ telegram: { floodscale: 0 } }, 'telegram.floodscale does not exist: there is floodScale'],
    [{ history: 0 }, 'history must be a whole number above 0'],
  ])('refuses %o', async (options, message) => {
    await expect(startSandbox(options as object)).rejects.toThrow(message);
  });

  it('keeps only as much history as it was told', async () => {
    await using small = await startSandbox({ history: 3, telegram: { floodScale: 0 } });
    const bot = small.telegram.createBot();
    const call = botApi(small, bot);
    for (let index = 0; index < 5; index++) {
      small.telegram.userSends(bot, { from: 7, text: String(index) });
      await call('getMe');
    }
    expect(small.telegram.messages(7).map(({ text }) => text)).toEqual(['2', '3', '4']);
    small.telegram.userSends(bot, { from: 8, text: 'elsewhere' });
    expect(small.telegram.messages(7).map(({ text }) => text)).toEqual(['3', '4']);
    expect(small.telegram.calls()).toHaveLength(3);
  });

  it('answers 404 elsewhere', async () => {
    expect((await fetch(`${sandbox.url}/nothing`)).status).toBe(404);
    expect((await fetch(`${sandbox.url}/telegram/nothing`)).status).toBe(404);
  });
});

describe('the control API', () => {
  it('does over HTTP what the functions do', async () => {
    const { body: bot } = await control('telegram/bots', { username: 'http_bot' });
    expect(bot).toMatchObject({ username: 'http_bot', token: expect.any(String) });
    const { body: message } = await control('telegram/send', { bot: bot.token, from: 5, text: 'Hi' });
    expect(message).toMatchObject({ text: 'Hi', chat: { id: 5 } });
    const file = { name: 'a.txt', base64: Buffer.from('hello').toString('base64') };
    const { body: sent } = await control('telegram/send', { from: 5, document: file });
    expect(sent.document).toMatchObject({ file_name: 'a.txt', file_size: 5 });
    await botApi(sandbox, bot)('sendMessage', {
      chat_id: 5,
      text: 'Choose',
      reply_markup: { inline_keyboard: [[{ text: 'Yes', callback_data: 'y' }]] },
    });
    const { body: pressed } = await control('telegram/press', { from: 5, button: 'Yes' });
    await botApi(sandbox, bot)('answerCallbackQuery', { callback_query_id: pressed.query, text: 'ok' });
    expect((await control(`telegram/answer?query=${pressed.query}`)).body).toMatchObject({ text: 'ok' });
    expect((await control('telegram/messages?chat=5&limit=1')).body).toMatchObject([
      { from: 'bot', text: 'Choose' },
    ]);
    expect((await control('telegram/updates')).body).toHaveLength(3);
    expect((await control('telegram/calls')).body.map(({ method }: { method: string }) => method)).toEqual([
      'sendMessage',
      'answerCallbackQuery',
    ]);
    expect((await control('telegram/chats')).body).toMatchObject([{ id: 5, type: 'private' }]);
    await control('reset', {});
    expect((await control('telegram/bots')).body).toEqual([]);
  });

  it('shows what Meta took, and makes it difficult', async () => {
    expect((await control('meta/clicks', {})).body.error).toContain('dataset: there is none yet');
    const { body: dataset } = await control('meta/datasets', { id: '4200', token: 'EAAtest' });
    expect(dataset).toMatchObject({ id: '4200', token: 'EAAtest' });
    const send = graphApi(sandbox, dataset);
    await send([lead({ event_id: 'a' }), lead({ event_id: 'a' })]);
    await send([lead({ user_data: {} })]);
    expect((await control('meta/counts')).body).toEqual({ distinct: 1, duplicates: 1, refusals: 1 });
    expect((await control('meta/distinct?dataset=4200')).body).toMatchObject([{ eventId: 'a' }]);
    expect((await control('meta/events?limit=1')).body).toMatchObject([{ outcome: 'duplicate' }]);
    expect((await control('meta/refusals')).body).toMatchObject([{ subcode: 2804050 }]);
    expect((await control('meta/calls')).body).toHaveLength(2);
    await control('meta/discard', { count: 1 });
    expect((await send([lead()])).body.events_received).toBe(0);
    await control('meta/token', { token: 'EAAtest', state: 'expired' });
    expect((await send([lead()])).status).toBe(401);
    expect(await control('meta/token', { token: 'EAAtest', state: 'lost' })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('state must be one of valid') },
    });
    await control('meta/token', { token: 'EAAtest', state: 'valid' });
    await control('meta/retire', { version: 'v26.0' });
    expect((await send([lead()])).body.error.code).toBe(2635);
    expect((await control('meta/clicks', {})).body.ctwa_clid).toEqual(expect.any(String));
    expect((await control('meta/browser', { event_name: 'Lead', event_id: 'a' })).body).toMatchObject({
      from: 'browser',
      outcome: 'duplicate',
    });
    await control('meta/usage', { call_count: 100 });
    expect((await send([lead()], { version: 'v25.0' })).body.error.code).toBe(4);
  });

  it('sets, lists and clears faults', async () => {
    const { body } = await control('faults', { kind: 'html', times: 3 });
    expect((await control('faults')).body.faults).toMatchObject([{ id: body.id, kind: 'html', hits: 0 }]);
    await control(`faults/${body.id}`, undefined, 'DELETE');
    expect(sandbox.faults.list()).toEqual([]);
    await control('faults', { kind: 'html' });
    await control('faults', undefined, 'DELETE');
    expect(sandbox.faults.list()).toEqual([]);
  });

  it('explains mistakes', async () => {
    expect(await control('faults', { kind: 'nonsense' })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('kind must be one of') },
    });
    expect(await control('telegram/send', { text: 'x' })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('bot: there is none yet') },
    });
    expect((await control('telegram/nothing')).status).toBe(404);
    expect((await control('nothing/at-all', {})).status).toBe(404);
  });

  it('is out of reach for other web pages', async () => {
    const simple = await fetch(`${sandbox.url}/_sandbox/reset`, { method: 'POST', body: '{}' });
    expect(simple.status).toBe(415);
    const status = await new Promise((resolve, reject) => {
      request(`${sandbox.url}/_sandbox/faults`, { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });

  it('tells of changes as they happen', async () => {
    const bot = sandbox.telegram.createBot();
    const stream = await fetch(`${sandbox.url}/_sandbox/events`);
    const reader = (stream.body as ReadableStream<Uint8Array>)
      .pipeThrough(new TextDecoderStream())
      .getReader();
    expect((await reader.read()).value).toBe(': live\n\n');
    for (let index = 0; index < 50; index++) sandbox.telegram.userSends(bot, { from: 5, text: 'hi' });
    const { value } = await reader.read();
    const events = JSON.parse(value?.replace(/^data: /, '') ?? '[]');
    // Fifty messages are one event: the page looks once.
    expect(events.filter(({ type }: { type: string }) => type === 'message')).toEqual([
      { provider: 'telegram', type: 'message', bot: bot.id, chat: 5 },
    ]);
    await reader.cancel();
  });
});
