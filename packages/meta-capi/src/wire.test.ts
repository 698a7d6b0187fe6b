import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  clientOptions,
  type FakeMeta,
  lead,
  type Reply,
  refusal,
  startMeta,
  taken,
} from '../tests/support.ts';
import { createMetaCapiClient, type MetaEvent, type UserData } from './index.ts';

let meta: FakeMeta;
let reply: (n: number) => Reply | undefined = () => undefined;
beforeAll(async () => {
  meta = await startMeta((received, n) => reply(n) ?? taken(received));
});
afterAll(() => meta[Symbol.asyncDispose]());
beforeEach(() => {
  meta.received.splice(0);
  reply = () => undefined;
});

/** Everything that went over the wire, in the forms in which a value may hide. */
function wire(): string {
  const all = meta.received.map(({ url, headers, text }) => `${url}\n${JSON.stringify(headers)}\n${text}`);
  const joined = all.join('\n');
  const decoded = joined.replace(/\\u([\da-f]{4})/gi, (_, code) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  let unescaped = decoded;
  try {
    unescaped = decodeURIComponent(decoded.replaceAll('+', ' '));
  } catch {
    // Not everything that holds a % is encoded.
  }
  return [joined, decoded, unescaped].join('\n').toLowerCase();
}

const client = () => createMetaCapiClient({ ...clientOptions(meta.url), breaker: false });

// Letters that occur in nothing else on the wire.
const word = fc.string({ unit: fc.constantFrom(...'ѫѭѯѱѳѵѷѹѻѽѿ'), minLength: 4, maxLength: 12 });
const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 7, maxLength: 7 });
const person = fc.record({ word, digits, other: word });

