import { memoryStore } from '@cartie/core';
import { type RunningSandbox, type SandboxViberAccount, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { authToken, type Listening, serve, startViber } from '../tests/support.ts';
import {
  createViberClient,
  createViberWebhook,
  keyboard,
  replyButton,
  richMedia,
  type ViberClient,
  type ViberClientOptions,
  type ViberMessage,
  viberFailure,
} from './index.ts';

let sandbox: RunningSandbox;
let account: SandboxViberAccount;
let webhook: Listening;
let viber: ViberClient;

const clientOf = (options: Partial<ViberClientOptions> = {}): ViberClient =>
  createViberClient({
    authToken: account.token,
    sender: { name: 'Cars' },
    baseUrl: sandbox.viber.apiUrl,
    ...options,
  });

beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
  account = sandbox.viber.createAccount({ superAdmins: ['admin'] });
  sandbox.viber.createUser(account, { id: 'u1', subscribed: true });
  webhook = await serve(createViberWebhook({ authToken: account.token, onUpdate: async () => undefined }));
  viber = clientOf();
  await viber.setWebhook({ url: webhook.url });
});
afterEach(async () => {
  await sandbox.close();
  await webhook.close();
});

const media = 'https://cars.example/x5';
const card = [replyButton('Buy', 'buy', { Rows: 7 })];
const messages: Record<string, ViberMessage> = {
  text: { type: 'text', text: 'Привіт' },
  picture: { type: 'picture', media: `${media}.jpg` },
  video: { type: 'video', media: `${media}.mp4`, size: 1_000, duration: 10 },
  file: { type: 'file', media: `${media}.pdf`, size: 1_000, file_name: 'offer.pdf' },
  contact: { type: 'contact', contact: { name: 'Olena', phone_number: '+380671234567' } },
  location: { type: 'location', location: { lat: 50.45, lon: 30.52 } },
  url: { type: 'url', media },
  sticker: { type: 'sticker', sticker_id: 46105 },
  'rich media': { type: 'rich_media', rich_media: richMedia([card, card]), alt_text: 'Cars' },
  'a keyboard alone': { keyboard: keyboard([[replyButton('Yes'), replyButton('No')]]) },
};

