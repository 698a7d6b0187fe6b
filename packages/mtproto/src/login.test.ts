import { memoryStore } from '@cartie/core';
import { startTestDc, type TestDc, type TestDcAccount } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeHub, thrown, until, type Watched } from '../tests/support.ts';
import { mtprotoFailure } from './index.ts';

let dc: TestDc;
let person: TestDcAccount;
let watched: Watched;
const kv = () => memoryStore();

beforeEach(async () => {
  dc = await startTestDc();
  person = dc.addAccount({ firstName: 'Olena' });
  watched = makeHub(dc);
});
afterEach(async () => {
  await watched.hub.stop();
  await dc.close();
});

const kindOf = async (promise: Promise<unknown>) => mtprotoFailure(await thrown(promise))?.kind;
const codeOf = (account: TestDcAccount): string => dc.lastCode(account.phone) ?? 'none';

describe('a login', () => {
  it('by phone and code makes the account ready', async () => {
    const account = await watched.hub.add('cars');
    expect(await account.login.current()).toEqual({ step: 'none' });
    expect(await account.login.sendCode(`+${person.phone}`)).toMatchObject({
      step: 'code',
      via: 'app',
      codeLength: 5,
    });
    expect(account.state).toMatchObject({ name: 'login_required', reason: 'login_pending' });
    const done = await account.login.submitCode(codeOf(person));
    expect(done).toMatchObject({ step: 'done', user: { id: BigInt(person.id), firstName: 'Olena' } });
    await account.ready();
    expect(await account.me()).toMatchObject({ id: BigInt(person.id) });
    expect(await account.login.current()).toEqual(done);
    expect(dc.connections.handshakes).toBe(1);
    expect(await thrown(account.login.sendCode(person.phone))).toMatchObject({ code: 'conflict' });
  });

  it('asks for the password of two-step verification, and takes no wrong one', async () => {
    dc.setPassword(person, 'correct horse');
    const account = await watched.hub.add('cars');
    await account.login.sendCode(person.phone);
    expect(await account.login.submitCode(codeOf(person))).toMatchObject({ step: 'password' });
    expect(await kindOf(account.login.submitPassword('wrong horse'))).toBe('password_wrong');
    expect(await account.login.current()).toMatchObject({ step: 'password' });
    expect(await account.login.submitPassword('correct horse')).toMatchObject({ step: 'done' });
    await account.ready();
  });

  it('takes no wrong code, and can try again', async () => {
    const account = await watched.hub.add('cars');
    await account.login.sendCode(person.phone);
    expect(await kindOf(account.login.submitCode('00000'))).toBe('code_wrong');
    expect(await account.login.current()).toMatchObject({ step: 'code' });
    expect(await account.login.submitCode(codeOf(person))).toMatchObject({ step: 'done' });
  });

  it('begins anew after an expired code', async () => {
    const account = await watched.hub.add('cars');
    await account.login.sendCode(person.phone);
    const code = codeOf(person);
    dc.expireCode(person.phone);
    expect(await kindOf(account.login.submitCode(code))).toBe('code_expired');
    expect(await account.login.current()).toEqual({ step: 'none' });
    expect(await thrown(account.login.submitCode(code))).toMatchObject({ code: 'conflict' });
  });

  it('has the code sent in another way, and can be cancelled', async () => {
    const account = await watched.hub.add('cars');
    const first = await account.login.sendCode(person.phone);
    expect(first).toMatchObject({ step: 'code', nextVia: 'sms' });
    expect(await account.login.resendCode()).toMatchObject({ step: 'code', via: 'sms' });
    await account.login.cancel();
    expect(dc.requests.count({ method: 'auth.cancelCode' })).toBe(1);
    expect(await account.login.current()).toEqual({ step: 'none' });
    await until(() => dc.connections.open === 0);
    await until(() => account.state.reason === 'no_session');
    expect(account.state.name).toBe('login_required');
  });

  it('survives a restart between its steps', async () => {
    const store = kv();
    dc.setPassword(person, 'correct horse');
    {
      await using first = makeHub(dc, { kv: store });
      await (await first.hub.add('cars')).login.sendCode(person.phone);
    }
    {
      await using second = makeHub(dc, { kv: store });
      await second.hub.start();
      const login = second.hub.account('cars')?.login;
      expect(await login?.current()).toMatchObject({ step: 'code' });
      expect(await login?.submitCode(codeOf(person))).toMatchObject({ step: 'password' });
    }
    await using third = makeHub(dc, { kv: store });
    await third.hub.start();
    const account = third.hub.account('cars');
    expect(await account?.login.current()).toMatchObject({ step: 'password' });
    await account?.login.submitPassword('correct horse');
    await account?.ready();
    expect(dc.connections.handshakes).toBe(1);
  });

  it('goes to the data centre that has the account', async () => {
    await using far = await startTestDc({ dcs: [2, 3] });
    const distant = far.addAccount({ dcId: 3 });
    await using hub = makeHub(far);
    const account = await hub.hub.add('cars');
    await account.login.sendCode(distant.phone);
    expect(await account.login.submitCode(far.lastCode(distant.phone) ?? '')).toMatchObject({ step: 'done' });
    await account.ready();
    expect(await account.me()).toMatchObject({ id: BigInt(distant.id) });
  });

  it('never signs an unknown number up', async () => {
    const account = await watched.hub.add('cars');
    const asked = await thrown(account.login.sendCode('+380999999999'));
    const kind =
      asked === undefined
        ? await kindOf(account.login.submitCode(dc.lastCode('380999999999') ?? ''))
        : mtprotoFailure(asked)?.kind;
    expect(kind).toBe('sign_up_required');
    expect(dc.requests.count({ method: 'auth.signUp' })).toBe(0);
    expect(await account.login.current()).toEqual({ step: 'none' });
  });

  it('tells how long Telegram wants to be left alone', async () => {
    dc.faults.set({ kind: 'flood_wait', method: 'auth.sendCode', seconds: 600 });
    const account = await watched.hub.add('cars');
    expect(await thrown(account.login.sendCode(person.phone))).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 600_000,
    });
  });

  it.each(['', 'not a number', '+1'])(
    'refuses the phone number «%s» without asking anybody',
    async (phone) => {
      const account = await watched.hub.add('cars');
      const error = await thrown(account.login.sendCode(phone));
      expect(error).toMatchObject({ code: 'invalid_input', field: 'phone' });
      expect(String(error)).not.toContain(phone || '«');
      expect(dc.connections.total).toBe(0);
    },
  );
});

