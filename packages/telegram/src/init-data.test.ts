import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { verifyInitData, verifyInitDataSignature } from './init-data.ts';

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
    expect(() => verifyInitData('', undefined as never)).toThrow(config('token'));
    expect(() => verifyInitDataSignature('', undefined as never)).toThrow(config('botId'));
  });
});

describe('init data of somebody else’s Mini App', () => {
  // Signed by Telegram itself for the bot 7342037359; published with the Mini Apps SDK:
  // https://docs.telegram-mini-apps.com/packages/telegram-apps-init-data-node
  const published =
    'user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%20%2B%20-%20%3F%20%5C%2F%22%2C%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%2C%22allows_write_to_pm%22%3Atrue%2C%22photo_url%22%3A%22https%3A%5C%2F%5C%2Ft.me%5C%2Fi%5C%2Fuserpic%5C%2F320%5C%2F4FPEE4tmP3ATHa57u6MqTDih13LTOiMoKoLDRG4PnSA.svg%22%7D&chat_instance=8134722200314281151&chat_type=private&auth_date=1733584787&hash=2174df5b000556d044f3f020384e879c8efcab55ddea2ced4eb752e93e7080d6&signature=zL-ucjNyREiHDE8aihFwpfR9aggP2xiAo3NSpfe-p7IbCisNlDKlo7Kb6G4D0Ao2mBrSgEk4maLSdv6MLIlADQ';
  const botId = 7_342_037_359;
  beforeEach(() => vi.setSystemTime(1_733_584_788_000));

  it('that Telegram has signed says who opened the app, without the bot’s token', () => {
    expect(verifyInitDataSignature(published, { botId })).toEqual({
      auth_date: 1_733_584_787,
      chat_instance: '8134722200314281151',
      chat_type: 'private',
      user: expect.objectContaining({ id: 279_058_397, first_name: 'Vladislav + - ? /' }),
    });
    expect(verifyInitDataSignature(`${published}==`, { botId: String(botId) }).user?.id).toBe(279_058_397);
  });

  it('is good whatever the hash is, which only the bot’s owner can check', () => {
    const withoutHash = published.replace(/&hash=\w+/, '');
    expect(verifyInitDataSignature(withoutHash, { botId }).user?.username).toBe('vdkfrost');
  });

  it.each([
    ['was changed', published.replace('vdkfrost', 'vdkfrosu'), { botId }],
    ['is for another bot', published, { botId: botId + 1 }],
    ['has a further field', `${published}&start_param=x`, { botId }],
    ['lacks a field', published.replace('&chat_type=private', ''), { botId }],
    ['is not signed', published.replace(/&signature=[\w-]+/, ''), { botId }],
    ['has a signature that is cut', published.slice(0, -1), { botId }],
    ['has a signature of another alphabet', published.replace('zL-uc', 'zL+uc'), { botId }],
    ['is of the other environment', published, { botId, testEnvironment: true }],
  ])('that %s is refused', (_, data, options) => {
    expect(() => verifyInitDataSignature(data, options)).toThrow(refusal('signature'));
  });

  it('that is too old, or from the future, is refused', () => {
    vi.setSystemTime(1_733_584_787_000 + 86_400_001);
    expect(() => verifyInitDataSignature(published, { botId })).toThrow(refusal('auth_date'));
    expect(verifyInitDataSignature(published, { botId, maxAgeMs: 90_000_000 }).auth_date).toBe(1_733_584_787);
    vi.setSystemTime(1_733_584_787_000 - 60_001);
    expect(() => verifyInitDataSignature(published, { botId })).toThrow(refusal('auth_date'));
  });

  it('cannot be checked with wrong options', () => {
    const config = (field: string) => expect.objectContaining({ code: 'invalid_config', field });
    expect(() => verifyInitDataSignature(published, { botId: 'x' })).toThrow(config('botId'));
    expect(() => verifyInitDataSignature(published, { botId, maxAgeMs: -1 })).toThrow(config('maxAgeMs'));
  });
});
