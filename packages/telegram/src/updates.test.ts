import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { allowedUpdates, sameKinds, toUpdate, updateKinds } from './updates.ts';

function kindsOfTypes(): string[] {
  const folder = dirname(createRequire(import.meta.url).resolve('@grammyjs/types/package.json'));
  const declarations = readFileSync(join(folder, 'update.d.ts'), 'utf8');
  const [, body = ''] = /export interface Update \{([\s\S]*?)\n\}/.exec(declarations) ?? [];
  return Array.from(body.matchAll(/^ {4}([a-z_]+)\?:/gm), ([, name = '']) => name);
}

const chat = { id: -100123, type: 'supergroup' };
const from = { id: 7, is_bot: false, first_name: 'Ann' };
const source = 'telegram:42';
const now = 1_800_000_000_000;

describe('the table of kinds', () => {
  it('names every kind of update of the types and no other', () => {
    const kinds = kindsOfTypes();
    expect(kinds.length).toBeGreaterThan(25);
    expect(Object.keys(updateKinds).toSorted()).toEqual(kinds.toSorted());
  });
});

describe('an update', () => {
  const orderKey = (kind: string, data: object): string =>
    toUpdate({ update_id: 1, [kind]: data }, source, now).orderKey;

  it('is given on whole, with its id, kind and source', () => {
    const raw = { update_id: 900, message: { message_id: 1, chat, from, text: 'hi', new_field: 1 } };
    expect(toUpdate(raw, source, now)).toEqual({
      source,
      id: '900',
      kind: 'message',
      orderKey: 'telegram:42:chat:-100123',
      expiresAt: now + 86_400_000,
      payload: raw,
    });
  });

  it('stays in order with its chat, a button pressed under a message too', () => {
    const key = 'telegram:42:chat:-100123';
    expect(orderKey('edited_message', { chat, from })).toBe(key);
    expect(orderKey('channel_post', { chat })).toBe(key);
    expect(orderKey('callback_query', { id: '1', from, message: { chat, message_id: 1 } })).toBe(key);
    expect(orderKey('message_reaction', { chat, user: from })).toBe(key);
    expect(orderKey('chat_member', { chat, from })).toBe(key);
    expect(orderKey('deleted_business_messages', { chat, message_ids: [1] })).toBe(key);
    expect(orderKey('chat_boost', { chat, boost: {} })).toBe(key);
  });

  it('without a chat stays in order with its user', () => {
    const key = 'telegram:42:user:7';
    expect(orderKey('callback_query', { id: '1', from, inline_message_id: 'x' })).toBe(key);
    expect(orderKey('inline_query', { id: '1', from, query: '' })).toBe(key);
    expect(orderKey('pre_checkout_query', { id: '1', from })).toBe(key);
    expect(orderKey('business_connection', { id: 'b', user: from, user_chat_id: 7 })).toBe(key);
    expect(orderKey('poll_answer', { poll_id: '5', user: from, option_ids: [] })).toBe(key);
    expect(orderKey('managed_bot', { user: from, bot: { id: 8 } })).toBe(key);
    expect(orderKey('poll_answer', { poll_id: '5', voter_chat: { id: -9 }, option_ids: [] })).toBe(
      'telegram:42:user:-9',
    );
  });

  it('of a poll stays in order with the poll', () => {
    expect(orderKey('poll', { id: '55', question: '?' })).toBe('telegram:42:poll:55');
  });

  it.each([
    ['message', 86_400_000],
    ['callback_query', 150_000],
    ['pre_checkout_query', 150_000],
    ['shipping_query', 150_000],
    ['inline_query', 30_000],
    ['chosen_inline_result', 600_000],
    ['my_chat_member', 86_400_000],
  ])('%s expires after %d ms', (kind, ms) => {
    expect(toUpdate({ update_id: 1, [kind]: { from } }, source, now).expiresAt).toBe(now + ms);
  });

  it('of a kind that is not known is kept', () => {
    const raw = { update_id: 5, hologram: { chat } };
    expect(toUpdate(raw, source, now)).toMatchObject({
      kind: 'hologram',
      orderKey: 'telegram:42:chat:-100123',
      payload: raw,
    });
    expect(toUpdate({ update_id: 6 }, source, now)).toMatchObject({
      kind: 'unknown',
      orderKey: 'telegram:42:unknown',
    });
    expect(toUpdate({ update_id: 7, message: 'strange' }, source, now)).toMatchObject({ kind: 'message' });
  });

  it.each([null, [], 'text', {}, { update_id: 'x' }, { update_id: 1.5 }])('is not %j', (raw) => {
    expect(() => toUpdate(raw, source, now)).toThrow(TypeError);
  });
});

describe('allowed_updates', () => {
  it('is empty for the default set, so that an earlier setting does not stay', () => {
    expect(allowedUpdates()).toEqual([]);
  });

  it('names the kinds that are wanted, once each', () => {
    expect(allowedUpdates(['message', 'chat_member', 'message'])).toEqual(['chat_member', 'message']);
    expect(allowedUpdates('all')).toContain('message_reaction_count');
    expect(allowedUpdates('all')).toHaveLength(Object.keys(updateKinds).length);
  });

  it('means the same in any order, and the default set by whatever way it is named', () => {
    expect(sameKinds(['message', 'poll'], ['poll', 'message'])).toBe(true);
    expect(sameKinds(['message'], ['poll', 'message'])).toBe(false);
    expect(sameKinds(undefined, [])).toBe(true);
    const all = allowedUpdates('all');
    const optIn = ['chat_member', 'message_reaction', 'message_reaction_count'];
    expect(
      sameKinds(
        undefined,
        all.filter((kind) => !optIn.includes(kind)),
      ),
    ).toBe(true);
    expect(sameKinds(undefined, all)).toBe(false);
  });
});
