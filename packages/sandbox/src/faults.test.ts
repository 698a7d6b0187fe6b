import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { botApi, type CallApi } from '../tests/bot-api.ts';
import { type Fault, type RunningSandbox, type SandboxBot, startSandbox } from './index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let call: CallApi;

beforeEach(async () => {
  sandbox = await startSandbox({ telegram: { floodScale: 0 } });
  bot = sandbox.telegram.createBot();
  call = botApi(sandbox, bot);
});
afterEach(() => sandbox.close());

const send = (signal?: AbortSignal): Promise<Response> =>
  fetch(`${sandbox.telegram.apiUrl}/bot${bot.token}/sendMessage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ chat_id: sandbox.telegram.createUser({ id: 9 }).id, text: 'hello' }),
    ...(signal && { signal }),
  });
const sentTexts = (): (string | undefined)[] => sandbox.telegram.messages(9).map(({ text }) => text);

describe('a fault', () => {
  it.each([
    ['rate_limited', 429, 'Too Many Requests: retry after 7'],
    ['server_error', 500, 'Internal Server Error'],
    ['unauthorized', 401, 'Unauthorized'],
    ['forbidden', 403, 'Forbidden: bot was blocked by the user'],
  ] as const)('%s answers as Telegram does and executes nothing', async (kind, status, description) => {
    sandbox.faults.set({ provider: 'telegram', kind, retryAfter: 7, times: 1 });
    const answer = await call('sendMessage', {
      chat_id: sandbox.telegram.createUser({ id: 9 }).id,
      text: 'x',
    });
    expect(answer).toMatchObject({ status, ok: false, error_code: status, description });
    expect(answer.headers.get('retry-after')).toBe(kind === 'rate_limited' ? '7' : null);
    expect(sentTexts()).toEqual([]);
    expect((await send()).status).toBe(200);
  });

  it('html is a gateway page', async () => {
    sandbox.faults.set({ kind: 'html' });
    const answer = await send();
    expect(answer.status).toBe(502);
    expect(answer.headers.get('content-type')).toBe('text/html');
    expect(await answer.text()).toContain('<h1>502 Bad Gateway</h1>');
  });

  it('bad_json and empty are bodies that no parser takes', async () => {
    sandbox.faults.set({ kind: 'bad_json', times: 1 });
    sandbox.faults.set({ kind: 'empty', times: 1 });
    await expect((await send()).json()).rejects.toThrow(SyntaxError);
    expect(await (await send()).text()).toBe('');
  });

  it('reset breaks the connection before the call is executed', async () => {
    sandbox.faults.set({ kind: 'reset', times: 1 });
    await expect(send()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(sentTexts()).toEqual([]);
    expect(sandbox.telegram.calls()).toMatchObject([{ fault: 'reset', executed: false, status: undefined }]);
  });

  it('reset with `after` breaks it when the call is done', async () => {
    sandbox.faults.set({ kind: 'reset', after: true, times: 1 });
    await expect(send()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(sentTexts()).toEqual(['hello']);
    expect(sandbox.telegram.calls()).toMatchObject([{ fault: 'reset', executed: true, status: undefined }]);
  });

  it('hang never answers', async () => {
    sandbox.faults.set({ kind: 'hang', times: 1 });
    await expect(send(AbortSignal.timeout(80))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(sentTexts()).toEqual([]);
    expect((await send()).status).toBe(200);
  });

  it('slow_body lets the true answer trickle', async () => {
    sandbox.faults.set({ kind: 'slow_body', delayMs: 2 });
    const began = Date.now();
    const answer = await send();
    const headersAfter = Date.now() - began;
    const body = (await answer.json()) as { ok: boolean };
    expect(body.ok).toBe(true);
    expect(Date.now() - began - headersAfter).toBeGreaterThan(100);
  });

  it('cut_body ends the connection inside the answer', async () => {
    sandbox.faults.set({ kind: 'cut_body', times: 1 });
    const answer = await send();
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow(TypeError);
    expect(sentTexts()).toEqual(['hello']);
  });

  it('hits only its method, in any letter case, and as often as it says', async () => {
    sandbox.faults.set({ provider: 'telegram', method: 'SENDmessage', kind: 'server_error', times: 2 });
    expect((await call('getMe')).status).toBe(200);
    const statuses = [await send(), await send(), await send()].map(({ status }) => status);
    expect(statuses).toEqual([500, 500, 200]);
    expect(sandbox.faults.list()).toEqual([]);
  });

  it('hits a share of the calls', async () => {
    sandbox.faults.set({ kind: 'server_error', probability: 0 });
    expect((await send()).status).toBe(200);
    sandbox.faults.clear();
    sandbox.faults.set({ kind: 'server_error', probability: 1 });
    expect((await send()).status).toBe(500);
    expect(sandbox.faults.list()).toMatchObject([{ kind: 'server_error', hits: 1 }]);
  });

  it('of another provider or cleared does nothing', async () => {
    sandbox.faults.set({ provider: 'viber', kind: 'reset' });
    const id = sandbox.faults.set({ kind: 'reset' });
    sandbox.faults.clear(id);
    expect((await send()).status).toBe(200);
  });

  it.each([
    [{ kind: 'explode' }, 'kind must be one of'],
    [{ kind: 'reset', provider: 'telegramm' }, 'provider must be one of telegram, telegram-login, whatsapp'],
    [{ kind: 'reset', time: 1 }, 'time does not exist: a fault has provider, method, kind, times'],
    [{ kind: 'reset', times: 0 }, 'times must be'],
    [{ kind: 'reset', probability: 2 }, 'probability must be'],
    [{ kind: 'rate_limited', retryAfter: -1 }, 'retryAfter must be'],
  ])('that is mistaken is refused: %o', (fault, message) => {
    expect(() => sandbox.faults.set(fault as Fault)).toThrow(message);
  });
});
