import { randomBytes } from 'node:crypto';
import type { TelegramClient } from '@mtcute/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMtcuteClients, type MtcuteClients } from '../../tests/mtcute-client.ts';
import type { TestDc, TestDcAccount } from './public.ts';
import { startTestDc } from './start-test-dc.ts';

let dc: TestDc;
let clients: MtcuteClients;
let account: TestDcAccount;

beforeEach(async () => {
  dc = await startTestDc();
  clients = await createMtcuteClients(dc);
  account = dc.addAccount();
});
afterEach(async () => {
  await clients.close();
  await dc.close();
});

function listen(client: TelegramClient): string[] {
  const told: string[] = [];
  client.onNewMessage.add(({ text }) => told.push(`new ${text}`));
  client.onEditMessage.add(({ text }) => told.push(`edit ${text}`));
  client.onDeleteMessage.add(({ messageIds }) => told.push(`delete ${messageIds.join()}`));
  return told;
}

describe('what mtcute is told', () => {
  it('fills a gap in a channel from the difference, once', async () => {
    const channel = dc.createChannel({ username: 'cars_ua', members: [account] });
    channel.post('zero');
    const client = await clients.signIn(account.phone);
    const told = listen(client);
    channel.post('one');
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['new one']);
    dc.faults.set({ kind: 'lose_updates', times: 3 });
    const lost = channel.post('two');
    channel.edit(lost.id, { text: 'two, edited' });
    channel.delete(channel.post('gone').id);
    channel.post('three');
    // Its order is its own; a post that is gone is told by its deletion alone.
    await expect.poll(() => told.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(5);
    expect(told).toContain('new two, edited');
    expect(told).toContain('new three');
    expect(told).not.toContain('new gone');
    expect(dc.requests.count({ method: 'updates.getChannelDifference', channel })).toBeGreaterThan(0);
    expect(told.filter((one) => one === 'new three')).toHaveLength(1);
  });

  it('catches up after an outage with the next post', async () => {
    const channel = dc.createChannel({ members: [account] });
    const friend = dc.addAccount({ firstName: 'Taras' });
    const client = await clients.signIn(account.phone);
    const told = listen(client);
    channel.post('before');
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['new before']);
    await dc.suspend();
    channel.post('while down');
    dc.privateChat(account, friend).post({ from: friend, text: 'Hello' });
    const since = Date.now();
    await dc.resume();
    await dc.requests.received({ method: 'updates.getState', since });
    channel.post('after');
    dc.privateChat(account, friend).post({ from: friend, text: 'Hello again' });
    await expect
      .poll(() => told.toSorted(), { timeout: 15_000 })
      .toEqual(['new Hello', 'new Hello again', 'new after', 'new before', 'new while down']);
    expect(dc.connections.handshakes).toBe(1);
  });

  it('has private chats and groups, with numbers of its own', async () => {
    const friend = dc.addAccount({ firstName: 'Taras', username: 'taras_ua' });
    const client = await clients.signIn(account.phone);
    const told = listen(client);
    const group = dc.createGroup({ title: 'Team', members: [account, friend] });
    const chat = dc.privateChat(account, friend);
    const hello = chat.post({ from: friend, text: 'Hello' });
    const team = group.post({ from: friend, text: 'Anyone?' });
    await expect.poll(() => told, { timeout: 10_000 }).toEqual(['new Hello', 'new Anyone?']);
    // Elsewhere: whoever writes is told by the answer.
    const elsewhere = await clients.signIn(account.phone);
    const sent = await elsewhere.sendText('taras_ua', 'Hi, Taras');
    expect(sent.id).toBe(3);
    expect(chat.messages().map(({ text, from }) => [from?.firstName, text])).toEqual([
      ['Taras', 'Hello'],
      ['Olena', 'Hi, Taras'],
    ]);
    chat.edit(hello.id, { text: 'Hello, Olena' });
    group.delete(team.id);
    await expect
      .poll(() => told, { timeout: 10_000 })
      .toEqual([
        'new Hello',
        'new Anyone?',
        'new Hi, Taras',
        'edit Hello, Olena',
        `delete ${team.idFor(account) ?? 2}`,
      ]);
    const dialogs: string[] = [];
    for await (const { peer } of client.iterDialogs()) dialogs.push(peer.displayName);
    expect(dialogs).toEqual(['Taras', 'Team']);
  });
});

describe('what mtcute does', () => {
  it('downloads a photo and a document in parts', async () => {
    const channel = dc.createChannel({ username: 'cars_ua', members: [account] });
    const photo = randomBytes(300_000);
    const document = randomBytes(2_500_000);
    channel.post({ text: 'Golf', media: { bytes: photo } });
    channel.post({ media: { bytes: document, name: 'report.pdf', mimeType: 'application/pdf' } });
    const client = await clients.signIn(account.phone);
    const [second, first] = await client.getHistory('cars_ua');
    if (first?.media?.type !== 'photo' || second?.media?.type !== 'document')
      throw new Error('other media came');
    expect(Buffer.from(await client.downloadAsBuffer(first.media)).equals(photo)).toBe(true);
    expect(second.media.fileName).toBe('report.pdf');
    expect(Buffer.from(await client.downloadAsBuffer(second.media)).equals(document)).toBe(true);
    expect(dc.requests.count({ method: 'upload.getFile' })).toBeGreaterThan(5);
  });

  it('posts, edits and deletes where it may, and uploads', async () => {
    const channel = dc.createChannel({ username: 'cars_ua', admins: [account] });
    const client = await clients.signIn(account.phone);
    const bytes = randomBytes(700_000);
    const sent = await client.sendMedia('cars_ua', {
      type: 'document',
      file: bytes,
      fileName: 'golf.bin',
      caption: 'Golf',
    });
    if (sent.media?.type !== 'document') throw new Error('other media came');
    expect(Buffer.from(await client.downloadAsBuffer(sent.media)).equals(bytes)).toBe(true);
    await client.editMessage({ chatId: 'cars_ua', message: sent.id, text: 'Golf, sold' });
    expect(channel.messages()).toMatchObject([{ id: sent.id, text: 'Golf, sold', media: 'document' }]);
    await client.deleteMessagesById('cars_ua', [sent.id]);
    expect(channel.messages()).toEqual([]);
    const closed = dc.createChannel({ username: 'others_ua', members: [account] });
    await expect(client.sendText('others_ua', 'Spam')).rejects.toThrow();
    expect(closed.messages()).toEqual([]);
  });

  it('joins and leaves a channel, and is shut out of a private one', async () => {
    const open = dc.createChannel({ username: 'cars_ua' });
    const client = await clients.signIn(account.phone);
    await client.joinChat('cars_ua');
    expect(open.members().map(({ id }) => id)).toEqual([account.id]);
    await client.leaveChat('cars_ua');
    expect(open.members()).toEqual([]);
    const shut = dc.createChannel({ members: [account] });
    const told = listen(client);
    shut.post('for members');
    await expect.poll(() => told).toEqual(['new for members']);
    shut.ban(account);
    await expect(client.getHistory(-1_000_000_000_000 - shut.id)).rejects.toThrow('CHANNEL_PRIVATE');
  });

  it('encrypts with temporary keys', async () => {
    const temporary = await createMtcuteClients(dc, { usePfs: true });
    const client = await temporary.signIn(account.phone);
    expect((await client.getMe()).id).toBe(account.id);
    expect(dc.requests.list({ method: 'auth.bindTempAuthKey' })).toMatchObject([{ error: undefined }]);
    expect(dc.connections.handshakes).toBeGreaterThan(1);
    await temporary.close();
  });
});
