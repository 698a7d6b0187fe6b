import { describe, expect, it } from 'vitest';
import { startScene, thrown, until } from '../tests/support.ts';
import { mtprotoFailure, type TlObject } from './index.ts';

const config = { _: 'help.getConfig' };
const self = { _: 'users.getUsers', id: [{ _: 'inputUserSelf' }] };

describe('a call', () => {
  it('takes and gives plain data: bigints, bytes, absent fields left out', async () => {
    await using scene = await startScene();
    const { person, account } = scene;
    const [user] = await account.invoke<readonly TlObject[]>(self);
    expect(user).toMatchObject({ _: 'user', self: true, id: BigInt(person.id), phone: person.phone });
    expect(Object.values(user ?? {})).not.toContain(null);
    expect(typeof user?.accessHash).toBe('bigint');
  });

  it.each<[field: string, request: TlObject]>([
    ['_', { _: 'help.getConfg' }],
    ['_', { _: 'message' }],
    ['idd', { ...self, idd: [] }],
    ['id', { _: 'users.getUsers' }],
    ['id', { _: 'users.getUsers', id: 'secret' }],
    ['id[0].userId', { _: 'users.getUsers', id: [{ _: 'inputUser', userId: 'secret', accessHash: 1n }] }],
    ['date', { _: 'updates.getDifference', pts: 1, date: 2 ** 40, qts: 0 }],
    ['_', { _: '../secret' }],
  ])('that is not of the schema is refused by the field, not quoted: %s', async (field, request) => {
    await using scene = await startScene();
    const error = await thrown(scene.account.invoke(request));
    expect(error).toMatchObject({ code: 'invalid_input', field });
    expect(String(error)).not.toContain('secret');
  });

  it.each([
    ['drop', { kind: 'drop' }],
    ['no answer', { kind: 'swallow' }],
    ['-404', { kind: 'transport_error' }],
    ['a mute server', { kind: 'mute' }],
    ['a slow answer', { kind: 'slow', delayMs: 5_000 }],
  ] as const)('ends by its deadline on %s', async (_name, fault) => {
    await using scene = await startScene();
    const { dc, account } = scene;
    dc.faults.set(fault);
    if (fault.kind === 'mute') dc.drop();
    const startedAt = performance.now();
    const error = await thrown(account.invoke(config, { deadlineMs: 400 }));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(['timeout', 'connection_failed', 'unauthorized']).toContain((error as { code: string }).code);
  });

  it('ends at once when its caller gives up, wherever it waits', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    for (const kind of ['swallow', 'mute'] as const) {
      dc.faults.set({ kind });
      if (kind === 'mute') {
        dc.drop();
        await until(() => account.state.name !== 'ready');
      }
      const ending = new AbortController();
      const call = thrown(account.invoke(config, { signal: ending.signal }));
      setTimeout(() => ending.abort(new Error('enough')), 50);
      expect(await call).toEqual(new Error('enough'));
      dc.faults.clear();
    }
  });

  it('waits for a short flood, and tells of a long one at once', async () => {
    await using scene = await startScene();
    const { dc, account, watched } = scene;
    dc.faults.set({ kind: 'flood_wait', method: 'help.getConfig', seconds: 1, times: 1 });
    const startedAt = performance.now();
    await account.invoke(config);
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    dc.faults.set({ kind: 'flood_wait', method: 'help.getConfig', seconds: 600, times: 1 });
    const asked = dc.requests.count({ method: 'help.getConfig' });
    expect(await thrown(account.invoke(config))).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 600_000,
    });
    const second = await thrown(account.invoke(config));
    expect(second).toMatchObject({ code: 'rate_limited', outcome: 'not_executed' });
    expect((second as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(590_000);
    // Nobody asks before the time, and other methods are not held up.
    expect(dc.requests.count({ method: 'help.getConfig' })).toBe(asked + 1);
    await account.me();
    expect(watched.seen.filter(({ type }) => type === 'rate_limited')).toHaveLength(2);
  });

  it('to a chat that is slow holds up no other chat', async () => {
    await using scene = await startScene();
    const { dc, person, account } = scene;
    const [slow, other] = [1, 2].map(() => dc.createChannel({ kind: 'supergroup', members: [person] }));
    for (const channel of [slow, other]) channel?.post({ text: 'hi', from: person });
    await until(() => scene.watched.events.length === 2);
    const method = 'messages.sendMessage';
    dc.faults.set({ kind: 'error', method, code: 420, message: 'SLOWMODE_WAIT_900', times: 1 });
    const [first, second] = [slow, other].map((channel) => -1_000_000_000_000n - BigInt(channel?.id ?? 0));
    expect(await thrown(account.send(first ?? 0n, { text: 'x' }))).toMatchObject({ retryAfterMs: 900_000 });
    expect(await account.send(second ?? 0n, { text: 'y' })).toMatchObject({ text: 'y' });
  });

  it('is repeated where that is safe, and nowhere else', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    dc.faults.set({ kind: 'error', method: 'users.getUsers', code: 500, message: 'INTERNAL', times: 2 });
    await account.me();
    expect(dc.requests.count({ method: 'users.getUsers' })).toBe(4);

    dc.faults.set({ kind: 'error', method: 'help.getConfig', code: 500, message: 'INTERNAL' });
    const error = await thrown(account.invoke(config));
    expect(error).toMatchObject({ code: 'upstream_error', outcome: 'unknown', attempts: 1 });
    expect(mtprotoFailure(error)).toEqual({ kind: 'server', name: 'INTERNAL', status: 500 });
    expect(await thrown(account.invoke(config, { idempotent: true, retries: 1 }))).toMatchObject({
      attempts: 2,
    });
  });

  it('over a lost connection goes to the next one', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    dc.faults.set({ kind: 'drop', method: 'users.getUsers', times: 1 });
    expect(await account.me()).toMatchObject({ firstName: scene.person.firstName });
    expect(dc.connections.total).toBe(2);
  });

  it('that may have been executed says so, whatever its later attempts come to', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    const method = 'help.getConfig';
    dc.faults.set({ kind: 'drop', method, after: true, times: 1 });
    dc.faults.set({ kind: 'accept_and_close' });
    expect(await thrown(account.invoke(config, { idempotent: true, deadlineMs: 2_000 }))).toMatchObject({
      code: 'timeout',
      outcome: 'unknown',
      attempts: 1,
    });
    dc.faults.clear();
    await account.ready();
    dc.faults.set({ kind: 'error', method, code: 500, message: 'INTERNAL', times: 1 });
    dc.faults.set({ kind: 'flood_wait', method, seconds: 600 });
    expect(await thrown(account.invoke(config, { idempotent: true }))).toMatchObject({
      code: 'rate_limited',
      outcome: 'unknown',
      attempts: 2,
    });
  });

  it('whose answer has something unknown says so, and harms nobody else', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    dc.faults.set({ kind: 'unknown_constructor', method: 'help.getConfig', times: 1 });
    expect(await thrown(account.invoke(config))).toMatchObject({
      code: 'invalid_response',
      retryable: false,
    });
    await account.me();
    expect(dc.connections.total).toBe(1);
  });

  it.each([
    [400, 'PEER_ID_INVALID', 'not_found', 'chat_not_found'],
    [400, 'CHANNEL_PRIVATE', 'forbidden', 'chat_private'],
    [303, 'USER_MIGRATE_4', 'rejected', 'elsewhere'],
    [303, 'FILE_MIGRATE_3', 'rejected', 'elsewhere'],
    [400, 'MESSAGE_TOO_LONG', 'rejected', 'other'],
    [404, 'METHOD_UNKNOWN', 'not_found', 'other'],
    [403, 'CHAT_WRITE_FORBIDDEN', 'forbidden', 'not_allowed'],
    [406, 'UPDATE_APP_TO_LOGIN', 'rejected', 'other'],
    [420, 'SLOWMODE_WAIT_900', 'rate_limited', 'slow_mode'],
    [-503, 'Timeout', 'upstream_error', 'server'],
  ] as const)('refused with %s %s is %s', async (code, message, expected, kind) => {
    await using scene = await startScene();
    scene.dc.faults.set({ kind: 'error', method: 'help.getConfig', code, message });
    const error = await thrown(scene.account.invoke(config));
    expect(error).toMatchObject({ code: expected, service: 'mtproto', operation: 'help.getConfig' });
    expect(mtprotoFailure(error)).toEqual({ kind, name: message, status: code });
  });

  it('is told in events, without what it carried', async () => {
    await using scene = await startScene();
    const { account, watched } = scene;
    watched.seen.length = 0;
    await account.me();
    expect(watched.seen.map(({ type }) => type)).toEqual([
      'call_started',
      'attempt_finished',
      'call_finished',
    ]);
    expect(watched.seen[2]).toMatchObject({
      service: 'mtproto',
      operation: 'users.getUsers',
      attempts: 1,
      code: 'ok',
    });
  });

  it('notices a connection that died without a word, and makes a new one', async () => {
    await using scene = await startScene({ pingMs: 100, pingTimeoutMs: 300 });
    const { dc, account } = scene;
    const fault = dc.faults.set({ kind: 'mute' });
    await until(() => account.state.name !== 'ready');
    dc.faults.clear(fault);
    await until(() => account.state.name === 'ready');
    await account.me();
  });

  it('survives segments of any size, clock skew, new salts and noise', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    dc.faults.set({ kind: 'split', bytes: 3 });
    dc.rotateSalts();
    await account.me();
    dc.setClockSkew(120_000);
    dc.drop();
    await account.me();
    dc.faults.set({ kind: 'garbage', times: 1 });
    await account.me();
  });
});
