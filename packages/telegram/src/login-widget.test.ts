import { execFileSync } from 'node:child_process';
import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { verifyLoginWidget } from './index.ts';

const token = '123456:AAtest-token_that_is_nobodys_1234567';
const at = Math.floor(Date.now() / 1000);
const fields = {
  auth_date: String(at),
  first_name: 'Оксана',
  id: '7000000001',
  photo_url: 'https://t.me/i/userpic/320/o.jpg',
  username: 'oksana',
};

// Signed here by OpenSSL, so that the code under test is not its own witness.
function sign(signed: Record<string, string>, key: string): string {
  const sha256 = execFileSync('openssl', ['dgst', '-sha256'], { input: key });
  const secret = sha256.toString().trim().split(/[ =]+/).at(-1) ?? '';
  const text = Object.keys(signed)
    .toSorted()
    .map((name) => `${name}=${signed[name]}`)
    .join('\n');
  const hmac = execFileSync('openssl', ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${secret}`], {
    input: text,
  });
  return hmac.toString().trim().split(/[ =]+/).at(-1) ?? '';
}

const refusal = (field: string) => expect.objectContaining({ code: 'invalid_signature', field });

describe('what the login widget gives', () => {
  const hash = sign(fields, token);
  const user = { ...fields, id: 7_000_000_001, auth_date: at };

  it('says who logged in, as a query and as the object of the JavaScript callback', () => {
    const query = new URLSearchParams({ ...fields, hash });
    expect(verifyLoginWidget(query, { token })).toEqual(user);
    expect(verifyLoginWidget(`?${query}`, { token })).toEqual(user);
    expect(verifyLoginWidget({ ...user, hash, last_name: undefined }, { token })).toEqual(user);
  });

  it('is refused where it was changed, is for another bot, or is not signed', () => {
    const refused = (data: Record<string, string>, key = token) =>
      expect(() => verifyLoginWidget(data, { token: key })).toThrow(refusal('hash'));
    refused({ ...fields, hash, id: '7000000002' });
    refused({ ...fields, hash, next: '/admin' });
    refused({ ...fields, hash: '' });
    refused(fields);
    refused({ ...fields, hash }, '123457:AAtest-token_that_is_nobodys_1234567');
  });

  it('cannot be passed off as init data’s key: those are signed with another secret', () => {
    const twice = `${new URLSearchParams({ ...fields, hash })}&id=7000000002`;
    expect(() => verifyLoginWidget(twice, { token })).toThrow(refusal('hash'));
    for (const nothing of [null, 7, [], {}]) {
      expect(() => verifyLoginWidget(nothing as never, { token })).toThrow(refusal('hash'));
    }
  });

  it('is refused where it is too old, from the future or nobody’s', () => {
    const signed = (change: Record<string, string>) => {
      const all = { ...fields, ...change };
      return { ...all, hash: sign(all, token) };
    };
    const old = signed({ auth_date: String(at - 86_500) });
    expect(() => verifyLoginWidget(old, { token })).toThrow(refusal('auth_date'));
    expect(verifyLoginWidget(old, { token, maxAgeMs: 90_000_000 }).id).toBe(7_000_000_001);
    const future = signed({ auth_date: String(at + 600) });
    expect(() => verifyLoginWidget(future, { token })).toThrow(refusal('auth_date'));
    expect(() => verifyLoginWidget(signed({ id: '' }), { token })).toThrow(refusal('id'));
  });
});

describe('a Telegram that signs', () => {
  let sandbox: RunningSandbox;
  let bot: SandboxBot;
  beforeAll(async () => {
    sandbox = await startSandbox();
  });
  afterAll(() => sandbox.close());
  beforeEach(() => {
    sandbox.reset();
    bot = sandbox.telegram.createBot();
  });

  it('logs a person in by the widget', () => {
    const user = { id: 77, first_name: 'Taras', username: 'taras' };
    const data = sandbox.telegram.loginWidget(bot, { user });
    expect(verifyLoginWidget(data, { token: bot.token })).toMatchObject(user);
  });
});