describe('the connection of a login', () => {
  it('is made again when the first key exchange fails', async () => {
    dc.faults.set({ kind: 'transport_error', times: 1 });
    const account = await watched.hub.add('cars');
    expect(await account.login.sendCode(person.phone)).toMatchObject({ step: 'code' });
    expect(dc.connections.list().map(({ handshakes }) => handshakes)).toEqual([0, 1]);
  });

  it('is waited for no longer than the deadline or the caller’s patience', async () => {
    dc.faults.set({ kind: 'mute' });
    const account = await watched.hub.add('cars');
    const startedAt = performance.now();
    expect(await thrown(account.login.sendCode(person.phone, { deadlineMs: 300 }))).toMatchObject({
      code: 'timeout',
      outcome: 'not_executed',
    });
    const ending = new AbortController();
    const step = thrown(account.login.qr({ signal: ending.signal }));
    setTimeout(() => ending.abort(new Error('enough')), 50);
    expect(await step).toEqual(new Error('enough'));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    // What was given up holds up nothing.
    dc.faults.clear();
    dc.drop();
    expect(await account.login.sendCode(person.phone)).toMatchObject({ step: 'code' });
  });

  it('is waited for no longer by a step that waits behind another, which is not taken later', async () => {
    dc.faults.set({ kind: 'mute' });
    const account = await watched.hub.add('cars');
    const first = thrown(account.login.qr({ deadlineMs: 4_000 }));
    const startedAt = performance.now();
    const ending = new AbortController();
    const third = thrown(account.login.qr({ signal: ending.signal }));
    expect(await thrown(account.login.sendCode(person.phone, { deadlineMs: 200 }))).toMatchObject({
      code: 'timeout',
      outcome: 'not_executed',
    });
    ending.abort(new Error('enough'));
    expect(await third).toEqual(new Error('enough'));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(await first).toMatchObject({ code: 'timeout' });
    dc.faults.clear();
    dc.drop();
    expect((await account.login.qr()).step).toBe('qr');
    expect(dc.requests.count({ method: 'auth.sendCode' })).toBe(0);
  });

  it('serves a step of several requests no longer than its deadline, and a cancellation neither', async () => {
    dc.setPassword(person, 'correct horse');
    const account = await watched.hub.add('cars');
    await account.login.sendCode(person.phone);
    await account.login.submitCode(codeOf(person));
    dc.faults.set({ kind: 'slow', method: 'account.getPassword', delayMs: 2_000 });
    dc.faults.set({ kind: 'swallow', method: 'auth.checkPassword' });
    const startedAt = performance.now();
    expect(await thrown(account.login.submitPassword('correct horse', { deadlineMs: 3_000 }))).toMatchObject({
      code: 'timeout',
      outcome: 'unknown',
    });
    expect(performance.now() - startedAt).toBeLessThan(4_500);
    dc.faults.set({ kind: 'mute' });
    dc.drop();
    await until(() => dc.connections.total === 2);
    expect(await thrown(account.login.cancel({ deadlineMs: 300 }))).toMatchObject({
      code: 'timeout',
      service: 'mtproto',
    });
  });

  it('may be lost between the steps', async () => {
    const account = await watched.hub.add('cars');
    await account.login.sendCode(person.phone);
    dc.drop();
    await until(() => dc.connections.total === 2);
    expect(await account.login.submitCode(codeOf(person))).toMatchObject({ step: 'done' });
    await account.ready();
    expect(dc.connections.handshakes).toBe(1);
  });
});

