import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { verifyInitData } from './init-data.ts';

// Signed here by OpenSSL, so that the code under test is not its own witness.
function openssl(data: string, key: string): string {
  const output = execFileSync('openssl', ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', key], {
    input: data,
  });
  return output.toString().trim().split(/[ =]+/).at(-1) ?? '';
}

function sign(fields: Record<string, string>, token: string): string {
  const secret = openssl(token, 'key:WebAppData');
  const checked = Object.keys(fields)
    .toSorted()
    .map((name) => `${name}=${fields[name]}`)
    .join('\n');
  const hash = openssl(checked, `hexkey:${secret}`);
  return new URLSearchParams({ ...fields, hash }).toString();
}

const token = '123456:AAtest-token_that_is_nobodys_1234567';
const at = 1_800_000_000;
const user = { id: 7, first_name: 'Оксана', username: 'oksana', is_premium: true };
const fields = {
  auth_date: String(at),
  query_id: 'AAHdF6IQAAAAAN0XohDhrOrc',
  user: JSON.stringify(user),
  start_param: 'a=b&c',
  signature: 'not-checked-by-the-hash-of-the-bot-but-part-of-it',
};

beforeEach(() => {
  vi.useFakeTimers({ now: at * 1000 + 1000, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const refusal = (field: string) => expect.objectContaining({ code: 'invalid_signature', field });

describe('init data', () => {
  it('that the bot’s token has signed says who opened the app', () => {
    expect(verifyInitData(sign(fields, token), { token })).toEqual({
      auth_date: at,
      query_id: 'AAHdF6IQAAAAAN0XohDhrOrc',
      user,
      start_param: 'a=b&c',
    });
  });

  it('as published by the maintainers of the Mini Apps SDK is taken', () => {
    // https://docs.telegram-mini-apps.com/packages/telegram-apps-init-data-node
    const publishedToken = ['5768337691', 'AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8'].join(':');
    const published =
      'query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%7D&auth_date=1662771648&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2';
    vi.setSystemTime(1662771648_000);
    const data = verifyInitData(published, { token: publishedToken });
    expect(data.user).toMatchObject({ id: 279058397, username: 'vdkfrost' });
  });

  it('that was changed, or is for another bot, is refused', () => {
    const signed = sign(fields, token);
    const other = '123457:AAtest-token_that_is_nobodys_1234567';
    expect(() => verifyInitData(signed, { token: other })).toThrow(refusal('hash'));
    expect(() => verifyInitData(signed.replace('oksana', 'oksanb'), { token })).toThrow(refusal('hash'));
    expect(() => verifyInitData(`${signed}&extra=1`, { token })).toThrow(refusal('hash'));
    expect(() => verifyInitData(signed.replace(/hash=\w+/, 'hash='), { token })).toThrow(refusal('hash'));
    expect(() => verifyInitData(signed.replace(/&?hash=\w+/, ''), { token })).toThrow(refusal('hash'));
    expect(() => verifyInitData('', { token })).toThrow(refusal('hash'));
  });

  it('with a field twice is refused, even if it is the same value', () => {
    const signed = sign(fields, token);
    expect(() => verifyInitData(`${signed}&query_id=${fields.query_id}`, { token })).toThrow(refusal('hash'));
  });

  it('that is too old is refused', () => {
    const signed = sign(fields, token);
    vi.setSystemTime(at * 1000 + 86_400_001);
    expect(() => verifyInitData(signed, { token })).toThrow(refusal('auth_date'));
    expect(verifyInitData(signed, { token, maxAgeMs: 90_000_000 })).toMatchObject({ auth_date: at });
  });

  it('from the future is refused, but for a little difference of clocks', () => {
    const signed = sign(fields, token);
    vi.setSystemTime((at - 59) * 1000);
    expect(verifyInitData(signed, { token })).toMatchObject({ auth_date: at });
    vi.setSystemTime((at - 61) * 1000);
    expect(() => verifyInitData(signed, { token })).toThrow(refusal('auth_date'));
    expect(() => verifyInitData(sign({ user: fields.user }, token), { token })).toThrow(refusal('auth_date'));
  });

  it('is never quoted in an error, nor is the token', () => {
    for (const broken of [`${sign(fields, token)}x`, sign({ ...fields, user: 'oksana' }, token), 'oksana']) {
      try {
        verifyInitData(broken, { token });
        expect.unreachable();
      } catch (error) {
        expect(JSON.stringify(error) + String((error as Error).stack)).not.toMatch(/oksana|AAtest/);
      }
    }
  });

  it('cannot be checked with wrong options', () => {
    const config = (field: string) => expect.objectContaining({ code: 'invalid_config', field });
    expect(() => verifyInitData('', { token: '' })).toThrow(config('token'));
    expect(() => verifyInitData('', { token, maxAgeMs: 0 })).toThrow(config('maxAgeMs'));
    expect(() => verifyInitData('', { token, clockSkewMs: -1 })).toThrow(config('clockSkewMs'));
  });
});
