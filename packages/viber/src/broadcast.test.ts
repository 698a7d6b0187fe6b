import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { afterEach, describe, expect, test } from 'vitest';
import { authToken, type Listening, type Reply, serve, startViber } from '../tests/support.ts';
import {
  createViberClient,
  createViberWebhook,
  type ViberBroadcastResult,
  type ViberClientOptions,
  viberFailure,
} from './index.ts';

const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `user-${n}`);
const message = { type: 'text', text: 'New cars' } as const;
const counts = (results: readonly ViberBroadcastResult[]): Record<string, number> => {
  const found: Record<string, number> = {};
  for (const { status } of results) found[status] = (found[status] ?? 0) + 1;
  return found;
};

describe('against a whole Viber', () => {
  let sandbox: RunningSandbox;
  let webhook: Listening;
  afterEach(async () => {
    await sandbox.close();
    await webhook.close();
  });

  test('3,001 receivers of whom 40 fail: exactly those 40 with their reasons, and no refusal for too many', async () => {
    sandbox = await startSandbox();
    const account = sandbox.viber.createAccount();
    webhook = await serve(createViberWebhook({ authToken: account.token, onUpdate: async () => undefined }));
    const viber = createViberClient({
      authToken: account.token,
      sender: { name: 'Cars' },
      baseUrl: sandbox.viber.apiUrl,
    });
    await viber.setWebhook({ url: webhook.url, event_types: [] });
    const list = ids(3_001);
    const reasons = new Map<string, number>();
    for (const [n, id] of list.entries()) {
      if (n % 75 !== 7 || reasons.size === 40) {
        sandbox.viber.createUser(account, { id, subscribed: true });
        continue;
      }
      const reason = [5, 6, 11, 21][reasons.size % 4] as number;
      reasons.set(id, reason);
      if (reason === 6) sandbox.viber.createUser(account, { id });
      if (reason > 6) sandbox.viber.createUser(account, { id, subscribed: true, refuses: reason });
    }
    expect(reasons.size).toBe(40);

    const results = await viber.broadcast({ ...message, broadcast_list: list });

    expect(results.map(({ receiver }) => receiver)).toEqual(list);
    expect(counts(results)).toEqual({ sent: 2_961, failed: 40 });
    const failed = new Map(
      results.flatMap(({ receiver, error }) => (error ? [[receiver, viberFailure(error)?.status]] : [])),
    );
    expect(failed).toEqual(reasons);
    const calls = sandbox.viber.calls().filter(({ method }) => method === 'broadcast_message');
    expect(calls).toHaveLength(11);
    expect(calls.filter(({ status }) => status !== 0)).toEqual([]);
    for (const id of [list[0], list[1500], list[3_000]]) {
      expect(sandbox.viber.messages(account, id as string)).toHaveLength(1);
    }
  });

  test('fills in each user’s name', async () => {
    sandbox = await startSandbox();
    const account = sandbox.viber.createAccount();
    webhook = await serve(createViberWebhook({ authToken: account.token, onUpdate: async () => undefined }));
    const viber = createViberClient({
      authToken: account.token,
      sender: { name: 'Cars' },
      baseUrl: sandbox.viber.apiUrl,
    });
    await viber.setWebhook({ url: webhook.url });
    sandbox.viber.createUser(account, { id: 'a', name: 'Taras "T"', subscribed: true });
    await viber.broadcast({ type: 'text', text: 'Hi replace_me_with_user_name', broadcast_list: ['a', 'a'] });
    expect(sandbox.viber.messages(account, 'a').map((entry) => entry.message.text)).toEqual(['Hi Taras "T"']);
  });
});

describe('against a Viber in trouble', () => {
  let server: Awaited<ReturnType<typeof startViber>>;
  afterEach(() => server.close());
  const clientOf = (options: Partial<ViberClientOptions> = {}) =>
    createViberClient({
      authToken,
      sender: { name: 'Cars' },
      baseUrl: server.url,
      breaker: false,
      maxConcurrent: 1,
      ...options,
    });
  const taken: Reply = { json: { status: 0, status_message: 'ok', message_token: 1, failed_list: [] } };

  test('a request of unknown outcome is not repeated, and only its receivers are unknown', async () => {
    server = await startViber((_, n) => (n === 2 ? 'reset' : taken));
    const results = await clientOf().broadcast({ ...message, broadcast_list: ids(900) });
    expect(counts(results)).toEqual({ sent: 600, unknown: 300 });
    expect(results[299]?.status).toBe('sent');
    expect(results[300]).toMatchObject({ status: 'unknown', error: { outcome: 'unknown' } });
    expect(server.received).toHaveLength(3);
  });

  test('a token that is refused once is not tried again and again', async () => {
    server = await startViber(() => ({ json: { status: 2, status_message: 'invalidAuthToken' } }));
    const results = await clientOf().broadcast({ ...message, broadcast_list: ids(3_000) });
    expect(counts(results)).toEqual({ failed: 3_000 });
    expect(server.received).toHaveLength(1);
  });

  test('what the deadline leaves no time for is unsent', async () => {
    server = await startViber((_, n) => (n === 1 ? taken : 'hang'));
    const results = await clientOf().broadcast(
      { ...message, broadcast_list: ids(900) },
      { deadlineMs: 500, timeoutMs: 10_000 },
    );
    expect(counts(results)).toEqual({ sent: 300, unknown: 300, unsent: 300 });
  });

  test('a long message goes in smaller requests, each of 30 KB at most', async () => {
    server = await startViber(() => taken);
    const list = ids(300).map((id) => id.padEnd(60, '='));
    const results = await clientOf().broadcast({
      type: 'text',
      text: 'ї'.repeat(7_000),
      broadcast_list: list,
    });
    expect(counts(results)).toEqual({ sent: 300 });
    expect(server.received).toHaveLength(2);
    for (const { body } of server.received) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(30 * 1024);
    const sent = server.received.flatMap(
      ({ body }) => (JSON.parse(body) as { broadcast_list: string[] }).broadcast_list,
    );
    expect(sent).toEqual(list);
  });

  test('an abort ends it with its reason', async () => {
    server = await startViber(() => 'hang');
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const sending = clientOf().broadcast(
      { ...message, broadcast_list: ids(900) },
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(reason), 50);
    await expect(sending).rejects.toBe(reason);
  });

  test('nothing at all is refused too', async () => {
    server = await startViber(() => taken);
    await expect(clientOf().broadcast(undefined as never)).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'keyboard',
    });
  });

  test.each([[[]], [['']], [[1]], ['u']])('a list like %j is refused', async (broadcast_list) => {
    server = await startViber(() => taken);
    await expect(clientOf().broadcast({ ...message, broadcast_list } as never)).rejects.toMatchObject({
      code: 'invalid_input',
      field: expect.stringContaining('broadcast_list'),
    });
  });
});
