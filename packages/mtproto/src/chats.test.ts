import { describe, expect, it } from 'vitest';
import { collect, startScene, thrown, until } from '../tests/support.ts';
import { mtprotoFailure } from './index.ts';

describe('chats', () => {
  it('are found by name, address and id', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    const channel = dc.createChannel({ username: 'autos', title: 'Autos' });
    const found = await account.resolve('@autos');
    expect(found).toMatchObject({
      id: -1_000_000_000_000n - BigInt(channel.id),
      type: 'channel',
      title: 'Autos',
      isBroadcast: true,
      isMember: false,
    });
    expect(await account.resolve('https://t.me/autos')).toEqual(found);
    expect(await account.resolve(found.id)).toMatchObject({ title: 'Autos' });
    expect(await account.resolve('me')).toMatchObject({ type: 'user', id: BigInt(scene.person.id) });
    expect(mtprotoFailure(await thrown(account.resolve('nobody_here')))?.kind).toBe('chat_not_found');
    expect(await thrown(account.resolve('not a name'))).toMatchObject({
      code: 'invalid_input',
      field: 'chat',
    });
    expect(await thrown(account.resolve(-1_001_234_567_890n))).toMatchObject({ code: 'not_found' });
  });

  it('that are none are refused by name, as is a message that is none', async () => {
    await using scene = await startScene();
    const { account } = scene;
    for (const chat of [undefined, null, 7, '']) {
      const noChat = expect.objectContaining({ code: 'invalid_input', field: 'chat' });
      await expect(account.resolve(chat as never)).rejects.toEqual(noChat);
      await expect(account.join(chat as never)).rejects.toEqual(noChat);
      await expect(account.history(chat as never).next()).rejects.toEqual(noChat);
    }
    for (const message of [undefined, 'hello']) {
      await expect(account.send('me', message as never)).rejects.toMatchObject({
        code: 'invalid_input',
        field: 'message',
      });
    }
  });

  it('are not forgotten for what is told of them in passing', async () => {
    await using scene = await startScene();
    const { dc, person, account, watched } = scene;
    const friend = dc.addAccount({ username: 'friend' });
    const { id } = await account.resolve('@friend');
    // A «min» object: its hash is of use only with the message that it came with.
    const user = { _: 'user', id, min: true, access_hash: 5n, first_name: 'Somebody' };
    dc.pushRaw(person, { _: 'updates', updates: [], users: [user], chats: [], date: 0, seq: 0 });
    dc.createChannel({ members: [person] }).post('after');
    await until(() => watched.events.length === 1);
    await account.send(id, { text: 'still there' });
    expect(
      dc
        .privateChat(person, friend)
        .messages()
        .map(({ text }) => text),
    ).toEqual(['still there']);
  });

  it('once joined miss nothing', async () => {
    await using scene = await startScene();
    const { dc, account, watched } = scene;
    const channel = dc.createChannel({ username: 'autos' });
    channel.fill(3);
    expect(await account.join('autos')).toMatchObject({ isMember: true });
    expect(await account.join('autos')).toMatchObject({ isMember: true });
    await dc.suspend();
    channel.post('right after');
    await dc.resume();
    await until(() => watched.events.length > 0);
    expect(watched.told()).toEqual(['message right after']);
  });

  it('are joined by an address of invitation, also by who is in already, and though the answer is lost', async () => {
    await using scene = await startScene();
    const { dc, account, watched } = scene;
    const [first, second] = ['First', 'Second'].map((title) => dc.createChannel({ title }));
    const invitationOf = (channel: typeof first): string => channel?.invitation ?? '';
    expect(await account.join(invitationOf(first))).toMatchObject({ title: 'First', isMember: true });
    expect(await account.join(invitationOf(first))).toMatchObject({ title: 'First', isMember: true });
    dc.faults.set({ kind: 'drop', method: 'messages.importChatInvite', after: true, times: 1 });
    expect(await account.join(invitationOf(second))).toMatchObject({ title: 'Second', isMember: true });
    second?.post('for members');
    await until(() => watched.events.length > 0);
    expect(watched.told()).toEqual(['message for members']);
    expect(mtprotoFailure(await thrown(account.join('https://t.me/+AAAAAAAAAAAAAAAA')))?.kind).toBe(
      'invite_expired',
    );
  });

  it('are listed, all pages of them', async () => {
    await using scene = await startScene();
    const { dc, person, account } = scene;
    for (let index = 0; index < 130; index += 1)
      dc.createChannel({ title: `c${index}`, members: [person] }).fill(1);
    const titles = (await collect(account.dialogs())).map(({ title }) => title);
    expect(new Set(titles).size).toBe(130);
    expect(await collect(account.dialogs({ limit: 5 }))).toHaveLength(5);
  });

  it('of several kinds are given in the order of the list', async () => {
    await using scene = await startScene();
    const { dc, person, account } = scene;
    const friend = dc.addAccount({ username: 'friend' });
    const group = dc.createGroup({ title: 'Talk', members: [person, friend] });
    dc.createChannel({ username: 'autos', title: 'Autos' });
    const found = await account.entities(['autos', BigInt(-group.id), 'friend']);
    expect(found.map(({ type }) => type)).toEqual(['channel', 'group', 'user']);
  });
});

describe('messages', () => {
  it('are sent, edited, read and deleted', async () => {
    await using scene = await startScene();
    const { dc, person, account } = scene;
    const friend = dc.addAccount({ username: 'friend' });
    const talk = dc.privateChat(person, friend);
    const sent = await account.send('@friend', { text: 'helo' });
    expect(sent).toMatchObject({ text: 'helo', isOutgoing: true });
    expect(await account.edit('@friend', { id: sent.id, text: 'hello' })).toMatchObject({
      id: sent.id,
      text: 'hello',
    });
    await account.read('@friend');
    expect(talk.messages().map(({ text }) => text)).toEqual(['hello']);
    await account.delete('@friend', [sent.id]);
    expect(talk.messages()).toEqual([]);
    const group = dc.createChannel({ kind: 'supergroup', username: 'talk', members: [person, friend] });
    const inGroup = await account.send('talk', { text: 'hi', silent: true });
    await account.read('talk', { upTo: inGroup.id });
    expect(dc.requests.list({ method: 'channels.readHistory' })[0]?.params).toMatchObject({
      max_id: inGroup.id,
    });
    await account.delete('talk', [inGroup.id]);
    expect(group.messages()).toEqual([]);
  });

  it('are sent once though the answer is lost and the request repeated', async () => {
    await using scene = await startScene();
    const { dc, person, account } = scene;
    const friend = dc.addAccount({ username: 'friend' });
    const talk = dc.privateChat(person, friend);
    dc.faults.set({ kind: 'drop', method: 'messages.sendMessage', after: true, times: 1 });
    await account.send('@friend', { text: 'once' }).catch(() => undefined);
    expect(talk.messages().map(({ text }) => text)).toEqual(['once']);
    expect(dc.requests.count({ method: 'messages.sendMessage' })).toBe(2);
  });

  it('that break a rule are refused here', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    for (const text of ['', ' ', 'x'.repeat(4_097)]) {
      expect(await thrown(account.send('me', { text }))).toMatchObject({
        code: 'invalid_input',
        field: 'text',
      });
    }
    expect(await thrown(account.delete('me', []))).toMatchObject({ field: 'ids' });
    expect(await thrown(account.edit('me', { id: 0, text: 'x' }))).toMatchObject({ field: 'id' });
    expect(dc.requests.count({ method: 'messages.sendMessage' })).toBe(0);
  });
});
