import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codec, createRawClient, errorOf, layer, type RawClient } from '../../tests/raw-client.ts';
import { createTlWriter } from './codec/tl-writer.ts';
import type { ProvisionedKey, TestDc, TestDcAccount } from './public.ts';
import { startTestDc } from './start-test-dc.ts';

let dc: TestDc;
let account: TestDcAccount;
let key: ProvisionedKey;
let client: RawClient;

beforeEach(async () => {
  dc = await startTestDc();
  account = dc.addAccount();
  key = dc.provisionKey(account);
  client = createRawClient(key);
});
afterEach(async () => {
  client.close();
  await dc.close();
});

const getState = { _: 'updates.getState' };

describe('the protocol', () => {
  it.each(['abridged', 'intermediate', 'padded', 'full'] as const)(
    'is spoken over %s, also in segments of one byte',
    async (transport) => {
      dc.faults.set({ kind: 'split', bytes: 1 });
      const one = createRawClient(key, transport);
      expect(await one.call(getState)).toMatchObject({ _: 'updates.state', pts: 1 });
      expect(dc.connections.list({ keyId: key.keyId }).at(-1)).toMatchObject({
        transport,
        obfuscated: false,
      });
      one.close();
    },
  );

  it.each(['abridged', 'intermediate', 'padded'] as const)(
    'is spoken over %s that is obfuscated',
    async (transport) => {
      dc.faults.set({ kind: 'split', bytes: 1 });
      const one = createRawClient(key, transport, { isObfuscated: true });
      expect(await one.call(getState)).toMatchObject({ _: 'updates.state', pts: 1 });
      expect(dc.connections.list({ keyId: key.keyId }).at(-1)).toMatchObject({ transport, obfuscated: true });
      one.close();
    },
  );

  it('tells a new session and its salt, and refuses an old salt without executing', async () => {
    await client.call(getState);
    expect(client.heard.map(({ object }) => object._)).toEqual([
      'bad_server_salt',
      'new_session_created',
      'rpc_result',
    ]);
    dc.rotateSalts();
    await client.call(getState);
    expect(client.heard.filter(({ object }) => object._ === 'bad_server_salt')).toHaveLength(2);
    expect(dc.requests.count({ method: 'updates.getState' })).toBe(2);
  });

  it('numbers its messages: ids rise, answers are 1 and pushes 3 modulo 4, content has odd sequence numbers', async () => {
    const channel = dc.createChannel({ members: [account] });
    await client.call(getState);
    for (let index = 0; index < 5; index += 1) channel.post(String(index));
    await client.hears('updates');
    await client.call(getState);
    const own = client.heard.filter(({ object }) => object._ === 'rpc_result' || object._ === 'updates');
    expect(own.map(({ id }) => id)).toEqual(own.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1)));
    expect(own.map(({ id, object }) => [object._, id % 4n])).toContainEqual(['updates', 3n]);
    expect(
      own.every(({ id, object, seq }) => id % 4n === (object._ === 'updates' ? 3n : 1n) && seq % 2 === 1),
    ).toBe(true);
    expect(new Set(own.map(({ seq }) => seq)).size).toBe(own.length);
  });

  it('refuses the ids of a clock that is wrong', async () => {
    await client.call(getState);
    dc.setClockSkew(600_000);
    client.send(getState);
    expect(await client.hears('bad_msg_notification')).toMatchObject({ error_code: 16 });
    client.heard.length = 0;
    dc.setClockSkew(-600_000);
    client.send(getState);
    expect(await client.hears('bad_msg_notification')).toMatchObject({ error_code: 17 });
    client.heard.length = 0;
    dc.setClockSkew(0);
    client.send(getState, { id: ((BigInt(Date.now()) << 32n) / 1000n) | 1n });
    expect(await client.hears('bad_msg_notification')).toMatchObject({ error_code: 18 });
  });

  it('executes a message that comes twice once', async () => {
    await client.call(getState);
    const id = client.send(getState);
    client.send(getState, { id });
    await client.hears('msgs_ack');
    expect(dc.requests.count({ method: 'updates.getState' })).toBe(2);
  });

  it('answers a container in a container', async () => {
    await client.call(getState);
    client.heard.length = 0;
    const writer = createTlWriter();
    writer.id(0x73f1f8dc);
    writer.int(2);
    const bodies = [getState, { _: 'ping', ping_id: 7n }].map((body) => codec.encode(body, layer));
    const now = ((BigInt(Date.now() + 1_000) << 32n) / 1000n) & ~3n;
    for (const [index, body] of bodies.entries()) {
      writer.long(now + BigInt(index * 4));
      writer.int(1);
      writer.int(body.length);
      writer.raw(body);
    }
    client.send(writer.done());
    expect(await client.hears('pong')).toMatchObject({ ping_id: 7n, msg_id: now + 4n });
    expect(client.heard.map(({ object }) => object._)).toEqual(['rpc_result', 'pong']);
  });

  it('says what it received, sends again what is asked for, and knows future salts', async () => {
    await client.call(getState);
    const id = client.send(getState);
    client.send({ _: 'msgs_state_req', msg_ids: [id, 12n] });
    expect((await client.hears('msgs_state_info')).info).toEqual(Buffer.from([4, 1]));
    const answer = client.heard.find(({ object }) => object.requestId === id);
    client.heard.length = 0;
    client.send({ _: 'msg_resend_req', msg_ids: [answer?.id ?? 0n] });
    expect((await client.hears('rpc_result')).requestId).toBe(id);
    client.send({ _: 'get_future_salts', num: 3 });
    await client.hears('future_salts');
    client.send({ _: 'destroy_session', session_id: 5n });
    await client.hears('destroy_session_none');
  });

  it('closes a connection that stops to ping', async () => {
    await client.call(getState);
    client.send({ _: 'ping_delay_disconnect', ping_id: 1n, disconnect_delay: 0 });
    await client.closed();
  });

  it('tells what comes of a call in its answer, and pushes it to other sessions only', async () => {
    const friend = dc.addAccount();
    const other = createRawClient(key);
    const theirs = createRawClient(dc.provisionKey(friend));
    for (const one of [client, other, theirs]) await one.call(getState);
    const group = dc.createGroup({ members: [account, friend] });
    client.heard.length = 0;
    const sent = await client.call({
      _: 'messages.sendMessage',
      peer: { _: 'inputPeerChat', chat_id: group.id },
      message: 'Hi',
      random_id: 7n,
    });
    expect(sent).toMatchObject({ _: 'updateShortSentMessage', id: 1, pts: 2, pts_count: 1 });
    for (const one of [other, theirs]) await one.hears('updates');
    await client.call(getState);
    expect(client.heard.map(({ object }) => object._)).toEqual(['rpc_result', 'rpc_result']);
    for (const one of [other, theirs]) one.close();
  });

  it('lets anybody in who has the address of invitation', async () => {
    const channel = dc.createChannel({ title: 'Closed' });
    const hash = channel.invitation?.split('+')[1];
    expect(await client.call({ _: 'messages.checkChatInvite', hash })).toMatchObject({
      _: 'chatInvite',
      title: 'Closed',
    });
    expect(await client.call({ _: 'messages.importChatInvite', hash })).toMatchObject({ _: 'updates' });
    expect(channel.members().map(({ id }) => id)).toEqual([account.id]);
    expect(errorOf(await client.call({ _: 'messages.importChatInvite', hash }))).toBe(
      'USER_ALREADY_PARTICIPANT',
    );
    expect((await client.call({ _: 'messages.checkChatInvite', hash }))._).toBe('chatInviteAlready');
    expect(errorOf(await client.call({ _: 'messages.importChatInvite', hash: 'none' }))).toBe(
      'INVITE_HASH_INVALID',
    );
  });

  it('wants to be introduced', async () => {
    client.send(getState);
    client.salt = (await client.hears('bad_server_salt')).new_server_salt as bigint;
    client.send(getState);
    expect((await client.hears('rpc_result')).result).toMatchObject({
      error_message: 'CONNECTION_NOT_INITED',
    });
  });

  it('knows which methods need a login', async () => {
    await client.call({ _: 'auth.logOut' });
    expect(errorOf(await client.call(getState))).toBe('AUTH_KEY_UNREGISTERED');
    expect((await client.call({ _: 'help.getConfig' }))._).toBe('config');
    expect(errorOf(await client.call({ _: 'help.getSupport' }))).toBe('METHOD_INVALID');
  });
});