describe('a login by QR code', () => {
  it('is done when a phone has scanned it', async () => {
    const account = await watched.hub.add('cars');
    const step = await account.login.qr();
    if (step.step !== 'qr') throw new Error('no QR code');
    expect(step.url).toMatch(/^tg:\/\/login\?token=[\w-]+$/);
    expect(step.expiresAt).toBeGreaterThan(Date.now());
    expect(await account.login.current()).toEqual(step);
    dc.acceptQr(step.url, person);
    // Without anybody asking.
    await account.ready().catch(() => undefined);
    await until(() => account.state.name === 'ready');
    expect(await account.login.current()).toMatchObject({ step: 'done', user: { id: BigInt(person.id) } });
  });

  it('survives a restart while the code is shown, and is done though it was scanned in between', async () => {
    const store = kv();
    {
      await using first = makeHub(dc, { kv: store });
      const step = await (await first.hub.add('cars')).login.qr();
      await first.hub.stop();
      dc.acceptQr(step.step === 'qr' ? step.url : '', person);
    }
    await using second = makeHub(dc, { kv: store });
    await second.hub.start();
    const account = second.hub.account('cars');
    expect(await account?.login.current()).toMatchObject({ step: 'done', user: { id: BigInt(person.id) } });
    await account?.ready();
    expect(dc.connections.handshakes).toBe(1);
  });

  it('gives a new code when the last has expired', async () => {
    await using fast = await startTestDc({ timeScale: 0.02 });
    await using hub = makeHub(fast);
    const account = await hub.hub.add('cars');
    const first = await account.login.qr();
    let next = first;
    for (let tries = 0; tries < 200 && JSON.stringify(next) === JSON.stringify(first); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      next = await account.login.current();
    }
    expect(next.step).toBe('qr');
    expect(next).not.toEqual(first);
  });

  it('asks for the password, and moves to the data centre of the account', async () => {
    await using far = await startTestDc({ dcs: [2, 3] });
    const distant = far.addAccount({ dcId: 3, password: 'correct horse' });
    await using hub = makeHub(far);
    const account = await hub.hub.add('cars');
    const step = await account.login.qr();
    if (step.step !== 'qr') throw new Error('no QR code');
    far.acceptQr(step.url, distant);
    let current = await account.login.current();
    for (let tries = 0; tries < 100 && current.step === 'qr'; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      current = await account.login.current();
    }
    expect(current.step).toBe('password');
    expect(await account.login.submitPassword('correct horse')).toMatchObject({ step: 'done' });
    await account.ready();
  });

  it('can be cancelled', async () => {
    const account = await watched.hub.add('cars');
    await account.login.qr();
    await account.login.cancel();
    expect(await account.login.current()).toEqual({ step: 'none' });
    await until(() => dc.connections.open === 0);
  });
});
