import { CartieError, createStores, isCartieError, memoryStore } from '@cartie/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shown } from '../../../tests/support/shown.ts';
import { all, type Listening, nobody, type Reply, serve, startSendPulse } from '../tests/support.ts';
import {
  createSendPulseClient,
  createSendPulseWebhook,
  type SendPulseClient,
  type SendPulseOAuthOptions,
} from './index.ts';

// Each of these must stay where it was put.
const canaries = {
  clientId: 'sp_id_canary_4d1f6a0b',
  clientSecret: 'sp_sk_canary_9e3c5b7a',
  token: 'canary0token0abcdef0123456789abcdef01234567',
  apiKey: 'sp_apikey_canary_77aa55cc',
  email: 'canary.person@private.example',
  phone: '+380671234567',
  header: 'header-canary-5f2c1b',
  path: 'path-secret-canary-8a6b4c2d',
} as const;
const person = `${canaries.email} ${canaries.phone}`;

const leaksOf = (value: unknown): string[] => {
  const text = shown(value);
  return [...Object.values(canaries), '380671234567', 'private.example', 'sendpulse.com'].filter(
    (part) =>
      text.includes(part) ||
      text.includes(encodeURIComponent(part)) ||
      text.includes(btoa(part).slice(0, 12)),
  );
};

const calls: Record<string, (sendpulse: SendPulseClient) => Promise<unknown>> = {
  'a contact': (sendpulse) =>
    sendpulse.syncContact(
      { addressBookId: 1, email: canaries.email, phone: canaries.phone, name: person },
      { headers: { 'x-trace': canaries.header } },
    ),
  'a contact that is none': (sendpulse) => sendpulse.syncContact({ addressBookId: 1, email: person }),
  'a phone': (sendpulse) => sendpulse.syncContact({ addressBookId: 1, phone: canaries.phone, name: person }),
  'an address in a path': (sendpulse) => sendpulse.addressBooks.getEmail({ id: 1, email: canaries.email }),
  'an address in a query': (sendpulse) => sendpulse.smtp.isUnsubscribed({ email: canaries.email }),
  'a blacklist': (sendpulse) => sendpulse.blacklist.add({ emails: [canaries.email], comment: person }),
  'a letter': (sendpulse) =>
    sendpulse.smtp.send({
      from: { name: 'x', email: canaries.email },
      to: [{ email: canaries.email }],
      subject: person,
      html: person,
    }),
  'a letter that is none': (sendpulse) =>
    sendpulse.smtp.send({ from: person, to: person, subject: { person } } as never),
  'an event': (sendpulse) => sendpulse.automation.sendEvent({ event: person, ...canaries }),
  'an SMS': (sendpulse) => sendpulse.sms.send({ sender: 'x', body: person, phones: [canaries.phone] }),
  'an SMS that is none': (sendpulse) =>
    sendpulse.sms.send({ sender: person, body: person, phones: [person] }),
  'a list': (sendpulse) => all(sendpulse.addressBooks.emails({ id: person })),
  'a chatbot': (sendpulse) =>
    sendpulse.chatbots.whatsapp.sendByPhone({ bot_id: 'x', phone: canaries.phone, message: { person } }),
  'a webhook': (sendpulse) =>
    sendpulse.webhooks.create({ url: `https://example.com/${canaries.path}`, actions: ['open'] }),
  'anything else': (sendpulse) =>
    sendpulse.call({ method: 'POST', path: `/x/${canaries.path}`, json: { person } }),
  'a path that is none': (sendpulse) => sendpulse.call({ method: 'POST', path: person }),
};

// What SendPulse may quote: what this very client has told it, or was told by it.
const { clientId, clientSecret, token, apiKey } = canaries;
let own: readonly string[] = [];
const echo = (): string => `${person} ${own.join(' ')} https://api.sendpulse.com/oauth?secret=${own[0]}`;
const json = (status: number, body: object): Reply => ({ status, json: body });
const answers: Record<string, () => Reply> = {
  'a reset': () => 'reset',
  'no answer': () => 'hang',
  'a refusal': () => json(400, { error_code: 213, message: echo() }),
  'a refusal by field': () =>
    json(422, {
      error_code: 422,
      message: echo(),
      errors: { [canaries.email]: [echo()], [person]: [] },
    }),
  'a refusal of a chatbot': () => json(200, { success: false, data: { message: echo() } }),
  'a refusal of the old kind': () => json(200, { is_error: 1, message: echo(), error_code: echo() }),
  'a 401': () => json(401, { message: echo(), error_code: 401 }),
  'a 429': () => json(429, { message: echo(), error_code: 2020202020 }),
  'a 500': () => json(500, { message: echo() }),
  'a page of a gateway': () => ({ status: 502, text: `<html>${echo()}</html>` }),
  'a page with 200': () => ({ text: `<html>${echo()}</html>` }),
  'broken JSON': () => ({ text: `{"result":true,"message":"${echo()}` }),
  'a redirect': () => ({
    status: 302,
    text: '',
    headers: { location: `https://example.com/${canaries.token}` },
  }),
  'an answer that it was not done': () => json(200, { result: false, message: echo() }),
  nothing: () => ({ text: '' }),
};

