import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../../tests/receiver.ts';
import { type ViberCall, viberApi } from '../../tests/viber-api.ts';
import { type RunningSandbox, type SandboxViberAccount, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let account: SandboxViberAccount;
let call: ViberCall;
let receiver: Receiver;

beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
  account = sandbox.viber.createAccount();
  call = viberApi(sandbox, account);
  receiver = await startReceiver();
  await call('set_webhook', { url: receiver.url });
  sandbox.viber.createUser(account, { id: 'u', subscribed: true });
});
afterEach(async () => {
  await sandbox.close();
  await receiver[Symbol.asyncDispose]();
});

const text = { receiver: 'u', type: 'text', text: 'Hi' };
const button = { ActionType: 'reply', ActionBody: 'x', Text: 'x' };

describe('a message', () => {
  it('gets a token of 64 bits and what it costs', async () => {
    expect(await call('send_message', text)).toMatchObject({
      status: 0,
      status_message: 'ok',
      message_token: expect.stringMatching(/^57\d{17}$/),
      billing_status: 4,
    });
  });

  it.each([
    [4, { ...text, text: undefined }],
    [4, { ...text, type: undefined }],
    [4, { ...text, receiver: undefined }],
    [3, { ...text, text: 'x'.repeat(7_001) }],
    [3, { ...text, sender: { name: 'x'.repeat(29) } }],
    [4, { ...text, sender: undefined }],
    [3, { ...text, type: 'hologram' }],
    [4, { receiver: 'u', type: 'picture', media: 'x' }],
    [3, { receiver: 'u', type: 'video', media: 'x', size: 27 << 20 }],
    [3, { receiver: 'u', type: 'location', location: { lat: 91, lon: 0 } }],
    [3, { ...text, keyboard: { Type: 'keyboard', Buttons: [{ ...button, Rows: 3 }] } }],
    [3, { ...text, keyboard: { Type: 'keyboard', Buttons: Array(25).fill(button) } }],
    [14, { ...text, keyboard: { Type: 'keyboard', Buttons: [{ ActionType: 'share-phone' }] } }],
    [13, { ...text, min_api_version: 11 }],
    [3, { ...text, tracking_data: 'ї'.repeat(4_000), filler: 'x'.repeat(30_000) }],
    [5, { ...text, receiver: 'nobody' }],
  ])('that is wrong gets status %i', async (status, params) => {
    expect(await call('send_message', params)).toMatchObject({ status });
    expect(sandbox.viber.messages(account, 'u')).toEqual([]);
  });

  it('gets 6 without a subscription, 11 without a fitting app, and what a test wants', async () => {
    sandbox.viber.createUser(account, { id: 'stranger' });
    sandbox.viber.createUser(account, { id: 'old', subscribed: true, apiVersion: 1 });
    sandbox.viber.createUser(account, { id: 'far', subscribed: true, refuses: 21 });
    expect(await call('send_message', { ...text, receiver: 'stranger' })).toMatchObject({ status: 6 });
    expect(await call('send_message', { ...text, receiver: 'old', min_api_version: 3 })).toMatchObject({
      status: 11,
    });
    expect(await call('send_message', { ...text, receiver: 'far' })).toMatchObject({ status: 21 });
    sandbox.viber.refuseAll(account, 9);
    expect(await call('send_message', text)).toEqual({
      status: 9,
      status_message: 'publicAccountSuspended',
      chat_hostname: 'SN-CHAT-01_',
    });
  });

  it('gets 12 after a hundred in an hour without a reply, and is free in a session of 60', async () => {
    const statuses: unknown[] = [];
    for (let n = 0; n < 101; n++) statuses.push((await call('send_message', text)).status);
    expect(statuses).toEqual([...Array(100).fill(0), 12]);
    sandbox.viber.userSends(account, { from: 'u', text: 'Hello' });
    const billings: unknown[] = [];
    for (let n = 0; n < 61; n++) billings.push((await call('send_message', text)).billing_status);
    expect(billings).toEqual([...Array(60).fill(1), 4]);
  });

  it('costs money where the free ones are used up', async () => {
    const poor = sandbox.viber.createAccount({ freeMessages: 1 });
    const poorCall = viberApi(sandbox, poor);
    await poorCall('set_webhook', { url: receiver.url });
    sandbox.viber.createUser(poor, { id: 'u', subscribed: true });
    expect(await poorCall('send_message', text)).toMatchObject({ billing_status: 4 });
    expect(await poorCall('send_message', text)).toMatchObject({ billing_status: 5 });
  });
});

