import { describe, expect, test } from 'vitest';
import { billingOf, viberSession } from './index.ts';

test('a billing status in words', () => {
  expect([0, 1, 2, 3, 4, 5, 6, undefined].map(billingOf)).toEqual([
    'default',
    'free_in_session',
    'not_billable',
    'unsupported_country',
    'free_below_threshold',
    'billable',
    'unknown',
    'unknown',
  ]);
});

describe('a session', () => {
  const hour = 3_600_000;
  test('is open for a day after the user’s message', () => {
    expect(viberSession({ lastUserMessageAt: 0, now: 24 * hour - 1 })).toEqual({
      isOpen: true,
      endsAt: 24 * hour,
      messagesLeft: 60,
    });
    expect(viberSession({ lastUserMessageAt: 0, now: 24 * hour })).toEqual({
      isOpen: false,
      messagesLeft: 0,
    });
  });
  test('is used up by 60 messages', () => {
    expect(viberSession({ lastUserMessageAt: 0, now: 1, sentSince: 59 })).toMatchObject({ messagesLeft: 1 });
    expect(viberSession({ lastUserMessageAt: 0, now: 1, sentSince: 60 })).toMatchObject({ isOpen: false });
  });
  test('is closed for somebody who never wrote', () => {
    expect(viberSession({})).toEqual({ isOpen: false, messagesLeft: 0 });
  });
});
