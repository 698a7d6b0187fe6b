import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMtcuteClients } from '../../tests/mtcute-client.ts';
import { createRawClient } from '../../tests/raw-client.ts';
import type { TlObject } from './codec/tl-object.ts';
import type { ProvisionedKey, TestDc, TestDcAccount, TestDcChat } from './public.ts';
import { startTestDc } from './start-test-dc.ts';

vi.setConfig({ testTimeout: 60_000 });

let folder: string;
let stateFile: string;
let dc: TestDc;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cartie-dc-'));
  stateFile = join(folder, 'made', 'dc.json');
  dc = await startTestDc({ stateFile });
});
afterEach(async () => {
  await dc.close();
  await rm(folder, { recursive: true });
});

async function restart(): Promise<void> {
  await dc.close();
  dc = await startTestDc({ stateFile });
}

function accountOf({ phone }: TestDcAccount): TestDcAccount {
  const found = dc.accounts().find((one) => one.phone === phone);
  if (found === undefined) throw new Error('the account is gone');
  return found;
}

describe('a DC with a state file', () => {
  it('has the same clients logged in after a restart, at the same port, and they miss nothing', async () => {
    const account = dc.addAccount({ password: 'correct horse' });
    const before = dc.createChannel({ title: 'Cars', username: 'cars_ua', members: [account] });
    before.fill(120);
    const clients = await createMtcuteClients(dc);
    const client = await clients.signIn(account.phone, 'correct horse');
    const told: string[] = [];
    client.onNewMessage.add(({ text }) => told.push(text));
    before.post('before');
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['before']);
    dc.faults.set({ kind: 'lose_updates', times: 1 });
    before.post('lost on its way');
    const { port, publicKey } = dc;

    await restart();
    expect([dc.port, dc.publicKey]).toEqual([port, publicKey]);
    expect((await client.getMe()).id).toBe(account.id);
    const [channel] = dc.channels() as [TestDcChat];
    channel.post('after');
    await expect.poll(() => told, { timeout: 20_000 }).toEqual(['before', 'lost on its way', 'after']);
    const history = [];
    for await (const { id, text } of client.iterHistory('cars_ua')) history.unshift([id, text]);
    expect(history).toHaveLength(123);
    expect(history).toEqual(channel.messages().map(({ id, text }) => [id, text]));
    expect(dc.connections.handshakes).toBe(0);
    expect(dc.requests.count({ method: 'auth.sendCode' })).toBe(0);

    // The password is known still, for the next login.
    const others = await createMtcuteClients(dc);
    const other = await others.signIn(account.phone, 'correct horse');
    expect((await other.getMe()).id).toBe(account.id);
    await Promise.all([clients.close(), others.close()]);
  });

  it('answers as before: chats, histories, files, differences', async () => {
    const account = dc.addAccount({ firstName: 'Olena', lastName: 'K', username: 'olena' });
    const friend = dc.addAccount({ firstName: 'Taras' });
    const channel = dc.createChannel({ title: 'Cars', members: [account], admins: [friend] });
    const banned = dc.createChannel({ title: 'Closed', username: 'closed', members: [account] });
    const group = dc.createGroup({ title: 'Team', members: [account, friend] });
    const chat = dc.privateChat(account, friend);
    const photo = Buffer.from('a picture');
    const post = channel.post({ text: 'Golf', media: { bytes: photo } });
    channel.edit(post.id, { text: 'Golf, sold' });
    channel.delete(channel.post('gone').id);
    channel.post({ text: 'an album', groupedId: 2n ** 62n, replyTo: post.id });
    banned.ban(account);
    group.post({ text: 'Anyone?', from: friend });
    group.delete(group.post({ text: 'never mind', from: friend }).id);
    chat.post({ text: 'Hello', from: friend });
    const key = dc.provisionKey(account);
    const inputChannel = { _: 'inputChannel', channel_id: channel.id, access_hash: channel.accessHash };
    const peer = { ...inputChannel, _: 'inputPeerChannel' };
    const filter = { _: 'channelMessagesFilterEmpty' };
    const difference = { _: 'updates.getChannelDifference', channel: inputChannel, filter };
    const page = { offset_id: 0, offset_date: 0, add_offset: 0, limit: 100, max_id: 0, min_id: 0, hash: 0 };
    const questions: TlObject[] = [
      { _: 'users.getUsers', id: [{ _: 'inputUserSelf' }] },
      { ...page, _: 'messages.getDialogs', offset_peer: { _: 'inputPeerEmpty' } },
      { ...page, _: 'messages.getHistory', peer },
      { ...page, _: 'messages.getHistory', peer: { _: 'inputPeerChat', chat_id: group.id } },
      { _: 'contacts.resolveUsername', username: 'closed' },
      { ...difference, pts: 1, limit: 100 },
      { ...difference, pts: 2, limit: 1 },
      { _: 'updates.getDifference', pts: 1, date: 1, qts: 0 },
      { _: 'messages.getMessages', id: [1, 2, 3].map((id) => ({ _: 'inputMessageID', id })) },
    ];
    const answers = await answersTo(questions, key);
    await restart();
    const again = await answersTo(questions, key);
    expect(answers.map(({ _ }) => _)).not.toContain('rpc_error');
    expect(again).toEqual(answers);
    expect(dc.channels().map(({ pts }) => pts)).toEqual([channel.pts, banned.pts]);
    const posts = again[2]?.messages as TlObject[];
    const { media } = posts.find(({ id }) => id === post.id) as TlObject & { media: { photo: TlObject } };
    const location = { ...media.photo, _: 'inputPhotoFileLocation', thumb_size: 'x' };
    const asked = { _: 'upload.getFile', location, offset: 0, limit: 4096 };
    expect(await answersTo([asked], key)).toMatchObject([{ bytes: photo }]);

    // What comes now has numbers of its own.
    const [first] = dc.channels() as [TestDcChat];
    expect(first.post('next').id).toBe(post.id + 3);
    expect(dc.createChannel().id).toBe(banned.id + 1);
    expect(dc.addAccount().id).toBe(friend.id + 1);
    expect(dc.privateChat(accountOf(account), accountOf(friend)).messages()).toMatchObject([
      { text: 'Hello' },
    ]);
  });

  it('keeps the login of a process that died, for its owner alone to read', async () => {
    const key = dc.provisionKey(dc.addAccount());
    const written = () => readFile(stateFile, 'utf8').catch(() => '');
    await expect.poll(written, { timeout: 10_000 }).toContain(key.authKey.toString('base64'));
    expect((await stat(stateFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'made'))).toEqual(['dc.json']);
    // The first one still runs, as one that died without a word would hold its port for a while.
    await using next = await startTestDc({ stateFile });
    expect(next.port).not.toBe(dc.port);
    expect(await answersTo([{ _: 'help.getConfig' }], { ...key, port: next.port })).toMatchObject([
      { _: 'config' },
    ]);
  });

  it('stays revoked and forgotten after a restart', async () => {
    const key = dc.provisionKey(dc.addAccount());
    dc.revoke(key.account);
    await restart();
    const ask: TlObject = { _: 'updates.getState' };
    expect(await answersTo([ask, ask], key)).toMatchObject([
      { error_message: 'SESSION_REVOKED' },
      { error_message: 'AUTH_KEY_UNREGISTERED' },
    ]);
    const { fingerprint } = dc.publicKey;
    dc.reset();
    await restart();
    expect([dc.accounts(), dc.publicKey.fingerprint]).toEqual([[], fingerprint]);
  });

  it.each([
    ['is cut', '{"version":1,"priv', /stateFile: it cannot be read/],
    ['lacks a part', '{"version":1}', /stateFile: it cannot be read/],
    ['is of another version', '{"version":2}', /stateFile: it is of another version/],
    ['is something else', 'null', /stateFile: it is of another version/],
  ])('says so where the file %s', async (_what, text, message) => {
    const other = join(folder, 'other.json');
    await writeFile(other, text);
    await expect(startTestDc({ stateFile: other })).rejects.toThrow(message);
    expect(await readFile(other, 'utf8')).toBe(text);
  });

  it('says so where it cannot be written, and closes all the same', async () => {
    const other = join(folder, 'other.json');
    const unlucky = await startTestDc({ stateFile: join(other, 'dc.json') });
    await writeFile(other, 'a file where the folder would be');
    await expect(unlucky.close()).rejects.toThrow('stateFile: it cannot be written');
    const listener = createServer();
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(unlucky.port, unlucky.host, resolve);
    });
    listener.close();
  });
});

async function answersTo(questions: readonly TlObject[], key: ProvisionedKey): Promise<TlObject[]> {
  const client = createRawClient(key);
  const answers: TlObject[] = [];
  for (const question of questions) answers.push(withoutTime(await client.call(question)));
  client.close();
  return answers;
}

/** The state says what time it is. */
function withoutTime(answer: TlObject): TlObject {
  return answer.state === undefined
    ? answer
    : { ...answer, state: { ...(answer.state as TlObject), date: 0 } };
}