const goodToken = (): Reply => ({ json: { access_token: token, expires_in: 3_600 } });
let reply: () => Reply = () => 'reset';
let server: Awaited<ReturnType<typeof startSendPulse>>;
let tokenless: Listening;
beforeAll(async () => {
  server = await startSendPulse(() => reply(), goodToken);
  tokenless = await startSendPulse(
    () => ({}),
    () => json(401, { error: 'invalid_client', error_description: echo(), message: echo(), error_code: 1 }),
  );
});
afterAll(() => Promise.all([server.close(), tokenless.close()]));

async function leaksWith(options: Partial<SendPulseOAuthOptions> = {}): Promise<string[]> {
  const seen: unknown[] = [];
  const leaks: string[] = [];
  const common = {
    baseUrl: server.url,
    timeoutMs: 60,
    deadlineMs: 120,
    retries: 1,
    requestsPerSecond: 10_000,
    requestsPerMinute: 100_000,
    onEvent: (event: unknown) => seen.push(event),
  };
  const keyed = { apiKey, ...common, ...(options.baseUrl && { baseUrl: options.baseUrl }) };
  const clients = [
    [
      createSendPulseClient({ clientId, clientSecret, ...common, ...options }),
      [clientSecret, clientId, token],
    ],
    [createSendPulseClient(keyed), [apiKey]],
  ] as const;
  for (const [client, secrets] of clients) {
    own = secrets;
    await Promise.all(
      Object.entries(calls).map(async ([name, call]) => {
        const thrown = await call(client).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (thrown !== undefined && !isCartieError(thrown)) leaks.push(`${name}: not a CartieError`);
        leaks.push(...leaksOf(thrown).map((leak) => `${name}: ${leak}`));
      }),
    );
    const found = leaksOf([client, await client.health(), await client.testConnection()]);
    leaks.push(...found.map((leak) => `health: ${leak}`));
  }
  return [...leaks, ...leaksOf(seen).map((leak) => `event: ${leak}`)];
}

describe('ids, secrets, tokens, addresses and phones leak nowhere', () => {
  it('and the test would see it', () => {
    const error = new CartieError('rejected', 'x', { provider: { message: canaries.token } });
    expect(leaksOf(error)).toEqual([canaries.token]);
    expect(leaksOf({ text: btoa(canaries.email) })).toEqual([canaries.email]);
  });

  it.each(Object.entries(answers))('when SendPulse answers with %s', async (_name, answer) => {
    reply = answer;
    expect(await leaksWith()).toEqual([]);
  });

  it('when it refuses the credentials, nobody listens, or the function that gives the secret fails', async () => {
    expect(await leaksWith({ baseUrl: tokenless.url })).toEqual([]);
    expect(await leaksWith({ baseUrl: await nobody() })).toEqual([]);
    const clientSecret = async () => {
      throw new Error(`no ${canaries.clientSecret}`);
    };
    expect(await leaksWith({ clientSecret })).toEqual([]);
  });

  it('into the store: neither a key nor what lies there tells the token', async () => {
    reply = () => json(200, { balance_currency: 1 });
    const kv = memoryStore();
    const { tokens, leases } = createStores(kv, { encryptionKey: Buffer.alloc(32, 7).toString('base64') });
    await createSendPulseClient({
      clientId,
      clientSecret,
      baseUrl: server.url,
      tokens,
      leases,
    }).balance.get();
    const stored: unknown[] = [];
    for await (const key of kv.list('')) stored.push(key, await kv.get(key));
    expect(stored.length).toBeGreaterThan(1);
    expect(leaksOf(stored)).toEqual([]);
  });

  it('when the store fails with all it knows', async () => {
    reply = () => json(200, { balance_currency: 1 });
    const failing = async (): Promise<never> => {
      throw new Error(`insert into tokens values ('${canaries.token}')`);
    };
    expect(await leaksWith({ tokens: { get: failing, put: failing, invalidate: failing } })).toEqual([]);
  });

  it('from an option that is wrong', () => {
    for (const wrong of [
      { baseUrl: `not a url ${canaries.token}` },
      { [canaries.email]: 1 },
      { requestsPerSecond: canaries.phone },
      { apiKey: canaries.apiKey },
      { clientId: canaries.clientId.repeat(50) },
    ]) {
      try {
        createSendPulseClient({ clientId, clientSecret, ...wrong } as never);
        expect.unreachable();
      } catch (error) {
        expect(isCartieError(error)).toBe(true);
        expect(leaksOf(error)).toEqual([]);
      }
    }
  });

  it('from the webhook', async () => {
    const seen: unknown[] = [];
    const handler = createSendPulseWebhook({
      secret: canaries.path,
      onUpdate: async (update) => {
        seen.push({ ...update, payload: undefined });
        throw new CartieError('storage_error', 'down');
      },
      onEvent: (event) => seen.push(event),
      onError: (error) => seen.push(error),
    });
    const listening = await serve(handler);
    const event = JSON.stringify([{ event: 'open', email: canaries.email, phone: canaries.phone }]);
    for (const [body, secret] of [
      [event, canaries.path],
      [person, canaries.path],
      [`[{"event":"${person}`, canaries.path],
      ['[{"event":5}]', canaries.path],
      [event, 'another-secret'],
    ] as const) {
      const answer = await fetch(`${listening.url}/${secret}?to=${canaries.email}`, { method: 'POST', body });
      expect(answer.ok).toBe(false);
      seen.push(await answer.text(), Object.fromEntries(answer.headers));
    }
    await listening.close();
    expect(seen.length).toBeGreaterThan(8);
    expect(leaksOf([seen, handler])).toEqual([]);
  });
});
