import { inspect } from 'node:util';
import { CartieError, isCartieError, memoryStore } from '@cartie/core';
import { gramjsSession, startTestDc, type TestDc } from '@cartie/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeHub, type Watched } from '../tests/support.ts';
import type { MtprotoAccount } from './index.ts';

// Each of these must stay where it was put.
const canaries = {
  phone: '380671234567',
  password: 'correct-horse-canary',
  apiHash: 'c4a4c4a4c4a4c4a4c4a4c4a4c4a4c4a4',
  text: 'canary text of a message',
  person: 'canary.person',
} as const;
let secrets: string[] = [];
let dc: TestDc;
let watched: Watched;
const printed: string[] = [];
const written = { out: process.stdout.write, error: process.stderr.write };

beforeAll(async () => {
  dc = await startTestDc();
  secrets = Object.values(canaries);
});
afterAll(async () => {
  await watched?.hub.stop();
  await dc.close();
});

/** Everything that a logger could print of a value. */
const shown = (value: unknown): string =>
  [
    inspect(value, { depth: 12, showHidden: true, maxArrayLength: 10_000 }),
    value instanceof Error ? `${value.message}\n${value.stack}\n${inspect(value.cause)}` : '',
  ].join('\n');
const leaksOf = (value: unknown): string[] => {
  const all = shown(value);
  return secrets.filter((secret) => all.includes(secret));
};

/** What the calls of a whole life threw. */
async function liveThrough(account: MtprotoAccount): Promise<unknown[]> {
  const thrown: unknown[] = [];
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      thrown.push(error);
    }
  };
  const options = { deadlineMs: 700 };
  await attempt(() => account.login.sendCode(`+${canaries.phone}`, options));
  const code = dc.lastCode(canaries.phone);
  if (code !== undefined && !secrets.includes(code)) secrets.push(code);
  await attempt(() => account.login.submitCode('99999', options));
  await attempt(() => account.login.submitCode(code ?? '0', options));
  await attempt(() => account.login.submitPassword(`${canaries.password}!`, options));
  await attempt(() => account.login.submitPassword(canaries.password, options));
  await attempt(() => account.login.current(options));
  await attempt(() => account.ready(options));
  await attempt(() => account.send('me', { text: canaries.text }, options));
  await attempt(() => account.send(`@${canaries.person}`, { text: canaries.text }, options));
  await attempt(() => account.resolve(`https://t.me/+${canaries.phone}`, options));
  await attempt(() => account.invoke({ _: 'messages.sendMessage', message: canaries.text }, options));
  await attempt(() => account.invoke({ _: canaries.text }, options));
  await attempt(() =>
    account.invoke(
      {
        _: 'auth.sendCode',
        phoneNumber: canaries.phone,
        apiId: 1,
        apiHash: canaries.apiHash,
        settings: { _: 'codeSettings' },
      },
      options,
    ),
  );
  await attempt(async () => {
    for await (const _message of account.history('me', { signal: AbortSignal.timeout(700) }));
  });
  // What is refused before it leaves is not quoted either.
  await attempt(() => account.login.sendCode(`${canaries.phone}x`, options));
  await attempt(() => account.login.submitCode(`${canaries.password}!`, options));
  await attempt(() => account.resolve(canaries.text, options));
  await attempt(() => account.join(`https://t.me/+${canaries.phone}`, options));
  await attempt(() => account.edit('me', { id: -1, text: canaries.text }, options));
  await attempt(() => account.delete('me', [canaries.phone as never], options));
  await attempt(() => account.login.cancel(options));
  return thrown;
}

describe('phone, code, password, api hash, session and texts leak nowhere', () => {
  it('and the test would see it', () => {
    expect(leaksOf(new CartieError('rejected', 'x', { provider: { message: canaries.phone } }))).toEqual([
      canaries.phone,
    ]);
  });

  it.each([
    ['all goes well', undefined],
    [
      'Telegram quotes what it refuses',
      { kind: 'error', code: 400, message: `BAD_${canaries.phone} ${canaries.text}` },
    ],
    ['it is flooded', { kind: 'flood_wait', seconds: 600 }],
    ['it fails', { kind: 'error', code: 500, message: `INTERNAL ${canaries.apiHash}` }],
    ['it does not answer', { kind: 'swallow' }],
    ['it drops', { kind: 'drop' }],
    ['it forgets the key', { kind: 'transport_error' }],
    ['its answers make no sense', { kind: 'unknown_constructor' }],
    ['nobody listens', { kind: 'accept_and_close' }],
  ] as const)('when %s', async (name, fault) => {
    const person =
      dc.accounts().find(({ phone }) => phone === canaries.phone) ??
      dc.addAccount({ phone: canaries.phone, password: canaries.password });
    const key = dc.provisionKey(person);
    secrets.push(gramjsSession(key), key.authKey.toString('base64'), key.authKey.toString('hex'));
    process.stdout.write = ((text: string) => printed.push(String(text)) > 0) as never;
    process.stderr.write = ((text: string) => printed.push(String(text)) > 0) as never;
    const kv = memoryStore();
    try {
      watched = makeHub(dc, { kv, apiHash: canaries.apiHash, connectTimeoutMs: 500 });
      if (fault !== undefined && fault.kind !== 'accept_and_close') {
        const account = await watched.hub.add('session', { session: gramjsSession(key) });
        await account.ready();
      }
      if (fault !== undefined) dc.faults.set(fault);
      const account = await watched.hub.add('cars');
      const thrown = await liveThrough(account);
      const old = watched.hub.account('session');
      if (old !== undefined) thrown.push(...(await liveThrough(old)));
      dc.faults.clear();
      for (const error of thrown) {
        expect(isCartieError(error) || (error as Error).name === 'TimeoutError', shown(error)).toBe(true);
        expect(leaksOf(error)).toEqual([]);
      }
      expect(thrown.length).toBeGreaterThan(1);
      const { hub, seen, states, errors } = watched;
      expect(leaksOf([seen, states, errors, await hub.health(), hub, account])).toEqual([]);
      await hub.stop();
    } finally {
      process.stdout.write = written.out;
      process.stderr.write = written.error;
      dc.faults.clear();
    }
    expect(leaksOf(printed), name).toEqual([]);
    for await (const stored of kv.list('')) expect(leaksOf([stored, await kv.get(stored)])).toEqual([]);
  });

  it('from a session that is no session', async () => {
    await using hub = makeHub(dc);
    const named = await hub.hub.add(canaries.phone).catch((thrown: unknown) => thrown);
    expect(named).toMatchObject({ code: 'invalid_input', field: 'name' });
    expect(leaksOf(named)).toEqual([]);
    for (const session of [`1${canaries.password}`, canaries.password]) {
      const error = await hub.hub.add('x', { session }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'invalid_input' });
      expect(leaksOf(error)).toEqual([]);
    }
  });
});
