import { setTimeout as pause } from 'node:timers/promises';
import { CartieError, memoryStore } from '@cartie/core';
import { describe, expect, it } from 'vitest';
import { addReady, collect, makeHub, shown, startScene, until } from '../tests/support.ts';
import { type MtprotoEvent, toUpdate } from './index.ts';

describe('events', () => {
  it('tell new, edited and deleted messages of channels, groups and private chats', async () => {
    await using scene = await startScene();
    const { dc, person, watched } = scene;
    const friend = dc.addAccount();
    const chats = [
      dc.createChannel({ members: [person] }),
      dc.createChannel({ kind: 'supergroup', members: [person, friend] }),
      dc.createGroup({ members: [person, friend] }),
      dc.privateChat(person, friend),
    ];
    for (const chat of chats) {
      watched.events.length = 0;
      const from = chat.kind === 'channel' ? {} : { from: friend };
      const message = chat.post({ text: 'BMW', ...from });
      chat.edit(message.id, { text: 'BMW X5' });
      chat.delete(message.id);
      await until(() => watched.events.length >= 3);
      const mine = message.idFor(person) ?? message.id;
      expect(watched.told(), chat.kind).toEqual([
        'message BMW',
        'edited_message BMW X5',
        `deleted_messages ${mine}`,
      ]);
      expect(new Set(watched.events.map(({ chatId }) => chatId)).size, chat.kind).toBe(1);
    }
  });

  it('come in order within a chat, one at a time, and from several chats at the same time', async () => {
    let running = 0;
    let mostOfAll = 0;
    const inChat = new Map<bigint | undefined, number>();
    let mostInChat = 0;
    await using scene = await startScene({
      async onMessage({ chatId }) {
        running += 1;
        inChat.set(chatId, (inChat.get(chatId) ?? 0) + 1);
        mostOfAll = Math.max(mostOfAll, running);
        mostInChat = Math.max(mostInChat, inChat.get(chatId) ?? 0);
        await pause(2 + Math.random() * 5);
        running -= 1;
        inChat.set(chatId, (inChat.get(chatId) ?? 0) - 1);
      },
    });
    const { dc, person, watched } = scene;
    const channels = [0, 1, 2].map((index) => dc.createChannel({ title: `c${index}`, members: [person] }));
    for (let number = 0; number < 20; number += 1)
      for (const channel of channels) channel.post(String(number));
    await until(() => watched.events.length === 60);
    for (const channel of channels) {
      const texts = watched.events
        .filter(({ chatId }) => chatId === markedId(channel))
        .map((event) => shown(event));
      expect(texts).toEqual(Array.from({ length: 20 }, (_, number) => `message ${number}`));
    }
    expect(mostInChat).toBe(1);
    expect(mostOfAll).toBeGreaterThan(1);
  });

  it('bring what happened while the connection was down, once, edits and deletions too', async () => {
    await using scene = await startScene();
    const { dc, person, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    const kept = channel.post('kept');
    const gone = channel.post('gone');
    await until(() => watched.events.length === 2);
    await dc.suspend();
    channel.post('while down');
    channel.edit(kept.id, { text: 'kept, edited' });
    channel.delete(gone.id);
    await dc.resume();
    await until(() => watched.events.length >= 5);
    channel.post('after');
    await until(() => watched.told().includes('message after'));
    expect(watched.told().sort()).toEqual(
      [
        'message kept',
        'message gone',
        'message while down',
        'edited_message kept, edited',
        `deleted_messages ${gone.id}`,
        'message after',
      ].sort(),
    );
  });

  it('bring a post that was written and edited while the connection was down once, as it is', async () => {
    await using scene = await startScene();
    const { dc, person, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    const friend = dc.addAccount();
    const talk = dc.privateChat(person, friend);
    channel.post('seen');
    talk.post({ text: 'seen', from: friend });
    await until(() => watched.events.length === 2);
    watched.events.length = 0;
    await dc.suspend();
    channel.edit(channel.post('draft').id, { text: 'final' });
    talk.edit(talk.post({ text: 'draft', from: friend }).id, { text: 'final' });
    await dc.resume();
    await until(() => watched.events.length >= 2);
    channel.post('after');
    talk.post({ text: 'after', from: friend });
    await until(() => watched.told().filter((told) => told === 'message after').length === 2);
    expect(watched.told().sort()).toEqual([
      'message after',
      'message after',
      'message final',
      'message final',
    ]);
  });

  it('bring what happened while the process was down, once', async () => {
    const kv = memoryStore();
    await using scene = await startScene({ kv });
    const { dc, person } = scene;
    const friend = dc.addAccount();
    const channel = dc.createChannel({ members: [person] });
    const talk = dc.privateChat(person, friend);
    channel.post('one');
    talk.post({ text: 'hi', from: friend });
    await until(() => scene.watched.events.length === 2);
    await scene.watched.hub.stop();
    channel.post('two');
    channel.edit(1, { text: 'one!' });
    talk.post({ text: 'still there?', from: friend });
    await using again = makeHub(dc, { kv });
    await again.hub.start();
    await until(() => again.events.length >= 3);
    await pause(200);
    expect(again.told().sort()).toEqual(['edited_message one!', 'message still there?', 'message two']);
    expect(again.events.every(({ origin }) => origin === 'back_fill')).toBe(true);
  });

  it('that were handled while the hub stopped do not come again', async () => {
    const kv = memoryStore();
    let release: (() => void) | undefined;
    let begin: (() => void) | undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await using scene = await startScene({
      kv,
      onMessage: async () => {
        begin?.();
        await gate;
      },
    });
    const { dc, person, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    channel.post('one');
    await begun;
    const stopping = watched.hub.stop();
    await pause(100);
    release?.();
    await stopping;
    expect(watched.told()).toEqual(['message one']);
    channel.post('two');
    await using again = makeHub(dc, { kv });
    await again.hub.start();
    await until(() => again.told().includes('message two'));
    expect(again.told()).toEqual(['message two']);
  });

  it('bring the posts of a channel that was quiet since the account has started', async () => {
    const kv = memoryStore();
    await using scene = await startScene({ kv });
    const { dc, watched } = scene;
    // In it before this process ever saw a message of it.
    const other = dc.addAccount();
    const channel = dc.createChannel({ members: [other] });
    channel.fill(3);
    const account = await addReady(watched.hub, dc, other, 'quiet');
    expect(account.state.name).toBe('ready');
    await dc.suspend();
    channel.post('first');
    await dc.resume();
    await until(() => watched.events.some(({ account: name }) => name === 'quiet'));
    expect(watched.events.filter(({ account: name }) => name === 'quiet').map(shown)).toEqual([
      'message first',
    ]);
  });

  it('are complete though pushes get lost, and single though they are pushed twice', async () => {
    await using scene = await startScene();
    const { dc, person, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    channel.post('0');
    await until(() => watched.events.length === 1);
    const lost = dc.faults.set({ kind: 'lose_updates' });
    channel.post('1');
    channel.post('2');
    dc.faults.clear(lost);
    dc.faults.set({ kind: 'repeat_updates' });
    channel.post('3');
    await until(() => watched.events.length >= 4);
    await pause(700);
    expect(watched.told()).toEqual(['message 0', 'message 1', 'message 2', 'message 3']);
  });

  it('are not repeated by a replayed packet, which is not even looked at', async () => {
    await using scene = await startScene();
    const { dc, person, account, watched } = scene;
    const lastUpdateAt = async (): Promise<unknown> => {
      await pause(1_010); // health remembers for a second
      return (await watched.hub.health()).facts?.lastUpdateAt;
    };
    const channel = dc.createChannel({ members: [person] });
    channel.post('once');
    await until(() => watched.events.length === 1);
    const before = await lastUpdateAt();
    expect(dc.replayLast(person)).toBe(1);
    await account.me();
    expect(await lastUpdateAt()).toBe(before);
    channel.post('next');
    await until(() => watched.events.length >= 2);
    expect(watched.told()).toEqual(['message once', 'message next']);
  });

  it('outlive an update that this version does not know, and what comes in one packet with it', async () => {
    await using scene = await startScene();
    const { dc, person, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    channel.post('a');
    await until(() => watched.events.length === 1);
    dc.pushRaw(person, Buffer.from('00dc577e01020304', 'hex'));
    channel.post('b');
    await pause(50);
    channel.post('c');
    await until(() => watched.events.length >= 3);
    expect(watched.told()).toEqual(['message a', 'message b', 'message c']);
    expect(dc.connections.total).toBe(1);
  });

  it('of other chats come though the account was shut out of one, which is asked for no more', async () => {
    await using scene = await startScene({ sweepMs: 100 });
    const { dc, person, watched } = scene;
    const [shut, open] = [1, 2].map(() => dc.createChannel({ members: [person] }));
    for (const channel of [shut, open]) channel?.post('seen');
    await until(() => watched.events.length === 2);
    await dc.suspend();
    shut?.ban(person);
    open?.post('while down');
    await dc.resume();
    await until(() => watched.told().includes('message while down'));
    const asked = (): number =>
      dc.requests
        .list({ method: 'updates.getChannelDifference', ...(shut && { channel: shut }) })
        .filter(({ error }) => error === 'CHANNEL_PRIVATE').length;
    await until(() => asked() === 1);
    await pause(1_300); // what fails otherwise is tried again after a second
    expect(asked()).toBe(1);
  });

  it('are fetched when the server says that there are too many to push', async () => {
    await using scene = await startScene();
    const { dc, person, watched } = scene;
    const friend = dc.addAccount();
    const talk = dc.privateChat(person, friend);
    talk.post({ text: 'a', from: friend });
    await until(() => watched.events.length === 1);
    dc.faults.set({ kind: 'lose_updates', times: 1 });
    talk.post({ text: 'b', from: friend });
    dc.pushRaw(person, { _: 'updatesTooLong' });
    await until(() => watched.events.length >= 2);
    expect(watched.told()).toEqual(['message a', 'message b']);
  });

  it('are fetched once more when that is said after the fetch had asked', async () => {
    await using scene = await startScene();
    const { dc, person, watched } = scene;
    const friend = dc.addAccount();
    const talk = dc.privateChat(person, friend);
    talk.post({ text: 'a', from: friend });
    await until(() => watched.events.length === 1);
    dc.faults.set({ kind: 'lose_updates', account: person, times: 1 });
    talk.post({ text: 'b', from: friend });
    dc.requests.clear();
    dc.pushRaw(person, { _: 'updatesTooLong' });
    await dc.requests.received({ method: 'updates.getDifference' });
    // In one packet with the answer, which does not have it.
    dc.faults.set({ kind: 'lose_updates', account: person, times: 1 });
    talk.post({ text: 'c', from: friend });
    dc.pushRaw(person, { _: 'updatesTooLong' });
    await until(() => watched.events.length >= 3);
    expect(watched.told()).toEqual(['message a', 'message b', 'message c']);
  });

  it('go on after a handler that throws, which is told', async () => {
    await using scene = await startScene({
      onMessage(event) {
        if (shown(event) === 'message bad') throw new Error('a bug');
      },
    });
    const { dc, person, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    for (const text of ['good', 'bad', 'better']) channel.post(text);
    await until(() => watched.told().includes('message better'));
    expect(watched.told()).toEqual(['message good', 'message better']);
    expect(watched.errors.map(String)).toContain('Error: a bug');
  });

  it('wait, each in its chat, while a handler asks for patience', async () => {
    let isDown = true;
    await using scene = await startScene({
      onMessage(event) {
        if (isDown && shown(event).includes('first')) throw new CartieError('storage_error', 'down');
      },
    });
    const { dc, person, watched } = scene;
    const held = dc.createChannel({ members: [person] });
    const free = dc.createChannel({ members: [person] });
    held.post('first');
    held.post('second');
    free.post('other');
    await until(() => watched.told().includes('message other'));
    await pause(300);
    expect(watched.told()).toEqual(['message other']);
    isDown = false;
    await until(() => watched.events.length === 3);
    expect(watched.told()).toEqual(['message other', 'message first', 'message second']);
  });

  it('that wait in too great a number are fetched later instead', async () => {
    let open: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    await using scene = await startScene({ maxQueued: 20, onMessage: () => gate });
    const { dc, person, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    for (let number = 0; number < 200; number += 1) channel.post(String(number));
    await pause(500);
    const { facts } = await watched.hub.health();
    expect(Number(facts?.queued)).toBeLessThan(150);
    open?.();
    await until(() => watched.events.length >= 200);
    await pause(200);
    expect(watched.told()).toEqual(Array.from({ length: 200 }, (_, number) => `message ${number}`));
  });

  it('go to subscribers until they are disposed of', async () => {
    await using scene = await startScene();
    const { dc, person, watched } = scene;
    const one = dc.createChannel({ members: [person] });
    const two = dc.createChannel({ members: [person] });
    const got: string[] = [];
    {
      using _subscription = watched.hub.subscribe((event) => got.push(shown(event)), {
        chats: [markedId(two)],
      });
      one.post('not this');
      two.post('this');
      await until(() => watched.events.length === 2 && got.length === 1);
    }
    two.post('no more');
    await until(() => watched.events.length === 3);
    expect(got).toEqual(['message this']);
  });

  it('go on to the other subscription of a handler that was subscribed twice', async () => {
    await using scene = await startScene();
    const { dc, person, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    const got: string[] = [];
    const handler = (event: MtprotoEvent): unknown => got.push(shown(event));
    using _kept = watched.hub.subscribe(handler);
    const ended = watched.hub.subscribe(handler);
    channel.post('one');
    await until(() => got.length === 2);
    ended[Symbol.dispose]();
    channel.post('two');
    await until(() => watched.told().includes('message two') && got.includes('message two'));
    channel.post('three');
    await until(() => got.includes('message three'));
    expect(got).toEqual(['message one', 'message one', 'message two', 'message three']);
  });

  it.each([
    ['change by change', 250, 0],
    ['from its history, where that is more than Telegram tells change by change', 1_100, 11],
  ])('of a channel come all after an outage: %s', async (_how, count, pages) => {
    const kv = memoryStore();
    const options = { kv, historyRate: { limit: 1_000, intervalMs: 1_000 } };
    await using scene = await startScene(options);
    const { dc, person, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    channel.post('seen');
    await until(() => watched.events.length === 1);
    await watched.hub.stop();
    for (let number = 0; number < count; number += 1) channel.post(`m${number}`);
    await using again = makeHub(dc, options);
    await again.hub.start();
    await until(() => again.events.length >= count);
    expect(again.told()).toEqual(Array.from({ length: count }, (_, number) => `message m${number}`));
    const asked = dc.requests.count({ method: 'messages.getHistory', channel });
    expect(asked).toBeGreaterThanOrEqual(pages);
    expect(asked).toBeLessThanOrEqual(pages + 1);
    channel.post('live');
    await until(() => again.told().includes('message live'));
    expect(again.events).toHaveLength(count + 1);
  });

  it('of private chats and groups come all, though Telegram has forgotten the changes, and however many chats they are of', async () => {
    const kv = memoryStore();
    const options = { kv, historyRate: { limit: 1_000, intervalMs: 1_000 } };
    // The DC remembers the last 60 changes at least.
    await using scene = await startScene({ ...options, dc: { history: 60 } });
    const { dc, person, watched } = scene;
    const friends = Array.from({ length: 105 }, () => dc.addAccount());
    const talks = friends.map((friend) => ({ friend, talk: dc.privateChat(person, friend) }));
    for (const { friend, talk } of talks) talk.post({ text: 'before', from: friend });
    await until(() => watched.events.length === talks.length);
    await watched.hub.stop();
    for (const { friend, talk } of talks) talk.post({ text: `from ${friend.id}`, from: friend });
    await using again = makeHub(dc, options);
    await again.hub.start();
    await until(() => again.events.length >= talks.length);
    expect(again.told().sort()).toEqual(friends.map(({ id }) => `message from ${id}`).sort());
  });

  it('become rows of an inbox: plain JSON with an id that stays', async () => {
    const kv = memoryStore();
    await using scene = await startScene({ kv });
    const { dc, person, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    channel.post('one');
    await until(() => watched.events.length === 1);
    const update = toUpdate(watched.events[0] as MtprotoEvent);
    expect(update).toMatchObject({
      source: 'mtproto:cars',
      id: `message:${markedId(channel)}:1`,
      kind: 'message',
      orderKey: `cars:${markedId(channel)}`,
      payload: { chatId: String(markedId(channel)), message: { id: 1, text: 'one' } },
    });
    expect(JSON.parse(JSON.stringify(update))).toEqual(update);
  });

  it('tell what the account itself writes, changes and deletes, once', async () => {
    await using scene = await startScene();
    const { dc, person, account, watched } = scene;
    const friend = dc.addAccount();
    const group = dc.createGroup({ members: [person, friend] });
    const supergroup = dc.createChannel({ kind: 'supergroup', members: [person, friend] });
    for (const chat of [group, supergroup]) {
      watched.events.length = 0;
      chat.post({ text: 'hi', from: friend });
      await until(() => watched.events.length === 1);
      const chatId = watched.events[0]?.chatId ?? 0n;
      const { id } = await account.send(chatId, { text: 'hello' });
      await account.edit(chatId, { id, text: 'hello!' });
      await account.delete(chatId, [id]);
      chat.post({ text: 'bye', from: friend });
      await until(() => watched.told().includes('message bye'));
      expect(watched.told(), chat.kind).toEqual([
        'message hi',
        'message hello',
        'edited_message hello!',
        `deleted_messages ${id}`,
        'message bye',
      ]);
      expect(new Set(watched.events.map((event) => event.chatId))).toEqual(new Set([chatId]));
    }
    watched.events.length = 0;
    dc.privateChat(person, friend).post({ text: 'hi', from: friend });
    await until(() => watched.events.length === 1);
    const sent = await account.send(BigInt(friend.id), { text: 'hello' });
    expect(sent).toMatchObject({ text: 'hello', isOutgoing: true, chatId: BigInt(friend.id) });
    dc.privateChat(person, friend).post({ text: 'bye', from: friend });
    await until(() => watched.told().includes('message bye'));
    expect(watched.told()).toEqual(['message hi', 'message hello', 'message bye']);
    expect(watched.events[1]).toMatchObject({ chatId: BigInt(friend.id), message: sent });
    expect(dc.requests.count({ method: 'updates.getDifference' })).toBeLessThanOrEqual(1);
    expect((await collect(account.history(BigInt(friend.id)))).map(({ text }) => text)).toEqual([
      'bye',
      'hello',
      'hi',
    ]);
  });
});

function markedId({ id }: { id: number }): bigint {
  return -1_000_000_000_000n - BigInt(id);
}
