import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codec, createRawClient, errorOf, layer, type RawClient } from '../../tests/raw-client.ts';
import type { ProvisionedKey, TestDc, TestDcAccount, TestDcChat } from './public.ts';
import { startTestDc } from './start-test-dc.ts';

let dc: TestDc;
let account: TestDcAccount;
let channel: TestDcChat;
let key: ProvisionedKey;
let client: RawClient;

beforeEach(async () => {
  dc = await startTestDc();
  account = dc.addAccount();
  channel = dc.createChannel({ members: [account] });
  key = dc.provisionKey(account);
  client = createRawClient(key);
  await client.call(getState);
});
afterEach(async () => {
  client.close();
  await dc.close();
});

const getState = { _: 'updates.getState' };
const getConfig = { _: 'help.getConfig' };

describe('faults of requests', () => {
  it.each([
    [{ kind: 'flood_wait', seconds: 17 }, 420, 'FLOOD_WAIT_17'],
    [{ kind: 'error', code: 500, message: 'RPC_CALL_FAIL' }, 500, 'RPC_CALL_FAIL'],
    [{ kind: 'auth_key_unregistered' }, 401, 'AUTH_KEY_UNREGISTERED'],
    [{ kind: 'auth_key_duplicated' }, 406, 'AUTH_KEY_DUPLICATED'],
  ] as const)('%o is answered once, and only to its method', async (fault, code, text) => {
    dc.faults.set({ ...fault, method: 'updates.getState', times: 1 });
    expect((await client.call(getConfig))._).toBe('config');
    expect(await client.call(getState)).toMatchObject({ error_code: code, error_message: text });
    expect((await client.call(getState))._).toBe('updates.state');
    expect(dc.requests.list({ method: 'updates.getState' }).map(({ error }) => error)).toEqual([
      undefined,
      text,
      undefined,
    ]);
  });

  it('hits one account and not another', async () => {
    const other = createRawClient(dc.provisionKey(dc.addAccount()));
    dc.faults.set({ kind: 'flood_wait', account });
    expect((await other.call(getState))._).toBe('updates.state');
    expect(errorOf(await client.call(getState))).toBe('FLOOD_WAIT_1');
    other.close();
  });

  it('answers with a constructor that no client knows', async () => {
    dc.faults.set({ kind: 'unknown_constructor' });
    expect(await client.call(getState)).toEqual({ _: 'unknown' });
  });

  it('answers late, or never', async () => {
    dc.faults.set({ kind: 'slow', delayMs: 300, times: 1 });
    const started = performance.now();
    await client.call(getState);
    expect(performance.now() - started).toBeGreaterThan(250);
    dc.faults.set({ kind: 'swallow', times: 1 });
    const id = client.send(getState);
    await client.call(getState);
    expect(client.heard.some(({ object }) => object.requestId === id)).toBe(false);
  });

  it('drops the connection instead of an answer, before or after the request is executed', async () => {
    channel = dc.createChannel({ admins: [account] });
    const { id } = channel.post('Golf');
    const deletion = {
      _: 'channels.deleteMessages',
      channel: { _: 'inputChannel', channel_id: channel.id, access_hash: channel.accessHash },
      id: [id],
    };
    dc.faults.set({ kind: 'drop', times: 1 });
    client.send(deletion);
    await client.closed();
    expect(channel.messages()).toHaveLength(1);
    const again = createRawClient(key);
    await again.call(getState);
    dc.faults.set({ kind: 'drop', times: 1, after: true });
    again.send(deletion);
    await again.closed();
    expect(channel.messages()).toHaveLength(0);
  });
});

describe('faults of connections', () => {
  it('is mute: it reads and never writes', async () => {
    dc.faults.set({ kind: 'mute' });
    const before = client.heard.length;
    client.send(getState);
    await dc.requests.received({ method: 'updates.getState' }, 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(client.heard.length).toBe(before);
    expect(client.socket.closed).toBe(false);
  });

  it('accepts and closes', async () => {
    dc.faults.set({ kind: 'accept_and_close' });
    const socket = connect(dc.port, dc.host);
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
    expect(dc.connections.total).toBe(2);
    expect(dc.connections.open).toBe(1);
  });

  it('answers by an error of the transport', async () => {
    dc.faults.set({ kind: 'transport_error', code: -429, times: 1 });
    client.send(getState);
    await client.closed();
    expect(client.failures).toEqual([-429]);
  });

  it('forgets keys: -404', async () => {
    dc.forgetKeys(account);
    client.send(getState);
    await client.closed();
    expect(client.failures).toEqual([-404]);
  });

  it('drops connections whose keys it has forgotten, and those that have not said anything', async () => {
    const silent = connect(dc.port, dc.host);
    await expect.poll(() => dc.connections.open).toBe(2);
    dc.forgetKeys(account);
    expect(dc.drop(account)).toBe(1);
    await client.closed();
    const closed = once(silent, 'close');
    silent.resume();
    expect(dc.drop()).toBe(1);
    await closed;
  });

  it('is down and up again, with its state, at its address', async () => {
    await dc.suspend();
    await client.closed();
    const refused = connect(dc.port, dc.host);
    await expect(once(refused, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await dc.resume();
    const again = createRawClient(key);
    expect((await again.call(getState))._).toBe('updates.state');
    again.close();
  });

  it('drops the connections of one account', async () => {
    const other = createRawClient(dc.provisionKey(dc.addAccount()));
    await other.call(getState);
    expect(dc.drop(account)).toBe(1);
    await client.closed();
    expect((await other.call(getState))._).toBe('updates.state');
    other.close();
  });

  it('revokes: the first call is told so, the next that there is no authorization', async () => {
    dc.revoke(account);
    expect(errorOf(await client.call(getState))).toBe('SESSION_REVOKED');
    expect(errorOf(await client.call(getState))).toBe('AUTH_KEY_UNREGISTERED');
  });
});

describe('faults of updates', () => {
  const posts = (): unknown[] =>
    client.heard.filter(({ object }) => object._ === 'updates').map(({ id }) => id);

  it('loses, repeats and delays', async () => {
    dc.faults.set({ kind: 'lose_updates', times: 1 });
    channel.post('lost');
    dc.faults.set({ kind: 'repeat_updates', times: 1 });
    channel.post('twice');
    await expect.poll(posts).toHaveLength(2);
    expect(channel.pts).toBe(3);
    dc.faults.set({ kind: 'slow_updates', delayMs: 200, times: 1 });
    const started = performance.now();
    channel.post('late');
    await expect.poll(posts).toHaveLength(3);
    expect(performance.now() - started).toBeGreaterThan(150);
  });

  it('replays the last push byte by byte', async () => {
    channel.post('once');
    await expect.poll(posts).toHaveLength(1);
    expect(dc.replayLast(account)).toBe(1);
    await expect.poll(posts).toHaveLength(2);
    expect(new Set(posts()).size).toBe(1);
  });

  it('pushes what it is told to', async () => {
    dc.pushRaw(account, { _: 'updatesTooLong' });
    await client.hears('updatesTooLong');
    dc.pushRaw(account, codec.encode({ _: 'updateShort', update: { _: 'updateConfig' } }, layer));
    await client.hears('updateShort');
  });
});
