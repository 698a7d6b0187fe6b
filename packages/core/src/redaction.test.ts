import { describe, expect, test } from 'vitest';
import { redactText } from './index.ts';

describe('redactText', () => {
  test.each([
    ['a URL', 'see https://api.example/bot1/x?token=2 now', 'see [url] now'],
    ['an e-mail address', 'for ivan.petrenko+x@mail.example.ua, twice', 'for [email], twice'],
    ['an encoded e-mail address', 'for ivan%40mail.example', 'for [email]'],
    ['a phone number', 'call +38 (067) 123-45-67 or 0671234567', 'call [number] or [number]'],
    ['an id of a person', 'chat -1001234567890 is closed', 'chat -[number] is closed'],
    ['a bearer token', 'header Bearer abc.def-123', 'header [token]'],
    ['a named token', 'access_token=EAAB12 and "api_key": "k-77x"', '[token] and "[token]"'],
    ['a bot token', 'bot 123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11 is off', 'bot [token] is off'],
    ['a long random text', 'key a8f5f167f44f4964e6c998dee827110c is off', 'key [token] is off'],
  ])('replaces %s', (_name, text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  test.each([
    "Bad Request: can't parse entities: Can't find end of the entity starting at byte offset 12",
    'Too Many Requests: retry after 35',
    'Error 131047: message failed to send because more than 24 hours have passed',
    'Невірний формат: поле «name» порожнє (код 400)',
  ])('leaves plain words: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  test('replaces the given secrets in plain, URL-encoded and JSON-escaped form', () => {
    const secret = 'pa"ss wörd';
    const text = `a ${secret} b ${encodeURIComponent(secret)} c ${JSON.stringify(secret)}`;
    expect(redactText(text, [secret])).toBe('a [secret] b [secret] c "[secret]"');
    expect(redactText('half a pair', ['\ud800\ud800'])).toBe('half a pair');
  });

  test('does not tear words apart for a secret that is too short', () => {
    expect(redactText('banana', ['an'])).toBe('banana');
  });

  test('keeps at most 300 characters', () => {
    expect(redactText('word '.repeat(100))).toHaveLength(300);
    expect(redactText('x'.repeat(300))).toHaveLength(300);
  });

  test('shows no part of a token that stands where the text is cut', () => {
    const token = 'a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0';
    for (let padding = 3_950; padding < 4_010; padding++) {
      // The addresses shrink, so that what stands at the cut comes into view.
      const text = `${'https://example.example/a '.repeat(200).slice(0, padding - 1)} ${token}`;
      expect(redactText(text)).not.toMatch(/a1b2c/);
    }
  });

  test('takes linear time on hostile texts', () => {
    for (const piece of [
      'a',
      '-a',
      '1',
      '+1 ',
      'a@',
      'a.',
      '@a.',
      'http://',
      'bearer ',
      '(1',
      '%40',
      'token=',
    ]) {
      const startedAt = performance.now();
      redactText(piece.repeat(300_000));
      expect(performance.now() - startedAt, piece).toBeLessThan(1_000);
    }
  });
});