describe('on the wire', () => {
  test('there is nothing of a person that is to be hashed, whatever field it comes in', async () => {
    const fields = [
      ['email', 'em'],
      ['phone', 'ph'],
      ['firstName', 'fn', 'first_name'],
      ['lastName', 'ln'],
      ['city', 'ct'],
      ['state', 'st'],
      ['externalId', 'external_id'],
      ['app_user_id'],
      ['f5first'],
    ] as const;
    const field = fc.constantFrom(...fields.flat());
    await fc.assert(
      fc.asyncProperty(
        person,
        fc.uniqueArray(field, { minLength: 1 }),
        fc.boolean(),
        async ({ word, digits, other }, names, list) => {
          meta.received.splice(0);
          const values: Record<string, string> = {
            email: `${word}@${other}.example`,
            em: `${word}@${other}.example`,
            phone: `+38067${digits}`,
            ph: `067 ${digits.slice(0, 3)} ${digits.slice(3)}`,
          };
          const userData = Object.fromEntries(
            names.map((name) => {
              const value = values[name] ?? `${word} ${other}`;
              return [name, list ? [value, `${value}!`] : value];
            }),
          );
          await client().send(
            lead({ event_id: 'id', user_data: { ...userData, fbp: 'fb.1.1596403881668.1' } }),
          );
          const sent = wire();
          expect(meta.received).toHaveLength(1);
          for (const raw of [word, other, `67${digits}`]) expect(sent).not.toContain(raw);
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each<[string, string[], string]>([
    ['em', ['em', 'email'], 'Olena@Example.com'],
    ['ph', ['ph', 'phone'], '067 123 45 67'],
    ['fn', ['fn', 'firstName', 'first_name'], 'Олена'],
    ['ln', ['ln', 'lastName', 'last_name'], 'Шевченко'],
    ['db', ['db', 'dateOfBirth', 'date_of_birth'], '16.02.1997'],
    ['ge', ['ge', 'gender'], 'жіноча'],
    ['ct', ['ct', 'city'], 'Київ'],
    ['st', ['st', 'state'], 'Київська обл.'],
    ['zp', ['zp', 'zip', 'postalCode', 'postal_code'], '94035-7'],
    ['country', ['country'], 'Україна'],
    ['external_id', ['external_id', 'externalId'], 'Customer 7'],
    ['app_user_id', ['app_user_id', 'appUserId'], 'User 7'],
    ['f5first', ['f5first'], 'Олена'],
    ['f5last', ['f5last'], 'Шевче'],
    ['fi', ['fi'], 'О'],
    ['dobd', ['dobd'], '16'],
    ['dobm', ['dobm'], '02'],
    ['doby', ['doby'], '1997'],
  ])('%s is a SHA-256, by each of its names', async (key, names, value) => {
    for (const name of names) {
      meta.received.splice(0);
      await client().send(lead({ event_id: 'id', user_data: { madid: 'known', [name]: value } }));
      const sent = JSON.parse(meta.received[0]?.text ?? '').data[0].user_data;
      expect(sent).toEqual({ madid: 'known', [key]: expect.stringMatching(/^[0-9a-f]{64}$/) });
    }
  });

  test('there is no e-mail and no phone of the person, by whatever path an app lets them slip in', async () => {
    await fc.assert(
      fc.asyncProperty(person, fc.boolean(), async ({ word, digits, other }, known) => {
        meta.received.splice(0);
        const email = `${word}@${other}.example`;
        const phone = `067${digits}`;
        const url = `https://${word}:${other}@cars.example/${encodeURIComponent(email)}/x?email=${email}&tel=${phone}&q=1&u=%2B38${phone}&first_name=${word}&Last%4Eame=${encodeURIComponent(other)};surname=${other}#${email}`;
        const event: MetaEvent = lead({
          event_id: 'id',
          user_data: {
            ...(known ? { email, phone } : { phone: `+38${phone}` }),
            client_user_agent: `Browser of ${email}`,
            fbp: `fb.1.1596403881668.38${phone}`,
            partner_name: email,
          },
          event_source_url: url,
          referrer_url: url.toUpperCase().replace('HTTPS', 'https'),
          custom_data: {
            email,
            phone,
            Phone_Number: phone,
            firstName: word,
            'full name': `${word} ${other}`,
            content_name: `Call ${phone} or mail ${email}`,
            search_string: `+38 (067) ${digits.slice(0, 3)}-${digits.slice(3)}`,
            content_ids: [email, `38${phone}`],
            order_id: Number(`38${phone}`),
            contents: [{ id: 1, title: email.toUpperCase(), description: `tel:${phone}` }],
            deep: { er: [{ contact: email, email, toJSON: () => email }, new Map([[email, email]])] },
            [email]: 1,
            when: { toJSON: () => email },
          },
          attribution_data: { scope: email },
        });
        const result = await client().send(event);
        expect(result.status).toBe('accepted');
        expect(result.warnings.length).toBeGreaterThan(5);
        const sent = wire();
        for (const raw of [word, other, `67${digits}`, `${digits.slice(0, 3)}-${digits.slice(3)}`]) {
          expect(sent).not.toContain(raw.toLowerCase());
        }
        expect(inspect(result, { depth: 9 }).toLowerCase()).not.toContain(word);
      }),
      { numRuns: 100 },
    );
  });

  test('nothing personal is in an id: such an event is not sent', async () => {
    const user_data = { phone: '0671234567', email: 'olena@example.com' };
    for (const change of [
      { event_id: 'lead-of-olena@example.com' },
      { event_id: '380671234567' },
      { event_name: 'Lead olena@example.com' },
      { original_event_data: { order_id: 'olena@example.com' } },
    ]) {
      const result = await client().send(lead({ user_data, ...change }));
      expect(result).toMatchObject({ status: 'invalid', error: { code: 'invalid_input' } });
    }
    expect(meta.received).toHaveLength(0);
  });

  test('a key that nobody knows is refused, so that a misspelt one carries nothing out', async () => {
    for (const [change, field] of [
      [{ user_data: { emial: 'olena@example.com' } as UserData }, 'user_data.emial'],
      [{ email: 'olena@example.com' } as object, 'email'],
      [{ action_source: 'app', app_data: { email: 'olena@example.com' } } as object, 'app_data.email'],
    ] as const) {
      const result = await client().send(lead(change));
      expect(result).toMatchObject({ status: 'invalid', error: { field } });
    }
    expect(meta.received).toHaveLength(0);
  });

  test('what is hashed already stays as it is, and what is prepared stays prepared', async () => {
    const sha = 'A'.repeat(64);
    const prepared = client().prepare(
      lead({ user_data: { em: [sha, 'olena@example.com'], ph: sha, country: 'UA' } }),
    );
    expect(prepared.event.user_data).toMatchObject({
      em: [sha.toLowerCase(), expect.any(String)],
      ph: sha.toLowerCase(),
    });
    expect(client().prepare(prepared.event).event).toEqual(prepared.event);
    expect(client().prepare(JSON.parse(JSON.stringify(prepared.event))).event).toEqual(prepared.event);
  });

  test('the token is in one header and nowhere else, with the proof of the secret in the body', async () => {
    const options = { ...clientOptions(meta.url), appSecret: 'app-secret-0123456789' };
    await createMetaCapiClient({ ...options, testEventCode: 'TEST42', partnerAgent: 'cartie' }).send(lead());
    const [one] = meta.received;
    expect(one).toMatchObject({ method: 'POST', url: '/v26.0/1234567890/events' });
    expect(one?.headers.authorization).toBe(`Bearer ${options.accessToken}`);
    expect(one?.text).not.toContain(String(options.accessToken));
    expect(wire()).not.toContain(options.appSecret);
    expect(JSON.parse(one?.text ?? '')).toMatchObject({
      appsecret_proof: createHmac('sha256', options.appSecret)
        .update(String(options.accessToken))
        .digest('hex'),
      test_event_code: 'TEST42',
      partner_agent: 'cartie',
    });
  });

  test('each tenant has his own token, also while both send', async () => {
    const clients = ['1', '2'].map((id) =>
      createMetaCapiClient({
        ...clientOptions(meta.url),
        datasetId: id,
        accessToken: async () => `token-of-${id}`,
      }),
    );
    await Promise.all(Array.from({ length: 20 }, (_, index) => clients[index % 2]?.send(lead())));
    for (const { url, headers } of meta.received) {
      expect(headers.authorization).toBe(`Bearer token-of-${url.split('/')[2]}`);
    }
  });
});

describe('the canary', () => {
  const secrets = {
    token: 'EAAcanary-token-0123456789abcdef',
    secret: 'canary-app-secret-0123456789',
    email: 'canary.olena@example.com',
    phone: '0671234509',
  };
  const echo = `${secrets.token} ${secrets.secret} ${secrets.email} +38${secrets.phone}`;

  test.each<[string, Reply | undefined, Partial<MetaEvent>?]>([
    ['success', undefined],
    ['an invalid event', undefined, { event_time: 1 }],
    ['an unknown field', undefined, { [secrets.email]: 1 } as object],
    [
      'a foreign error',
      undefined,
      {
        get user_data(): UserData {
          throw new Error(echo);
        },
      },
    ],
    ['a refusal that echoes', refusal(100, 2804016, { message: echo, error_user_msg: echo })],
    ['a wrong token', refusal(190, 463, { message: echo }, 401)],
    ['a limit', refusal(4, undefined, { message: echo })],
    ['an unknown code', refusal(987_654, undefined, { message: echo, fbtrace_id: echo })],
    ['a web page', { status: 502, text: `<html>${echo}</html>` }],
    ['text that is no JSON', { status: 400, text: echo }],
    ['an answer without a count', { json: { note: echo, fbtrace_id: echo } }],
    [
      'another version',
      { headers: { 'facebook-api-version': 'v21.0' }, json: { events_received: 1, fbtrace_id: echo } },
    ],
    ['a redirect', { status: 302, headers: { location: `https://x.example/?t=${secrets.token}` }, text: '' }],
    ['a reset', 'reset'],
    ['a timeout', 'hang'],
  ])('%s shows no token, secret, e-mail or phone', async (_, answer, change = {}) => {
    reply = () => answer;
    const seen: unknown[] = [];
    const client = createMetaCapiClient({
      ...clientOptions(meta.url),
      accessToken: secrets.token,
      appSecret: async () => secrets.secret,
      retries: 1,
      timeoutMs: 150,
      onEvent: (event) => seen.push(event),
    });
    const input = { ...lead({ user_data: { email: secrets.email, phone: secrets.phone } }) };
    Object.defineProperties(input, Object.getOwnPropertyDescriptors(change));
    const result = await client.send(input);
    const prepared = await Promise.resolve()
      .then(() => client.prepare(input))
      .catch((error: unknown) => error);
    const health = await client.health();
    const error = 'error' in result ? [result.error, result.error.stack, result.error.message] : [];
    const shown = inspect([result, error, prepared, health, client, seen], { depth: 12, showHidden: true });
    for (const value of [...Object.values(secrets), secrets.phone.slice(1)])
      expect(shown).not.toContain(value);
  });
});
