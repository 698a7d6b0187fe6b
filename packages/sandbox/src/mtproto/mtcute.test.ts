import { type Message, tl } from '@mtcute/core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMtcuteClients, type MtcuteClients } from '../../tests/mtcute-client.ts';
import type { TestDc } from './public.ts';
import { startTestDc } from './start-test-dc.ts';

let dc: TestDc;
let clients: MtcuteClients;

beforeEach(async () => {
  dc = await startTestDc({ dcs: [2, 4] });
  clients = await createMtcuteClients(dc);
});
afterEach(async () => {
  await clients.close();
  await dc.close();
});

describe('mtcute on the test DC', () => {
  it('exchanges a key, logs in with a code, and resumes with the same key', async () => {
    const account = dc.addAccount({ firstName: 'Taras' });
    const client = await clients.signIn(account.phone);
    expect((await client.getMe()).firstName).toBe('Taras');
    expect(dc.connections.handshakes).toBe(1);
    await client.disconnect();
    await client.connect();
    expect((await client.getMe()).id).toBe(account.id);
    expect(dc.connections.handshakes).toBe(1);
  });

  it('is refused with a wrong code, and asked for the password', async () => {
    const account = dc.addAccount({ password: 'correct horse' });
    const client = clients.connect();
    const sent = await client.sendCode({ phone: account.phone });
    const { phoneCodeHash } = sent as Exclude<typeof sent, { id: number }>;
    const code = dc.lastCode(account.phone) ?? '';
    const wrong = String((Number(code) % 89_999) + 10_001);
    const attempt = (phoneCode: string) => client.signIn({ phone: account.phone, phoneCodeHash, phoneCode });
    await expect(attempt(wrong)).rejects.toSatisfy((error) => tl.RpcError.is(error, 'PHONE_CODE_INVALID'));
    await expect(attempt(code)).rejects.toSatisfy((error) =>
      tl.RpcError.is(error, 'SESSION_PASSWORD_NEEDED'),
    );
    await expect(client.checkPassword('wrong')).rejects.toSatisfy((error) =>
      tl.RpcError.is(error, 'PASSWORD_HASH_INVALID'),
    );
    expect((await client.checkPassword('correct horse')).id).toBe(account.id);
  });

  it('logs in by QR code, at another DC and with a password', async () => {
    const account = dc.addAccount({ dcId: 4, password: 'pass' });
    const client = clients.connect();
    const user = await client.signInQr({
      password: 'pass',
      onUrlUpdated: (url) => dc.acceptQr(url, account),
    });
    expect(user.id).toBe(account.id);
    expect(dc.requests.count({ method: 'auth.importLoginToken' })).toBe(1);
  });

  it('follows a phone number to its DC', async () => {
    const account = dc.addAccount({ dcId: 4 });
    const client = await clients.signIn(account.phone);
    expect((await client.getMe()).id).toBe(account.id);
    expect(dc.requests.list({ method: 'auth.sendCode' }).map(({ error }) => error)).toEqual([
      'PHONE_MIGRATE_4',
      undefined,
    ]);
  });

  it('pages through 250 messages, newest first', async () => {
    const account = dc.addAccount();
    const channel = dc.createChannel({ username: 'cars_ua' });
    channel.fill(250);
    const client = await clients.signIn(account.phone);
    const texts: string[] = [];
    for await (const message of client.iterHistory('cars_ua')) texts.push(message.text);
    expect(texts).toEqual(
      channel
        .messages()
        .map(({ text }) => text)
        .reverse(),
    );
    expect(dc.requests.count({ method: 'messages.getHistory', channel })).toBeGreaterThanOrEqual(3);
  });

  it('is told of posts, edits and deletions as they happen', async () => {
    const account = dc.addAccount();
    const channel = dc.createChannel({ members: [account] });
    const client = await clients.signIn(account.phone);
    const told: unknown[] = [];
    client.onNewMessage.add((message: Message) => told.push(['new', message.id, message.text]));
    client.onEditMessage.add((message: Message) => told.push(['edit', message.id, message.text]));
    client.onDeleteMessage.add(({ messageIds }) => told.push(['delete', ...messageIds]));
    const first = channel.post('Golf, 2015');
    const second = channel.post('Passat');
    channel.edit(second.id, { text: 'Passat, sold' });
    channel.delete(first.id);
    await vi.waitFor(() => expect(told).toHaveLength(4), 10_000);
    expect(told).toEqual([
      ['new', 1, 'Golf, 2015'],
      ['new', 2, 'Passat'],
      ['edit', 2, 'Passat, sold'],
      ['delete', 1],
    ]);
  });
});