describe('sending', () => {
  test.each(Object.entries(messages))('%s arrives as it was written', async (_, message) => {
    const sent = await viber.sendMessage({ receiver: 'u1', ...message });
    expect(sent).toMatchObject({ status: 0, message_token: expect.stringMatching(/^\d{19}$/) });
    expect(sandbox.viber.messages(account, 'u1')).toMatchObject([
      { messageToken: sent.message_token, message: { ...message, sender: { name: 'Cars' } } },
    ]);
  });

  test('sets the API version that the message needs, and nothing higher', async () => {
    await viber.sendMessage({ receiver: 'u1', type: 'text', text: 'x' });
    await viber.sendMessage({
      receiver: 'u1',
      type: 'text',
      text: 'x',
      keyboard: keyboard([[replyButton('a', 'a', { Frame: { BorderWidth: 1 } })]]),
    });
    const versions = sandbox.viber.messages(account, 'u1').map(({ message }) => message.min_api_version);
    expect(versions).toEqual([1, 6]);
  });

  test('tells what is in the session and what may cost money', async () => {
    expect(await viber.sendMessage({ receiver: 'u1', type: 'text', text: 'x' })).toMatchObject({
      billing_status: 4,
    });
    sandbox.viber.userSends(account, { from: 'u1', text: 'Hi' });
    expect(await viber.sendMessage({ receiver: 'u1', type: 'text', text: 'x' })).toMatchObject({
      billing_status: 1,
    });
  });

  test('to somebody who is gone says so', async () => {
    sandbox.viber.userUnsubscribes(account, 'u1');
    const error = await viber.sendMessage({ receiver: 'u1', type: 'text', text: 'x' }).catch((e) => e);
    expect(viberFailure(error)).toEqual({
      kind: 'receiver_not_subscribed',
      status: 6,
      userUnreachable: true,
    });
  });

  test('is refused without a webhook', async () => {
    await viber.removeWebhook();
    await expect(viber.sendMessage({ receiver: 'u1', type: 'text', text: 'x' })).rejects.toMatchObject({
      code: 'rejected',
      provider: { code: 10 },
    });
  });

  test.each([
    ['a reset', { kind: 'reset', after: true }],
    ['a cut answer', { kind: 'cut_body' }],
    ['a general error', { kind: 'server_error', after: true }],
    ['a page of a gateway', { kind: 'html', after: true }],
    ['half an answer', { kind: 'bad_json', after: true }],
  ] as const)('is not repeated after %s', async (_, fault) => {
    sandbox.faults.set({ provider: 'viber', method: 'send_message', times: 1, ...fault });
    const error = await viber.sendMessage({ receiver: 'u1', type: 'text', text: 'x' }).catch((e) => e);
    expect(error).toMatchObject({ outcome: 'unknown', attempts: 1 });
    expect(sandbox.viber.messages(account, 'u1')).toHaveLength(1);
  });

  test('is repeated where Viber said that it did not take it', async () => {
    sandbox.faults.set({ provider: 'viber', method: 'send_message', kind: 'rate_limited', times: 1 });
    await viber.sendMessage({ receiver: 'u1', type: 'text', text: 'x' });
    expect(sandbox.viber.messages(account, 'u1')).toHaveLength(1);
  });

  test('one that is refused for too many holds back nobody else', async () => {
    const server = await startViber(({ receiver }) =>
      receiver === 'busy'
        ? { json: { status: 12, status_message: 'tooManyRequests' } }
        : { json: { status: 0, status_message: 'ok', message_token: 1 } },
    );
    const own = clientOf({ baseUrl: server.url });
    await expect(
      own.sendMessage({ receiver: 'busy', type: 'text', text: 'x' }, { retries: 0 }),
    ).rejects.toMatchObject({ code: 'rate_limited' });
    await own.sendMessage({ receiver: 'other', type: 'text', text: 'x' }, { deadlineMs: 2_000 });
    await server.close();
  });

  test('keeps every digit of a token', async () => {
    const server = await startViber(() => ({
      text: '{"status":0,"status_message":"ok","message_token":5741311803571721087,"billing_status":1}',
    }));
    const sent = await clientOf({ baseUrl: server.url }).sendMessage({
      receiver: 'u1',
      type: 'text',
      text: 'x',
    });
    expect(sent.message_token).toBe('5741311803571721087');
    await server.close();
  });

  test('never changes the spelling of a keyboard', async () => {
    const buttons = keyboard([[replyButton('a', 'a', { TextVAlign: 'top', BgColor: '#ffffff' })]], {
      DefaultHeight: true,
    });
    await viber.sendMessage({ receiver: 'u1', type: 'text', text: 'x', keyboard: buttons });
    const sent = sandbox.viber.calls().findLast(({ method }) => method === 'send_message');
    expect(sent?.params.keyboard).toEqual(buttons);
  });
});

describe('the webhook', () => {
  test('is called before Viber takes it', async () => {
    const answer = await viber.setWebhook({ url: webhook.url, event_types: ['seen'], send_name: true });
    expect(answer.event_types).toEqual(['message', 'subscribed', 'unsubscribed', 'seen']);
    await webhook.close();
    await expect(viber.setWebhook({ url: webhook.url })).rejects.toMatchObject({
      code: 'rejected',
      provider: { code: 1 },
    });
  });

  test('must be an address', async () => {
    await expect(viber.setWebhook({ url: '' })).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'url',
    });
  });
});

