import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { CartieError, createStores, isCartieError, memoryStore } from '@cartie/core';
import { toNodeListener } from '@cartie/core/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shown } from '../../../tests/support/shown.ts';
import { type Reply, refusal, startServer, until } from '../tests/support.ts';
import {
  createTelegramClient,
  createTelegramPoller,
  createTelegramWebhook,
  inputFile,
  type TelegramClient,
  type TelegramClientOptions,
} from './index.ts';

// Each of these must stay where it was put.
const canaries = {
  token: '7654321:AAcanary_of_the_token-0123456789abcdef',
  email: 'canary.person@private.example',
  phone: '+380671234567',
  header: 'header-canary-5f2c1b',
  secret: 'webhook_canary_secret',
} as const;
const person = `${canaries.email} ${canaries.phone}`;

const leaksOf = (value: unknown): string[] => {
  const text = shown(value);
  const parts = [
    ...Object.values(canaries),
    canaries.token.split(':')[1] ?? '',
    '380671234567',
    'private.example',
  ];
  return parts.filter((part) => text.includes(part) || text.includes(encodeURIComponent(part)));
};

// Transfers get more time by their size, which here is not known.
const short = { timeoutMs: 60, deadlineMs: 150 } as const;

/** One call of each kind that carries personal data, a file, or the token in its URL. */
const calls: Record<string, (telegram: TelegramClient) => Promise<unknown>> = {
  'a message': (telegram) =>
    telegram.sendMessage(
      { chat_id: `@${canaries.email}`, text: person },
      { headers: { 'x-trace': canaries.header } },
    ),
  'a contact': (telegram) =>
    telegram.sendContact({ chat_id: 1, phone_number: canaries.phone, first_name: canaries.email }),
  'a read': (telegram) => telegram.getMe(undefined, { headers: { 'x-trace': canaries.header } }),
  'an unknown method': (telegram) => telegram.call('sendHologram', { chat_id: person, to: person }),
  'an upload': (telegram) =>
    telegram.sendDocument({
      chat_id: 1,
      document: inputFile(new Uint8Array(9), { name: person }),
      caption: person,
    }),
  'a missing upload': (telegram) =>
    telegram.sendDocument({ chat_id: 1, document: inputFile(`/tmp/${person}.pdf`) }),
  'a broken upload': (telegram) =>
    telegram.sendDocument(
      {
        chat_id: 1,
        document: inputFile(async function* () {
          yield new Uint8Array(1);
          throw new Error(`${person} ${canaries.token}`);
        }),
      },
      short,
    ),
  'a download': (telegram) =>
    telegram.downloadFile({ file_id: 'x', file_unique_id: 'x', file_path: `documents/${person}.pdf` }, short),
  'a text': (telegram) =>
    telegram.sendText({ chat_id: 1, text: `<b>${person} `.repeat(300), parse_mode: 'HTML' }),
  'a webhook': (telegram) =>
    telegram.syncWebhook({ url: `https://example.com/${canaries.email}`, secretToken: canaries.secret }),
};

const echo = `${person} /bot${canaries.token}/sendMessage https://api.telegram.org/file/bot${canaries.token}/x`;
const answers: Record<string, Reply> = {
  'a reset': 'reset',
  'no answer': 'hang',
  'a refusal that quotes': refusal(400, `Bad Request: ${echo}`),
  'a wrong token': refusal(401, `Unauthorized: ${echo}`),
  'a block': refusal(403, `Forbidden: ${echo}`),
  'a conflict': refusal(409, `Conflict: ${echo}`),
  'a flood': refusal(429, `Too Many Requests: ${echo}`, { retry_after: 90 }),
  'an outage': refusal(500, `Internal Server Error: ${echo}`),
  'a page of a gateway': { status: 502, text: `<html>${echo}</html>` },
  'a page with 200': { status: 200, text: `<html>${echo}</html>` },
  'broken JSON': {
    status: 200,
    text: `{"ok":true,"result":"${echo}`,
    headers: { 'content-type': 'application/json' },
  },
  'a redirect': {
    status: 302,
    text: '',
    headers: { location: `https://example.com/bot${canaries.token}/x?to=${canaries.email}` },
  },
  nothing: { status: 200, text: '' },
};

let reply: Reply = 'reset';
let server: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  server = await startServer(() => reply);
});
afterAll(() => server.close());

/** Makes every call and collects what leaks from errors, events, health and the client itself. */
async function leaksWith(options: Partial<TelegramClientOptions>): Promise<string[]> {
  const events: unknown[] = [];
  const leaks: string[] = [];
  for (const [name, call] of Object.entries(calls)) {
    const telegram = createTelegramClient({
      token: canaries.token,
      timeoutMs: 60,
      deadlineMs: 150,
      retries: 1,
      onEvent: (event) => events.push(event),
      ...options,
    });
    let thrown: unknown;
    await call(telegram).catch((error: unknown) => {
      thrown = error;
    });
    if (!isCartieError(thrown) && thrown !== undefined) leaks.push(`${name}: not a CartieError`);
    leaks.push(...leaksOf(thrown).map((leak) => `${name}: error: ${leak}`));
    leaks.push(...leaksOf(telegram).map((leak) => `${name}: client: ${leak}`));
    leaks.push(...leaksOf(await telegram.health()).map((leak) => `${name}: health: ${leak}`));
  }
  if (options.token === undefined) expect(events.length).toBeGreaterThan(4);
  return [...leaks, ...leaksOf(events).map((leak) => `event: ${leak}`)];
}

