import { createStores, memoryStore } from '@cartie/core';
import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { afterEach, describe, expect, test } from 'vitest';
import { authToken, type Listening, post, serve, sign } from '../tests/support.ts';
import {
  createViberClient,
  createViberWebhook,
  type ViberUpdate,
  type ViberWebhookOptions,
} from './index.ts';

let webhook: Listening | undefined;
let updates: ViberUpdate[] = [];
let errors: unknown[] = [];

async function start(options: Partial<ViberWebhookOptions> = {}): Promise<string> {
  updates = [];
  errors = [];
  webhook = await serve(
    createViberWebhook({
      authToken,
      accountId: 'pa:1',
      onUpdate: async (update) => updates.push(update),
      onError: (error) => errors.push(error),
      ...options,
    }),
  );
  return webhook.url;
}
afterEach(async () => {
  await webhook?.close();
  webhook = undefined;
});

// From the tests of Viber's own Python package.
const published = {
  body: '{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}',
  signature: 'd21b343448c8aee33b8e93768ef6ceb64a6ba6163099973a2b8bd028fea510ef',
};

describe('the signature', () => {
  test('that Viber published verifies, and its numbers stay exact', async () => {
    const url = await start();
    const answer = await fetch(url, {
      method: 'POST',
      body: published.body,
      headers: { 'x-viber-content-signature': published.signature },
    });
    expect(answer.status).toBe(200);
    expect(updates).toMatchObject([
      { kind: 'webhook', payload: { timestamp: '4977069964384421269', message_token: '1478683725125' } },
    ]);
  });

  test('may come in the query', async () => {
    const url = await start();
    const to = (sig: string) => fetch(`${url}/?sig=${sig}`, { method: 'POST', body: published.body });
    expect((await to(published.signature)).status).toBe(200);
    expect((await to(published.signature.replace('d', 'e'))).status).toBe(401);
  });

  test('in the header counts before one in the query', async () => {
    const url = await start();
    const answer = await fetch(`${url}/?sig=${published.signature}`, {
      method: 'POST',
      body: published.body,
      headers: { 'x-viber-content-signature': '0'.repeat(64) },
    });
    expect(answer.status).toBe(401);
  });

  test('of a token that is being replaced is taken too', async () => {
    const url = await start({ authToken: ['the-new-token-of-the-bot', authToken] });
    expect((await post(url, published.body)).status).toBe(200);
    expect((await post(url, published.body, 'the-new-token-of-the-bot')).status).toBe(200);
    expect((await post(url, published.body, 'another-token-of-a-bot')).status).toBe(401);
  });

  test.each(['', 'x', published.signature.slice(1), `${published.signature}0`, 'g'.repeat(64)])(
    'like «%s» is refused',
    async (signature) => {
      const url = await start();
      const answer = await fetch(url, {
        method: 'POST',
        body: published.body,
        headers: { 'x-viber-content-signature': signature },
      });
      expect(answer.status).toBe(401);
      expect(updates).toEqual([]);
    },
  );
});

describe('a callback', () => {
  const user = { id: 'u+/1==', name: 'Olena', country: 'UA', language: 'uk', api_version: 10 };
  const base = { timestamp: 1_457_764_197_627, chat_hostname: 'SN-CHAT-01_' };
  const text = (fields: object): string =>
    JSON.stringify({ ...base, ...fields, message_token: 0 }).replace(':0}', ':5741311803571721087}');

  test.each([
    ['subscribed', { event: 'subscribed', user }],
    ['unsubscribed', { event: 'unsubscribed', user_id: user.id }],
    ['conversation_started', { event: 'conversation_started', type: 'open', user, subscribed: false }],
    ['message', { event: 'message', sender: user, message: { type: 'text', text: 'Hi' } }],
    ['delivered', { event: 'delivered', user_id: user.id }],
    ['seen', { event: 'seen', user_id: user.id }],
    ['failed', { event: 'failed', user_id: user.id, desc: 'failure description' }],
    ['danced', { event: 'danced', user_id: user.id, steps: [1] }],
  ])('%s is kept whole, in the order of its user', async (kind, fields) => {
    const url = await start();
    expect((await post(url, text(fields))).status).toBe(200);
    expect(updates).toEqual([
      {
        source: 'viber:pa:1',
        id: `${kind}:5741311803571721087:u+/1==`,
        kind,
        orderKey: 'viber:pa:1:user:u+/1==',
        payload: { ...base, ...fields, message_token: '5741311803571721087' },
      },
    ]);
  });

  test('that comes again is handled once; the same token of another user or event is another', async () => {
    const { dedup } = createStores(memoryStore());
    const url = await start({ dedup });
    const bodies = [
      text({ event: 'delivered', user_id: 'a' }),
      text({ event: 'delivered', user_id: 'b' }),
      text({ event: 'seen', user_id: 'a' }),
    ];
    for (const body of [...bodies, ...bodies]) expect((await post(url, body)).status).toBe(200);
    expect(updates).toHaveLength(3);
  });

  test.each([
    '',
    '[]',
    '{}',
    '"event"',
    '{"event":1}',
    '{"event":""}',
    'null',
    '{"event":"message"',
    '\u0000',
  ])('that is no callback gets a 400: %j', async (body) => {
    const url = await start();
    expect((await post(url, body)).status).toBe(400);
  });
});