describe('asking', () => {
  test('for the account', async () => {
    expect(await viber.getAccountInfo()).toMatchObject({ id: account.id, subscribers_count: 1 });
  });

  test('for a user’s details goes twice, and a third time is refused here', async () => {
    const store = memoryStore();
    await clientOf({ store }).getUserDetails('u1');
    expect(await clientOf({ store }).getUserDetails('u1')).toMatchObject({ id: 'u1', country: 'UA' });
    const error = await clientOf({ store })
      .getUserDetails('u1')
      .catch((e) => e);
    expect(error).toMatchObject({ code: 'rate_limited', outcome: 'not_executed', attempts: 0, field: 'id' });
    expect(error.retryAfterMs).toBeGreaterThan(11 * 3_600_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(12 * 3_600_000);
    expect(sandbox.viber.calls().filter(({ method }) => method === 'get_user_details')).toHaveLength(2);
    sandbox.viber.createUser(account, { id: 'u2' });
    await clientOf({ store }).getUserDetails('u2');
  });

  test('for details in parallel goes twice, too', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => viber.getUserDetails('u1')));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
  });

  test('for details of a Viber that cannot be reached costs nothing', async () => {
    const store = memoryStore();
    const closed = await startViber(() => 'reset');
    await closed.close();
    const unreachable = clientOf({ store, baseUrl: closed.url });
    for (let n = 0; n < 4; n++) {
      await expect(unreachable.getUserDetails('u1')).rejects.toMatchObject({ code: 'connection_failed' });
    }
    await clientOf({ store }).getUserDetails('u1');
    await clientOf({ store }).getUserDetails('u1');
  });

  test('who is online splits what is too many', async () => {
    const ids = Array.from({ length: 250 }, (_, index) => `u${index}`);
    const online = await viber.getOnline(ids);
    expect(online.map(({ id }) => id)).toEqual(ids);
    expect(online[1]).toMatchObject({ online_status: 0 });
    expect(sandbox.viber.calls().filter(({ method }) => method === 'get_online')).toHaveLength(3);
    expect(await viber.getOnline([])).toEqual([]);
  });

  test('for a method that is newer than the package', async () => {
    const { data } = await viber.call<{ name: string }>('get_account_info', {}, { idempotent: true });
    expect(data.name).toBe('Sandbox bot');
    await expect(viber.call('no_such_thing')).rejects.toMatchObject({ code: 'not_found' });
    await expect(viber.call('../x')).rejects.toMatchObject({ code: 'invalid_input', field: 'method' });
  });
});

test('a post reaches the channel', async () => {
  await viber.post({ from: 'admin', type: 'text', text: 'New cars' });
  expect(sandbox.viber.posts(account)).toMatchObject([{ text: 'New cars', from: 'admin' }]);
  await expect(viber.post({ from: 'somebody', type: 'text', text: 'x' })).rejects.toMatchObject({
    provider: { code: 15 },
  });
});

describe('health', () => {
  test('is ok with a webhook, degraded without, down without a token', async () => {
    expect(await viber.health()).toMatchObject({
      status: 'ok',
      facts: { account: 'Sandbox bot', webhook: true, subscribers: 1 },
    });
    await viber.removeWebhook();
    expect(await clientOf().health()).toMatchObject({ status: 'degraded', facts: { webhook: false } });
    expect(await clientOf({ authToken }).health()).toMatchObject({ status: 'down' });
  });
});

describe('options', () => {
  test.each([
    [{ authToken: '' }, 'authToken'],
    [{ authToken: 'too-short' }, 'authToken'],
    [{ authToken: `${'4a5b6c7d8e9f0a1b-'.repeat(3)}\n` }, 'authToken'],
    [{ sender: undefined }, 'sender'],
    [{ sender: { name: 'x'.repeat(29) } }, 'sender.name'],
    [{ store: {} }, 'store'],
    [{ limits: { apiVersions: { frame: 0 } } }, 'limits.apiVersions.frame'],
    [{ autToken: 'x' }, 'autToken'],
  ])('%j are refused by name', (wrong, field) => {
    expect(() => clientOf(wrong as never)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field }),
    );
  });

  test.each([null, 5, { signal: 5 }])('of a call cannot be %j', async (options) => {
    const error = expect.objectContaining({ code: 'invalid_input', service: 'viber' });
    await expect(viber.getAccountInfo(options as never)).rejects.toEqual(error);
    await expect(viber.getUserDetails('id', options as never)).rejects.toEqual(error);
    const message = { type: 'text', text: 'x', broadcast_list: ['u'] } as const;
    await expect(viber.broadcast(message, options as never)).rejects.toEqual(error);
  });

  test('a token that is none is refused before anything is sent', async () => {
    const own = clientOf({ authToken: () => 'new\r\nline-of-a-header-that-is-long' });
    await expect(own.getAccountInfo()).rejects.toMatchObject({ code: 'invalid_config', field: 'authToken' });
    expect(sandbox.viber.calls().filter(({ method }) => method === 'get_account_info')).toEqual([]);
  });
});
