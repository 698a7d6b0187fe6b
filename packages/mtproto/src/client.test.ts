import { type KeyValueStore, memoryStore } from '@cartie/core';
import { gramjsSession, startTestDc } from '@cartie/sandbox';
import { describe, expect, it } from 'vitest';
import { addReady, collect, makeHub, startScene, thrown, until } from '../tests/support.ts';
import { createMtprotoHub, mtprotoFailure } from './index.ts';

describe('a hub', () => {
  it('brings all stored accounts back after a restart, without a handshake or a login', async () => {
    await using dc = await startTestDc();
    const kv = memoryStore();
    {
      await using first = makeHub(dc, { kv });
      for (let index = 0; index < 30; index += 1)
        await addReady(first.hub, dc, dc.addAccount(), `account-${index}`);
    }
    dc.requests.clear();
    const handshakes = dc.connections.handshakes;
    await using second = makeHub(dc, { kv });
    const startedAt = performance.now();
    const report = await second.hub.start();
    const tookMs = Math.round(performance.now() - startedAt);
    expect(report).toHaveLength(30);
    expect(report.map(({ state }) => state.name)).toEqual(Array.from({ length: 30 }, () => 'ready'));
    expect(dc.connections.handshakes).toBe(handshakes);
    expect(Object.keys(dc.requests.counts()).filter((method) => method.startsWith('auth.'))).toEqual([]);
    expect(await second.hub.health()).toMatchObject({ status: 'ok', facts: { accounts: 30, ready: 30 } });
    console.log(`30 accounts were ready after ${tookMs} ms`);
  });

  it('takes a session of Telethon', async () => {
    await using dc = await startTestDc();
    await using watched = makeHub(dc);
    const person = dc.addAccount();
    const { authKey, dcId } = dc.provisionKey(person);
    // One byte of data centre, an IPv4 address, a port, the key; base64 as in addresses.
    const bytes = Buffer.concat([Buffer.from([dcId, 127, 0, 0, 1, 1, 187]), authKey]);
    const account = await watched.hub.add('cars', {
      session: `1${bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`,
    });
    expect(await account.me()).toMatchObject({ id: BigInt(person.id) });
    expect(dc.connections.handshakes).toBe(0);
  });

  it('connects no more accounts at a time than it is told', async () => {
    await using dc = await startTestDc();
    await using watched = makeHub(dc, { maxConnecting: 2 });
    dc.faults.set({ kind: 'slow', method: 'help.getConfig', delayMs: 50 });
    const sessions = Array.from({ length: 8 }, () => gramjsSession(dc.provisionKey(dc.addAccount())));
    await Promise.all(sessions.map((session, index) => watched.hub.add(`account-${index}`, { session })));
    let most = 0;
    const look = (): void => {
      const inHand =
        dc.connections.open - watched.hub.accounts().filter(({ state }) => state.name === 'ready').length;
      most = Math.max(most, inHand);
    };
    await until(() => {
      look();
      return watched.hub.accounts().every(({ state }) => state.name === 'ready');
    });
    expect(most).toBeLessThanOrEqual(2);
    expect(most).toBeGreaterThan(0);
  });

  it('has no more accounts live than it is told, and takes another when one goes', async () => {
    await using dc = await startTestDc();
    await using watched = makeHub(dc, { maxAccounts: 2, leaseMs: 2_000 });
    const { hub, states } = watched;
    for (const name of ['one', 'two', 'three'])
      await hub.add(name, { session: gramjsSession(dc.provisionKey(dc.addAccount())) });
    const namesIn = (name: string): string[] =>
      hub.accounts().flatMap((account) => (account.state.name === name ? [account.name] : []));
    await until(() => namesIn('ready').length === 2 && namesIn('waiting').length === 1);
    const [waiting = ''] = namesIn('waiting');
    expect(hub.account(waiting)?.state.reason).toBe('capacity');
    expect(await hub.health()).toMatchObject({ status: 'ok', facts: { active: 3, ready: 2, elsewhere: 1 } });
    expect(dc.connections.mostOpen()).toBe(2);
    await hub.remove(namesIn('ready')[0] ?? '');
    await until(() => hub.account(waiting)?.state.name === 'ready');
    expect(states.filter(({ account, state }) => account === waiting && state.name === 'ready')).toHaveLength(
      1,
    );
  });

  it('tells each state with its reason', async () => {
    await using dc = await startTestDc();
    const person = dc.addAccount();
    await using watched = makeHub(dc);
    const account = await watched.hub.add('new');
    await until(() => account.state.name === 'login_required');
    expect(account.state).toMatchObject({ name: 'login_required', reason: 'no_session' });
    expect(await thrown(account.send('me', { text: 'x' }))).toMatchObject({
      code: 'unauthorized',
      outcome: 'not_executed',
    });
    await addReady(watched.hub, dc, person, 'old');
    expect(await watched.hub.health()).toMatchObject({
      status: 'degraded',
      facts: { ready: 1, login_required: 1 },
    });
    await watched.hub.stop();
    expect(
      watched.states.filter(({ account: name }) => name === 'old').map(({ state }) => state.name),
    ).toEqual(['connecting', 'ready', 'stopped']);
    expect(await thrown(account.ready())).toMatchObject({ code: 'connection_failed', retryable: false });
  });

  it('says `login_required` once when the session is revoked, and connects no more', async () => {
    await using scene = await startScene();
    const { dc, person, account, watched } = scene;
    dc.revoke(person);
    const error = await thrown(account.invoke({ _: 'help.getConfig' }).then(() => account.me()));
    expect(mtprotoFailure(error)?.kind).toBe('session_lost');
    await until(() => account.state.name === 'login_required');
    const total = dc.connections.total;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(dc.connections.total).toBe(total);
    expect(dc.connections.open).toBe(0);
    expect(account.state).toMatchObject({ reason: 'session_lost' });
    expect(watched.states.filter(({ state }) => state.name === 'login_required')).toHaveLength(1);
  });

  it('notices while it only listens that the session was revoked', async () => {
    await using scene = await startScene({ sweepMs: 200 });
    const { dc, person, account } = scene;
    dc.revoke(person);
    await until(() => account.state.name === 'login_required');
    expect(account.state.reason).toBe('session_lost');
  });

  it.each([
    ['a key that the server has forgotten', 'key_unknown', 'login_required'],
    ['a session used twice', 'session_duplicated', 'login_required'],
    ['an account that is deleted', 'account_deleted', 'failed'],
  ] as const)('gives up on %s', async (_what, reason, name) => {
    await using scene = await startScene({ pingMs: 100 });
    const { dc, person, account } = scene;
    if (reason === 'key_unknown') dc.forgetKeys(person);
    else if (reason === 'session_duplicated') dc.faults.set({ kind: 'auth_key_duplicated', account: person });
    else dc.faults.set({ kind: 'error', account: person, code: 401, message: 'USER_DEACTIVATED' });
    dc.drop();
    await until(() => account.state.name === name);
    expect(account.state.reason).toBe(reason);
    const total = dc.connections.total;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(dc.connections.total).toBe(total);
  });

  it('tells in its health when the last update came, and how late', async () => {
    await using scene = await startScene();
    const { dc, person, watched } = scene;
    expect((await watched.hub.health()).facts).toMatchObject({ lastUpdateAt: null, lagMs: null });
    const channel = dc.createChannel({ members: [person] });
    const before = Date.now();
    channel.post({ text: 'late', date: Math.floor(before / 1_000) - 60 });
    await until(() => watched.events.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 1_010)); // it remembers for a second
    const { facts } = await watched.hub.health();
    expect(facts).toMatchObject({ accounts: 1, active: 1, ready: 1, queued: 0, catchingUp: 0 });
    expect(Number(facts?.lastUpdateAt)).toBeGreaterThanOrEqual(before);
    expect(Number(facts?.lagMs)).toBeGreaterThanOrEqual(60_000);
    expect(Number(facts?.lagMs)).toBeLessThan(90_000);
  });

  it('forgives a server that does not know the key once', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    dc.faults.set({ kind: 'transport_error', times: 1 });
    await account.me();
    expect(account.state.name).toBe('ready');
    expect(dc.connections).toMatchObject({ total: 2, handshakes: 0 });
  });

  it('waits longer after each failure, and comes back when the server does', async () => {
    await using scene = await startScene();
    const { dc, account, watched } = scene;
    await dc.suspend();
    await until(() => watched.states.filter(({ state }) => state.reason === 'connection').length > 3);
    expect(account.state.name === 'waiting' ? account.state.retryAt : Date.now()).toBeGreaterThan(
      Date.now() - 1_000,
    );
    await dc.resume();
    await account.ready();
    expect(account.state.name).toBe('ready');
  });

  it('removes an account and all that was stored of it', async () => {
    const kv = memoryStore();
    await using scene = await startScene({ kv });
    const { dc, person, watched } = scene;
    dc.createChannel({ username: 'autos', members: [person] }).fill(150);
    const options = { limit: 120, cursor: 'import' };
    expect(await collect(scene.account.history('autos', options))).toHaveLength(120);
    expect((await leftIn(kv)).filter((key) => key.includes('cursor'))).toHaveLength(1);
    expect(await watched.hub.remove('cars', { logOut: true })).toBe(true);
    expect(dc.requests.count({ method: 'auth.logOut' })).toBe(1);
    expect(await leftIn(kv)).toEqual([]);
    expect(watched.hub.account('cars')).toBeUndefined();
    expect(await watched.hub.remove('cars')).toBe(false);
  });

  it('removes an account that has failed, though nobody can log it out', async () => {
    const kv = memoryStore();
    await using scene = await startScene({ kv });
    const { dc, person, account, watched } = scene;
    dc.faults.set({ kind: 'error', account: person, code: 401, message: 'USER_DEACTIVATED_BAN' });
    dc.drop();
    await until(() => account.state.name === 'failed');
    expect(account.state.reason).toBe('account_banned');
    expect(await watched.hub.remove('cars', { logOut: true })).toBe(true);
    expect(await leftIn(kv)).toEqual([]);
  });

  it('ends an account that another process has removed, and stores nothing of it again', async () => {
    const kv = memoryStore();
    await using scene = await startScene({ kv });
    const { dc, person, account, watched } = scene;
    const channel = dc.createChannel({ members: [person] });
    channel.post('one');
    await until(() => watched.events.length === 1);
    await using other = makeHub(dc, { kv });
    expect(await other.hub.remove('cars')).toBe(true);
    channel.post('two');
    await until(() => account.state.reason === 'removed');
    await until(() => dc.connections.open === 0);
    expect(await leftIn(kv)).toEqual([]);
  });

  it('does not find an account that is being removed', async () => {
    const kv = memoryStore();
    const slow: KeyValueStore = {
      ...kv,
      async delete(key, options) {
        if (key.startsWith('session:')) await new Promise((resolve) => setTimeout(resolve, 200));
        return kv.delete(key, options);
      },
    };
    await using scene = await startScene({ kv: slow, scanMs: 20 });
    const { dc, watched } = scene;
    await watched.hub.start();
    expect(await watched.hub.remove('cars')).toBe(true);
    expect(dc.connections.total).toBe(1);
    expect(watched.hub.accounts()).toEqual([]);
    expect(await leftIn(kv)).toEqual([]);
  });

  it('connects no account that is added while it stops', async () => {
    await using dc = await startTestDc();
    const kv = memoryStore();
    let read: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      read = resolve;
    });
    const slow = { ...kv, get: (key: string) => gate.then(() => kv.get(key)) };
    await using watched = makeHub(dc, { kv: slow });
    const adding = thrown(
      watched.hub.add('cars', { session: gramjsSession(dc.provisionKey(dc.addAccount())) }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    await watched.hub.stop();
    read?.();
    expect(await adding).toMatchObject({ code: 'conflict' });
    expect(watched.hub.accounts()).toEqual([]);
    expect(dc.connections.total).toBe(0);
  });

  it('takes accounts with an application of their own, and keeps it with them', async () => {
    const kv = memoryStore();
    await using dc = await startTestDc();
    const person = dc.addAccount();
    const own = { apiId: 777, apiHash: 'fedcba9876543210fedcba9876543210' };
    {
      await using watched = makeHub(dc, { kv, apiId: undefined, apiHash: undefined });
      expect(await thrown(watched.hub.add('cars'))).toMatchObject({ code: 'invalid_config', field: 'apiId' });
      expect(await thrown(watched.hub.add('cars', { apiId: 777 }))).toMatchObject({
        code: 'invalid_input',
        field: 'apiHash',
      });
      const account = await watched.hub.add('cars', own);
      await account.login.sendCode(person.phone);
      await account.login.submitCode(dc.lastCode(person.phone) ?? '');
      await account.ready();
      expect(account.user).toMatchObject({ id: BigInt(person.id) });
    }
    await using again = makeHub(dc, { kv, apiId: undefined, apiHash: undefined });
    expect((await again.hub.start())[0]).toMatchObject({ state: { name: 'ready' } });
    expect(again.hub.account('cars')?.user).toMatchObject({ id: BigInt(person.id) });
    expect(dc.requests.list({ method: 'auth.sendCode' })[0]?.params).toMatchObject({ api_id: 777 });
  });

  it('takes no account from an owner with a newer fence, and does not spin', async () => {
    const kv = memoryStore();
    await using scene = await startScene({ kv });
    const { dc, account, watched } = scene;
    const { sessions } = watched.stores;
    const stored = JSON.parse((await sessions.get('mtproto:account:cars'))?.value ?? '{}') as object;
    await sessions.put('mtproto:account:cars', JSON.stringify({ ...stored, fence: '999999999999' }));
    dc.drop();
    await until(() => account.state.reason === 'owned_elsewhere');
    const errors = watched.errors.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(watched.errors.length - errors).toBeLessThan(3);
    expect(JSON.parse((await sessions.get('mtproto:account:cars'))?.value ?? '{}')).toMatchObject({
      fence: '999999999999',
    });
  });

  it('finds accounts that another process has added or removed', async () => {
    await using dc = await startTestDc();
    const kv = memoryStore();
    await using one = makeHub(dc, { kv, scanMs: 50 });
    await using other = makeHub(dc, { kv, scanMs: 50 });
    await other.hub.start();
    await addReady(one.hub, dc, dc.addAccount());
    await until(() => other.hub.account('cars')?.state.reason === 'owned_elsewhere');
    expect(await thrown(other.hub.account('cars')?.me() ?? Promise.resolve())).toMatchObject({
      code: 'conflict',
      retryable: true,
    });
    expect(await other.hub.health()).toMatchObject({ status: 'ok', facts: { elsewhere: 1 } });
    await one.hub.remove('cars');
    await until(() => other.hub.account('cars') === undefined);
  });

  it('stops at once, whatever its accounts wait for', async () => {
    const kv = memoryStore();
    await using scene = await startScene({ kv });
    const { dc, watched } = scene;
    await watched.hub.add('new');
    await using other = makeHub(dc, { kv, backoffMs: 60_000 });
    await other.hub.start();
    const far = await other.hub.add('far', { session: gramjsSession(dc.provisionKey(dc.addAccount())) });
    await far.ready();
    await dc.suspend();
    await until(() => far.state.reason === 'connection');
    const why =
      /^The (account|call) did not .* `deadlineMs`: the account is (waiting \(connection\)|connecting)$/;
    for (const work of [far.ready({ deadlineMs: 50 }), far.me({ deadlineMs: 50 })]) {
      const error = (await thrown(work)) as Error;
      expect(error).toMatchObject({ code: 'timeout', outcome: 'not_executed' });
      expect(error.message).toMatch(why);
    }
    expect(other.hub.accounts().map(({ state }) => state.reason)).toEqual(
      expect.arrayContaining(['owned_elsewhere', 'no_session', 'connection']),
    );
    const startedAt = performance.now();
    await other.hub.stop();
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await dc.resume();
  });

  it('refuses options and names that are wrong, without quoting them', async () => {
    await using dc = await startTestDc();
    const good = { apiId: 1, apiHash: 'h', sessions: {} as never, leases: {} as never };
    for (const [options, field] of [
      [{ ...good }, 'sessions'],
      [{ ...good, apiId: 'secret-id' }, 'apiId'],
      [{ apiHsh: 'secret-hash' }, 'apiHsh'],
    ] as const) {
      const error = await thrown((async () => createMtprotoHub(options as never))());
      expect(error).toMatchObject({ code: 'invalid_config' });
      expect(String(error)).not.toContain('secret');
      expect((error as { field: string }).field === field || field === 'apiHsh').toBe(true);
    }
    await using watched = makeHub(dc);
    for (const name of ['', '+380671234567', '380671234567', 'a/b', 'x'.repeat(65)]) {
      expect(await thrown(watched.hub.add(name))).toMatchObject({ code: 'invalid_input', field: 'name' });
    }
    expect(await thrown(watched.hub.add('x', { session: '1c2VjcmV0' }))).toMatchObject({
      code: 'invalid_input',
      field: 'session',
    });
  });
});

/** What is stored of accounts. */
async function leftIn(kv: KeyValueStore): Promise<string[]> {
  const left: string[] = [];
  for await (const key of kv.list('session:mtproto:')) if (!key.includes('rate')) left.push(key);
  return left;
}