describe('the welcome message', () => {
  const opened = (id: string, token: number): string =>
    JSON.stringify({
      event: 'conversation_started',
      timestamp: 1,
      message_token: token,
      type: 'open',
      user: { id, name: id },
      subscribed: false,
    });

  test('travels in the answer, complete', async () => {
    const url = await start({
      sender: { name: 'Cars' },
      onConversationStarted: ({ user }) => ({ type: 'text', text: `Hello ${user.name}` }),
    });
    const answer = await post(url, opened('Olena', 1));
    expect(await answer.json()).toEqual({
      type: 'text',
      text: 'Hello Olena',
      sender: { name: 'Cars' },
      min_api_version: 1,
    });
    expect((await post(url, published.body)).headers.get('content-length')).toBe('0');
  });

  test('of one user never appears in another’s answer, with 200 conversations at once', async () => {
    let waiting: (() => void)[] = [];
    const url = await start({
      // All callbacks are in hand at once before the first is answered.
      onUpdate: async () => {
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (waiting.length < 200) return;
          for (const go of waiting.reverse()) go();
          waiting = [];
        });
      },
      onConversationStarted: ({ user }) => ({ type: 'text', text: `Hello ${user.id}` }),
    });
    const ids = Array.from({ length: 200 }, (_, n) => `user-${n}`);
    const answers = await Promise.all(
      ids.map(async (id, n) => ((await (await post(url, opened(id, n))).json()) as { text: string }).text),
    );
    expect(answers).toEqual(ids.map((id) => `Hello ${id}`));
  });

  test('is answered again when the callback comes again', async () => {
    const { dedup } = createStores(memoryStore());
    const url = await start({ dedup, onConversationStarted: () => ({ type: 'text', text: 'Hello' }) });
    for (let n = 0; n < 2; n++) {
      expect(await (await post(url, opened('a', 1))).json()).toMatchObject({ text: 'Hello' });
    }
    expect(updates).toHaveLength(1);
  });

  test.each([
    ['too long', () => ({ type: 'text', text: 'x'.repeat(7_001) })],
    ['a promise', async () => ({ type: 'text', text: 'x' })],
    [
      'thrown',
      () => {
        throw new Error('broken');
      },
    ],
  ])('that is %s is reported, and the callback stays taken', async (_, hook) => {
    const url = await start({ onConversationStarted: hook as never });
    const answer = await post(url, opened('a', 1));
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(errors).toHaveLength(1);
    expect(updates).toHaveLength(1);
  });

  describe('of a sandbox', () => {
    let sandbox: RunningSandbox;
    afterEach(() => sandbox.close());
    test('is in the conversation of each of 200 users, and in no other', async () => {
      sandbox = await startSandbox();
      const account = sandbox.viber.createAccount({ token: authToken });
      const url = await start({
        onConversationStarted: ({ user }) => ({ type: 'text', text: `Hello ${user.id}` }),
      });
      const viber = createViberClient({
        authToken,
        sender: { name: 'Cars' },
        baseUrl: sandbox.viber.apiUrl,
      });
      await viber.setWebhook({ url, event_types: ['conversation_started'] });
      const ids = Array.from({ length: 200 }, (_, n) => `user-${n}`);
      for (const id of ids) sandbox.viber.userOpens(account, id, 'ad');
      await sandbox.viber.settled();
      const got = ids.map((id) => sandbox.viber.messages(account, id).map(({ message }) => message.text));
      expect(got).toEqual(ids.map((id) => [`Hello ${id}`]));
    });
  });
});

test('3,000 malformed requests get a 4xx, and a genuine one is still taken', async () => {
  const url = await start();
  const kinds: (() => Promise<Response>)[] = [
    () => fetch(url, { method: 'POST', body: published.body }),
    () => fetch(`${url}/?sig=zz`, { method: 'POST', body: 'x' }),
    () => post(url, `{"event":${'['.repeat(500)}`),
    () => post(url, `{"event":"message","x":${'['.repeat(300)}${']'.repeat(300)}}`),
    () => post(url, 'null'),
    () => post(url, '\ud800'),
    () => fetch(url, { method: 'PUT', body: published.body }),
    () => fetch(url, { method: 'POST', headers: { 'x-viber-content-signature': sign('') } }),
  ];
  const statuses = new Map<number, number>();
  let next = 0;
  const work = async (): Promise<void> => {
    for (let n = next++; n < 3_000; n = next++) {
      const answer = await (kinds[n % kinds.length] as () => Promise<Response>)();
      await answer.arrayBuffer();
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 16 }, work));
  expect([...statuses.keys()].filter((status) => status < 400 || status > 499)).toEqual([]);
  expect([...statuses.values()].reduce((sum, count) => sum + count)).toBe(3_000);
  expect(updates).toEqual([]);
  expect((await post(url, published.body)).status).toBe(200);
}, 60_000);

describe('options', () => {
  test.each([
    [{ authToken: '' }, 'authToken'],
    [{ authToken: [] }, 'authToken'],
    [{ authToken: undefined }, 'authToken'],
    [{ authToken: 42 }, 'authToken'],
    [{ sender: 'Cars' }, 'sender'],
    [{ sender: { name: '' } }, 'sender.name'],
    [{ limits: { pictureTxt: 1 } }, 'limits.pictureTxt'],
    [{ accountId: '' }, 'accountId'],
    [{ onConversationStarted: 'hello' }, 'onConversationStarted'],
    [{ onUpdate: undefined }, 'onUpdate'],
  ])('%j are refused by name', (wrong, field) => {
    expect(() =>
      createViberWebhook({ authToken, onUpdate: async () => undefined, ...wrong } as never),
    ).toThrow(expect.objectContaining({ code: 'invalid_config', field }));
    expect(() => createViberWebhook(undefined as never)).toThrow('`authToken` must be');
  });
});
