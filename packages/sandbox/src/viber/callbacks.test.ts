import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Receiver, type Reply, startReceiver } from '../../tests/receiver.ts';
import { type ViberCall, viberApi } from '../../tests/viber-api.ts';
import { createSandbox, type RunningSandbox, type SandboxViberAccount, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let account: SandboxViberAccount;
let call: ViberCall;
let receiver: Receiver;
let reply: Reply = {};

beforeEach(async () => {
  reply = {};
  sandbox = await startSandbox({ timeScale: 0.001 });
  account = sandbox.viber.createAccount();
  call = viberApi(sandbox, account);
  receiver = await startReceiver(() => reply);
});
afterEach(async () => {
  await sandbox.close();
  await receiver[Symbol.asyncDispose]();
});

const text = { receiver: 'u', type: 'text', text: 'Hi' };
const connect = (more: object = {}) => call('set_webhook', { url: receiver.url, ...more });
const events = () => receiver.received.map(({ update }) => update.event);

describe('set_webhook', () => {
  it('calls the address at once, signed, and wants a 200', async () => {
    expect(await connect({ event_types: ['seen'] })).toMatchObject({
      status: 0,
      event_types: ['message', 'subscribed', 'unsubscribed', 'seen'],
    });
    const [check] = receiver.received;
    expect(check?.update).toMatchObject({ event: 'webhook', timestamp: expect.any(Number) });
    expect(check?.raw).toMatch(/"message_token":57\d{17}\b/);
    const signature = createHmac('sha256', account.token)
      .update(check?.raw ?? '')
      .digest('hex');
    expect(check?.headers['x-viber-content-signature']).toBe(signature);
    reply = { status: 204 };
    expect(await connect()).toMatchObject({ status: 1, status_message: 'invalidUrl' });
    expect(await call('set_webhook', { url: 'ftp://example.com' })).toMatchObject({ status: 1 });
    expect(await call('set_webhook', {})).toMatchObject({ status: 4 });
    expect(await connect({ event_types: ['dance'] })).toMatchObject({ status: 3 });
  });

  it('ends with an empty address', async () => {
    await connect();
    await call('set_webhook', { url: '' });
    expect(await call('send_message', text)).toMatchObject({ status: 10 });
    sandbox.viber.userSends(account, { from: 'u', text: 'Hello' });
    await sandbox.viber.settled();
    expect(events()).toEqual(['webhook']);
  });
});

describe('callbacks', () => {
  it('tell what users do', async () => {
    await connect({ send_name: true });
    sandbox.viber.userOpens(account, 'u', 'ad-1');
    await sandbox.viber.settled();
    sandbox.viber.userSubscribes(account, 'u');
    await sandbox.viber.settled();
    await call('send_message', { ...text, tracking_data: 'step-1' });
    await sandbox.viber.settled();
    sandbox.viber.userLooks(account, 'u');
    await sandbox.viber.settled();
    sandbox.viber.userSends(account, { from: 'u', text: 'Hello' });
    await sandbox.viber.settled();
    sandbox.viber.userUnsubscribes(account, 'u');
    await sandbox.viber.settled();
    expect(receiver.received.slice(1).map(({ update }) => update)).toMatchObject([
      { event: 'conversation_started', type: 'open', context: 'ad-1', user: { id: 'u' }, subscribed: false },
      { event: 'subscribed', user: { id: 'u', name: 'Olena' } },
      { event: 'delivered', user_id: 'u' },
      { event: 'seen', user_id: 'u' },
      {
        event: 'message',
        sender: { id: 'u' },
        message: { type: 'text', text: 'Hello', tracking_data: 'step-1' },
      },
      { event: 'unsubscribed', user_id: 'u' },
    ]);
  });

  it('name a message by the token that its sender got', async () => {
    await connect();
    sandbox.viber.createUser(account, { id: 'u', subscribed: true });
    sandbox.viber.createUser(account, { id: 'broken', subscribed: true, device: 'failing' });
    sandbox.viber.createUser(account, { id: 'off', subscribed: true, device: 'offline' });
    const tokens: string[] = [];
    for (const id of ['u', 'broken', 'off']) {
      tokens.push((await call('send_message', { ...text, receiver: id })).message_token);
    }
    await sandbox.viber.settled();
    const told = () =>
      receiver.received.slice(1).map(({ raw }) => /"event":"(\w+)".*?:(57\d+)/.exec(raw)?.slice(1));
    expect(told()).toEqual([
      ['delivered', tokens[0]],
      ['failed', tokens[1]],
    ]);
    sandbox.viber.userComesOnline(account, 'off');
    await sandbox.viber.settled();
    expect(told()[2]).toEqual(['delivered', tokens[2]]);
  });

  it('come again after anything but 200, ten times at most', async () => {
    await connect();
    reply = { status: 500 };
    sandbox.viber.userSends(account, { from: 'u', text: 'Hello' });
    await sandbox.viber.settled();
    const tries = sandbox.viber.callbacks().filter(({ event }) => event === 'message');
    expect(tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const pauses = tries.slice(1).map(({ at }, index) => at - (tries[index]?.at ?? 0));
    // 10 s, 60 s, 5 min, 10 min, then 15 min, a thousand times faster. A busy machine may only be slower.
    const least = [10, 60, 300, 600, 900, 900, 900, 900, 900];
    expect(pauses.filter((pause, index) => pause < (least[index] as number) - 5)).toEqual([]);
    const raw = receiver.received.slice(1).map((one) => one.raw);
    expect(new Set(raw).size).toBe(1);
  });

  it('carry welcome messages back, and forget what is none', async () => {
    await connect();
    reply = { body: JSON.stringify({ sender: { name: 'Cars' }, type: 'text', text: 'Welcome' }) };
    sandbox.viber.userOpens(account, 'u');
    await sandbox.viber.settled();
    expect(sandbox.viber.messages(account, 'u')).toMatchObject([
      { by: 'welcome', state: 'delivered', message: { text: 'Welcome' } },
    ]);
    // It is no subscription.
    expect(await call('send_message', text)).toMatchObject({ status: 6 });
    for (const body of ['nonsense', '{}', '"x"', 'null', JSON.stringify({ type: 'text', text: '' })]) {
      reply = { body };
      sandbox.viber.userOpens(account, 'u');
      await sandbox.viber.settled();
    }
    expect(sandbox.viber.messages(account, 'u')).toHaveLength(1);
  });
});

describe('taps', () => {
  const keyboard = {
    Type: 'keyboard',
    Buttons: [
      { ActionType: 'reply', ActionBody: 'yes', Text: 'Yes' },
      { ActionType: 'reply', ActionBody: 'quiet', Text: 'Quiet', Silent: true },
      { ActionType: 'share-phone', ActionBody: 'phone', Text: 'Call me' },
      { ActionType: 'location-picker', ActionBody: 'place', Text: 'Here' },
      { ActionType: 'none', Text: 'Nothing' },
    ],
  };
  it('send what the button says', async () => {
    await connect();
    sandbox.viber.createUser(account, { id: 'u', subscribed: true, phone: '380501112233' });
    await call('send_message', { ...text, keyboard, min_api_version: 3 });
    for (const button of ['Yes', 'quiet', 'Call me', 'Here', 'Nothing']) {
      sandbox.viber.userTaps(account, { from: 'u', button });
      await sandbox.viber.settled();
    }
    const messages = receiver.received.flatMap(({ update }) =>
      update.event === 'message' ? [[update.message, update.silent]] : [],
    );
    expect(messages).toMatchObject([
      [{ type: 'text', text: 'yes' }, false],
      [{ type: 'text', text: 'quiet' }, true],
      [{ type: 'contact', contact: { phone_number: '380501112233' } }, false],
      [{ type: 'location', location: { lat: 50.4501 } }, false],
    ]);
    expect(() => sandbox.viber.userTaps(account, { from: 'u', button: 'No' })).toThrow('button');
  });
});

it('reaches a webhook in this process', async () => {
  const got: string[] = [];
  const own = createSandbox({
    webhookFetch: async (request) => {
      got.push(((await request.json()) as { event: string }).event);
      return new Response();
    },
  });
  const { getResponse } = await import('msw');
  const bot = own.viber.createAccount();
  await getResponse(
    own.handlers,
    new Request('https://chatapi.viber.com/pa/set_webhook', {
      method: 'POST',
      headers: { 'x-viber-auth-token': bot.token },
      body: JSON.stringify({ url: 'https://example.com/hook' }),
    }),
  );
  own.viber.userSends(bot, { from: 'u', text: 'Hello' });
  await own.viber.settled();
  expect(got).toEqual(['webhook', 'message']);
  own.close();
});

it('is there for other languages by the control API', async () => {
  const control = async (path: string, body?: object): Promise<unknown> =>
    (
      await fetch(`${sandbox.url}/_sandbox/viber/${path}`, {
        ...(body && {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      })
    ).json();
  await connect();
  expect(await control('send', { from: 'u', text: 'Hello' })).toEqual({
    message_token: expect.stringMatching(/^57\d{17}$/),
  });
  await sandbox.viber.settled();
  expect(await control('messages?user=u')).toMatchObject([{ message: { text: 'Hello' } }]);
  expect(await control('callbacks')).toMatchObject([{ event: 'webhook' }, { event: 'message', status: 200 }]);
  expect(await control('users')).toMatchObject([{ id: 'u', subscribed: true }]);
  expect(await control('messages')).toEqual({ error: 'user: the id of a user is missing' });
});