describe('token, address and phone leak nowhere', () => {
  it('and the test would see it', () => {
    const error = new CartieError('rejected', 'x', { provider: { message: `call ${canaries.phone}` } });
    expect(leaksOf(error)).toEqual([canaries.phone, '380671234567']);
    expect(leaksOf(new Error('x', { cause: new Error(canaries.token) }))).toContain(canaries.token);
  });

  it.each(Object.entries(answers))('when Telegram answers with %s', async (_name, answer) => {
    reply = answer;
    expect(await leaksWith({ baseUrl: server.url })).toEqual([]);
  });

  it('when the answer is cut, or grows without end', async () => {
    for (const body of [
      `HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{"ok":true,"x":"${echo}`,
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n',
    ]) {
      const tcp = createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(body));
      });
      await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
      const { port } = tcp.address() as AddressInfo;
      expect(await leaksWith({ baseUrl: `http://127.0.0.1:${port}` })).toEqual([]);
      tcp.close();
    }
  });

  it('when nobody listens, or there is no such host', async () => {
    const closed = await startServer(() => reply);
    await closed.close();
    expect(await leaksWith({ baseUrl: closed.url })).toEqual([]);
    expect(await leaksWith({ baseUrl: 'http://nowhere.invalid' })).toEqual([]);
  });

  it('when fetch itself throws what it was given', async () => {
    const fetch = async (url: unknown, init: unknown) => {
      throw Object.assign(new TypeError(`cannot fetch ${String(url)}`), { url, init });
    };
    expect(await leaksWith({ fetch: fetch as typeof globalThis.fetch })).toEqual([]);
  });

  it('when an option is wrong', () => {
    const wrong = [
      { token: `${canaries.token} ` },
      { token: canaries.token, baseUrl: `not a url ${canaries.token}` },
      { token: canaries.token, baseUrl: `https://${canaries.token}@example.com` },
      { token: canaries.token, [canaries.email]: 1 },
      { token: canaries.token, rates: { chat: canaries.phone } },
      { token: canaries.token, timeoutMs: canaries.phone },
    ];
    for (const options of wrong) {
      try {
        createTelegramClient(options as never);
        expect.unreachable();
      } catch (error) {
        expect(isCartieError(error)).toBe(true);
        expect(leaksOf(error)).toEqual([]);
      }
    }
  });

  it('when the function that gives the token fails', async () => {
    const token = async () => {
      throw new Error(`no ${canaries.token}`);
    };
    expect(await leaksWith({ token, baseUrl: server.url })).toEqual([]);
    expect(await leaksWith({ token: () => `${canaries.token} is no token`, baseUrl: server.url })).toEqual(
      [],
    );
  });

  it('from the poller', async () => {
    const errors: unknown[] = [];
    for (const answer of Object.values(answers)) {
      reply = answer;
      const store = memoryStore();
      const poller = createTelegramPoller({
        client: createTelegramClient({
          token: canaries.token,
          baseUrl: server.url,
          timeoutMs: 50,
          deadlineMs: 50,
        }),
        store,
        leases: createStores(store).leases,
        onUpdate: async () => undefined,
        waitMs: 0,
        onError: (error) => errors.push(error),
      });
      const before = errors.length;
      poller.start();
      // A poll that is never answered ends by its own time, which is not waited for here.
      if (answer !== 'hang') await until(() => errors.length > before);
      expect(leaksOf([await poller.health(), poller])).toEqual([]);
      await poller.stop();
    }
    expect(errors.length).toBeGreaterThan(10);
    expect(errors.flatMap(leaksOf)).toEqual([]);
  });

  it('from the webhook', async () => {
    const seen: unknown[] = [];
    const handler = createTelegramWebhook({
      secretToken: canaries.secret,
      botId: 1,
      onUpdate: async () => {
        throw new CartieError('storage_error', 'down');
      },
      onEvent: (event) => seen.push(event),
      onError: (error) => seen.push(error),
    });
    const listener: Server = createServer(toNodeListener(handler));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/${canaries.token}?to=${canaries.email}`;
    for (const [secret, body] of [
      [canaries.secret, JSON.stringify({ update_id: 1, message: { chat: { id: 1 }, text: person } })],
      [canaries.secret, `{"text":"${person}`],
      [canaries.secret, person],
      [`${canaries.secret}x`, person],
    ] as const) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'x-telegram-bot-api-secret-token': secret },
        body,
      });
      expect(response.ok).toBe(false);
      seen.push(await response.text(), Object.fromEntries(response.headers));
    }
    listener.closeAllConnections();
    listener.close();
    expect(seen.length).toBeGreaterThan(10);
    expect(leaksOf([seen, handler])).toEqual([]);
  });
});
