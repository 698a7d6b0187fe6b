import { CartieError, isCartieError, memoryStore } from '@cartie/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shown } from '../../../tests/support/shown.ts';
import { post, type Reply, serve, startViber } from '../tests/support.ts';
import {
  createViberClient,
  createViberWebhook,
  type ViberClient,
  type ViberClientOptions,
  type ViberMessage,
} from './index.ts';

// Each of these must stay where it was put.
const canaries = {
  token: '0a1b2c3d4e5f6a7b-1a2b3c4d5e6f7a8b-2a3b4c5d6e7f8a9b',
  email: 'canary.person@private.example',
  phone: '+380671234567',
  user: 'c4n4ryUser01234567890A==',
  header: 'header-canary-5f2c1b',
} as const;
const person = `${canaries.email} ${canaries.phone} ${canaries.user}`;
const text: ViberMessage = { type: 'text', text: person, tracking_data: person };

const leaksOf = (value: unknown): string[] => {
  const all = shown(value);
  return [...Object.values(canaries), '380671234567', 'private.example'].filter(
    (part) => all.includes(part) || all.includes(encodeURIComponent(part)),
  );
};

const calls: Record<string, (viber: ViberClient) => Promise<unknown>> = {
  'a message': (viber) =>
    viber.sendMessage({ receiver: canaries.user, ...text }, { headers: { 'x-trace': canaries.header } }),
  'a message that is too long': (viber) =>
    viber.sendMessage({ receiver: canaries.user, type: 'text', text: person.repeat(200) }),
  'a contact': (viber) =>
    viber.sendMessage({
      receiver: canaries.user,
      type: 'contact',
      contact: { name: canaries.email, phone_number: canaries.phone },
    }),
  'a message of a type that is none': (viber) =>
    viber.sendMessage({ receiver: canaries.user, type: person } as never),
  details: (viber) => viber.getUserDetails(canaries.user),
  presence: (viber) => viber.getOnline([canaries.user]),
  'a webhook': (viber) => viber.setWebhook({ url: `https://example.com/${canaries.email}` }),
  'an unknown method': (viber) => viber.call('dance', { with: person }),
};

const echo = `${person} ${canaries.token} https://chatapi.viber.com/pa/?auth=${canaries.token}`;
const answers: Record<string, Reply> = {
  'a reset': 'reset',
  'no answer': 'hang',
  'a refusal that quotes': { json: { status: 3, status_message: `badData: ${echo}` } },
  'a user who is gone': { json: { status: 6, status_message: echo } },
  'a wrong token': { json: { status: 2, status_message: echo } },
  'a general error': { json: { status: 99, status_message: echo } },
  'a page of a gateway': { status: 502, text: `<html>${echo}</html>` },
  'a page with 200': { text: `<html>${echo}</html>` },
  'broken JSON': { text: `{"status":0,"status_message":"${echo}` },
  'a redirect': { status: 302, text: '', headers: { location: `https://example.com/${canaries.token}` } },
  'a good answer without a token': { json: { status: 0, status_message: echo } },
};

let reply: Reply = 'reset';
let server: Awaited<ReturnType<typeof startViber>>;
beforeAll(async () => {
  server = await startViber(() => reply);
});
afterAll(() => server.close());

async function leaksWith(options: Partial<ViberClientOptions>): Promise<string[]> {
  const seen: unknown[] = [];
  const leaks: string[] = [];
  for (const [name, call] of Object.entries(calls)) {
    const viber = createViberClient({
      authToken: canaries.token,
      sender: { name: 'Cars' },
      baseUrl: server.url,
      timeoutMs: 60,
      deadlineMs: 150,
      onEvent: (event) => seen.push(event),
      ...options,
    });
    const thrown = await call(viber).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (thrown !== undefined && !isCartieError(thrown)) leaks.push(`${name}: not a CartieError`);
    const found = leaksOf([thrown, viber, await viber.health()]);
    leaks.push(
      ...found.map((leak) => `${name}: ${leak}`),
      ...leaksOf(thrown).map((leak) => `${name}: ${leak}`),
    );
    for (const result of await viber
      .broadcast({ broadcast_list: [canaries.user], ...text })
      .catch((error) => [{ error }])) {
      leaks.push(...leaksOf(result.error).map((leak) => `broadcast: ${leak}`));
    }
  }
  return [...leaks, ...leaksOf(seen).map((leak) => `event: ${leak}`)];
}

describe('token, address, phone and id leak nowhere', () => {
  it('and the test would see it', () => {
    const error = new CartieError('rejected', 'x', { provider: { message: canaries.user } });
    expect(leaksOf(error)).toEqual([canaries.user]);
  });

  it.each(Object.entries(answers))('when Viber answers with %s', async (_name, answer) => {
    reply = answer;
    expect(await leaksWith({})).toEqual([]);
  });

  it('when nobody listens, or the function that gives the token fails', async () => {
    expect(await leaksWith({ baseUrl: 'http://127.0.0.1:1' })).toEqual([]);
    const authToken = async () => {
      throw new Error(`no ${canaries.token}`);
    };
    expect(await leaksWith({ authToken })).toEqual([]);
    expect(await leaksWith({ authToken: () => `${canaries.token}\n` })).toEqual([]);
  });

  it('into the store that counts', async () => {
    reply = { json: { status: 0, status_message: 'ok', user: { id: 'x' } } };
    const store = memoryStore();
    await createViberClient({
      authToken: canaries.token,
      sender: { name: 'Cars' },
      baseUrl: server.url,
      store,
    }).getUserDetails(canaries.user);
    const keys: string[] = [];
    for await (const key of store.list('')) keys.push(key);
    expect(keys).toHaveLength(1);
    expect(leaksOf(keys)).toEqual([]);
  });

  it('from an option that is wrong', () => {
    for (const wrong of [
      { sender: { name: person.repeat(2) } },
      { baseUrl: `not a url ${canaries.token}` },
      { [canaries.email]: 1 },
      { limits: { pictureText: canaries.phone } },
    ]) {
      try {
        createViberClient({ authToken: canaries.token, sender: { name: 'Cars' }, ...wrong } as never);
        expect.unreachable();
      } catch (error) {
        expect(isCartieError(error)).toBe(true);
        expect(leaksOf(error)).toEqual([]);
      }
    }
  });

  it('from the webhook', async () => {
    const seen: unknown[] = [];
    const handler = createViberWebhook({
      authToken: canaries.token,
      onUpdate: async () => {
        throw new CartieError('storage_error', 'down');
      },
      onEvent: (event) => seen.push(event),
      onError: (error) => seen.push(error),
    });
    const listening = await serve(handler);
    const url = `${listening.url}/?to=${canaries.email}`;
    const callback = JSON.stringify({ event: 'seen', user_id: canaries.user, message_token: 1 });
    for (const [body, token] of [
      [callback, canaries.token],
      [person, canaries.token],
      [`{"text":"${person}`, canaries.token],
      [callback, 'another-token'],
    ] as const) {
      const answer = await post(url, body, token);
      expect(answer.ok).toBe(false);
      seen.push(await answer.text(), Object.fromEntries(answer.headers));
    }
    await listening.close();
    expect(seen.length).toBeGreaterThan(8);
    expect(leaksOf([seen, handler])).toEqual([]);
  });
});