describe('a broadcast', () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => `u${n}`);

  it('names each who did not get it', async () => {
    sandbox.viber.createUser(account, { id: 'stranger' });
    const answer = await call('broadcast_message', {
      type: 'text',
      text: 'Hi',
      broadcast_list: ['u', 'stranger', 'nobody'],
    });
    expect(answer).toMatchObject({
      status: 0,
      failed_list: [
        { receiver: 'stranger', status: 6, status_message: 'receiverNotSubscribed' },
        { receiver: 'nobody', status: 5 },
      ],
    });
    expect(sandbox.viber.messages(account, 'u')).toMatchObject([
      { by: 'broadcast_message', messageToken: answer.message_token },
    ]);
  });

  it('takes 300 receivers, 500 times in 10 s', async () => {
    const send = (broadcast_list: string[]) =>
      call('broadcast_message', { type: 'text', text: 'Hi', broadcast_list });
    expect(await send(many(301))).toMatchObject({ status: 3 });
    const slow = await startSandbox({ timeScale: 10 });
    const own = slow.viber.createAccount();
    const ownCall = viberApi(slow, own);
    await ownCall('set_webhook', { url: receiver.url });
    const statuses = new Map<number, number>();
    for (let n = 0; n < 501; n++) {
      const { status } = await ownCall('broadcast_message', {
        type: 'text',
        text: 'Hi',
        broadcast_list: ['nobody'],
      });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(Object.fromEntries(statuses)).toEqual({ 0: 500, 12: 1 });
    await slow.close();
  });
});

describe('the rest of the API', () => {
  it('wants a token and a method that exists', async () => {
    expect(await call('get_account_info', {}, 'wrong')).toMatchObject({ status: 2 });
    const bare = await fetch(`${sandbox.viber.apiUrl}/pa/get_account_info`, { method: 'POST', body: '{}' });
    expect(await bare.json()).toMatchObject({ status: 2 });
    expect((await fetch(`${sandbox.viber.apiUrl}/pa/dance`, { method: 'POST' })).status).toBe(404);
  });

  it('tells of the account, a user twice, and who is online', async () => {
    expect(await call('get_account_info')).toMatchObject({ webhook: receiver.url, subscribers_count: 1 });
    const details = [1, 2, 3].map(() => call('get_user_details', { id: 'u' }));
    expect((await Promise.all(details)).map(({ status }) => status)).toEqual([0, 0, 12]);
    sandbox.viber.createUser(account, { id: 'off', subscribed: true, device: 'offline' });
    const { users } = await call('get_online', { ids: ['u', 'off', 'nobody'] });
    expect(users.map(({ online_status }: { online_status: number }) => online_status)).toEqual([0, 1, 4]);
    expect(await call('get_online', { ids: Array(101).fill('u') })).toMatchObject({ status: 3 });
  });

  it('posts for super admins of a channel', async () => {
    const post = { from: 'admin', type: 'text', text: 'News' };
    expect(await call('post', post)).toMatchObject({ status: 18 });
    const channel = sandbox.viber.createAccount({ superAdmins: ['admin'] });
    const channelCall = viberApi(sandbox, channel);
    await channelCall('set_webhook', { url: receiver.url });
    expect(await channelCall('post', post)).toMatchObject({ status: 0 });
    expect(await channelCall('post', { ...post, from: 'x' })).toMatchObject({ status: 15 });
  });

  it('fails on demand, in Viber’s own words', async () => {
    for (const [kind, status] of [
      ['rate_limited', 12],
      ['server_error', 999],
      ['unauthorized', 2],
      ['forbidden', 7],
    ] as const) {
      sandbox.faults.set({ provider: 'viber', method: 'send_message', kind, times: 1 });
      expect(await call('send_message', text)).toMatchObject({ status });
    }
    expect(await call('send_message', text)).toMatchObject({ status: 0 });
    expect(sandbox.viber.calls().map(({ executed }) => executed)).toEqual([
      true,
      false,
      false,
      false,
      false,
      true,
    ]);
  });
});
