import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { graphApi, lead, type SendEvents } from '../../tests/graph-api.ts';
import { type RunningSandbox, type SandboxDataset, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let dataset: SandboxDataset;
let send: SendEvents;

beforeEach(async () => {
  sandbox = await startSandbox();
  dataset = sandbox.meta.createDataset();
  send = graphApi(sandbox, dataset);
});
afterEach(() => sandbox.close());

describe('a token', () => {
  it.each([
    ['expired', 401, 190, 463],
    ['password_changed', 401, 190, 460],
    ['app_removed', 401, 190, 458],
    ['checkpoint', 401, 190, 459],
    ['invalid', 401, 190, 467],
    ['no_permission', 403, 200, undefined],
  ] as const)('that is %s gets %i with code %i', async (state, status, code, subcode) => {
    sandbox.meta.setToken(dataset.token, state);
    const answer = await send([lead()]);
    expect(answer).toMatchObject({ status, body: { error: { code, type: 'OAuthException' } } });
    expect(answer.body.error.error_subcode).toBe(subcode);
    sandbox.meta.setToken(dataset.token, 'valid');
    expect((await send([lead()])).status).toBe(200);
  });

  it('that nobody gave is refused, and so is none', async () => {
    expect(await send([lead()], { token: 'EAAnonsense' })).toMatchObject({
      status: 401,
      body: { error: { code: 190 } },
    });
    expect((await send([lead()], { token: '' })).body.error.code).toBe(104);
  });

  it('of another dataset, or for one that does not exist, gets 100/33', async () => {
    const other = sandbox.meta.createDataset();
    for (const id of [other.id, '42']) {
      expect(await send([lead()], { id })).toMatchObject({
        status: 400,
        body: { error: { code: 100, error_subcode: 33, type: 'GraphMethodException' } },
      });
    }
    expect(sandbox.meta.events()).toEqual([]);
  });
});

describe('appsecret_proof', () => {
  it('is demanded and checked where the app requires it', async () => {
    const guarded = sandbox.meta.createDataset({ appSecret: 'app-secret' });
    const sendGuarded = graphApi(sandbox, guarded);
    const proof = createHmac('sha256', 'app-secret').update(guarded.token).digest('hex');
    expect((await sendGuarded([lead()])).body.error).toMatchObject({
      code: 100,
      type: 'GraphMethodException',
      message: expect.stringContaining('require an appsecret_proof'),
    });
    const wrong = await sendGuarded([lead()], { body: { appsecret_proof: proof.replace(/^./, 'x') } });
    expect(wrong.body.error.message).toContain('Invalid appsecret_proof');
    expect((await sendGuarded([lead()], { body: { appsecret_proof: proof } })).status).toBe(200);
    expect(JSON.stringify(sandbox.meta.calls())).not.toContain(proof);
  });
});

describe('an API version', () => {
  it('that lives is named in the answer; without one the oldest serves', async () => {
    expect((await send([lead()], { version: 'v24.0' })).headers.get('facebook-api-version')).toBe('v24.0');
    const bare = await fetch(`${sandbox.meta.apiUrl}/${dataset.id}?access_token=${dataset.token}`);
    expect(bare.headers.get('facebook-api-version')).toMatch(/^v2[1-5]\.0$/);
  });

  it('that is retired is refused, one that is unknown too', async () => {
    expect(await send([lead()], { version: 'v12.0' })).toMatchObject({
      status: 400,
      body: { error: { code: 2635 } },
    });
    sandbox.meta.retireVersion('v25.0');
    expect((await send([lead()], { version: 'v25.0' })).body.error.code).toBe(2635);
    expect((await send([lead()], { version: 'v99.0' })).body.error.code).toBe(2500);
  });

  it('may be served by another one', async () => {
    sandbox.meta.retireVersion('v24.0', 'v26.0');
    const answer = await send([lead()], { version: 'v24.0' });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('facebook-api-version')).toBe('v26.0');
  });
});

describe('usage', () => {
  it('is in the headers of every answer', async () => {
    sandbox.meta.setUsage({ call_count: 85, total_time: 20, total_cputime: 10 });
    const { headers } = await send([lead()]);
    expect(JSON.parse(headers.get('x-app-usage') ?? '')).toEqual({
      call_count: 85,
      total_time: 20,
      total_cputime: 10,
    });
    expect(JSON.parse(headers.get('x-business-use-case-usage') ?? '')).toMatchObject({
      [dataset.id]: [{ type: 'ads_management', call_count: 85, estimated_time_to_regain_access: 0 }],
    });
    expect(JSON.parse(headers.get('x-ad-account-usage') ?? '')).toMatchObject({ acc_id_util_pct: 85 });
  });

  it('of 100 percent stops calls, and says for how many minutes', async () => {
    sandbox.meta.setUsage({ call_count: 100 });
    expect((await send([lead()])).body.error).toMatchObject({ code: 4, is_transient: true });
    sandbox.meta.setUsage({ call_count: 100, estimated_time_to_regain_access: 12 });
    const answer = await send([lead()]);
    expect(answer.body.error.code).toBe(80_004);
    expect(answer.headers.get('x-business-use-case-usage')).toContain('"estimated_time_to_regain_access":12');
    expect(() => sandbox.meta.setUsage({ call_count: -1 })).toThrow('call_count must be 0 or more');
  });
});

describe('a fault', () => {
  it.each([
    ['rate_limited', 400, 4],
    ['server_error', 500, 2],
    ['unauthorized', 401, 190],
    ['forbidden', 403, 200],
  ] as const)('%s answers as Meta does and takes nothing', async (kind, status, code) => {
    sandbox.faults.set({ provider: 'meta', method: 'events', kind, times: 1 });
    expect(await send([lead()])).toMatchObject({ status, body: { error: { code } } });
    expect(sandbox.meta.events()).toEqual([]);
    expect((await send([lead()])).status).toBe(200);
    expect(sandbox.meta.calls().map(({ fault, executed }) => [fault, executed])).toEqual([
      [kind, false],
      [undefined, true],
    ]);
  });

  it('html is a gateway page; after: the events were taken all the same', async () => {
    sandbox.faults.set({ provider: 'meta', kind: 'html', after: true, times: 1 });
    await expect(send([lead({ event_id: 'a' })])).rejects.toThrow(SyntaxError);
    expect(sandbox.meta.distinct()).toMatchObject([{ eventId: 'a' }]);
  });

  it('of Telegram does not touch Meta', async () => {
    sandbox.faults.set({ provider: 'telegram', kind: 'reset' });
    expect((await send([lead()])).status).toBe(200);
  });

  it('of a long throttling says the minutes', async () => {
    sandbox.faults.set({ provider: 'meta', kind: 'rate_limited', retryAfter: 300, times: 1 });
    const answer = await send([lead()]);
    expect(answer.body.error.code).toBe(80_004);
    expect(answer.headers.get('x-business-use-case-usage')).toContain('"estimated_time_to_regain_access":5');
  });
});

describe('other addresses', () => {
  it('the dataset itself can be read', async () => {
    const read = async (query: string): Promise<unknown> =>
      (
        await fetch(`${sandbox.meta.apiUrl}/v26.0/${dataset.id}?${query}`, {
          headers: { authorization: `Bearer ${dataset.token}` },
        })
      ).json();
    expect(await read('fields=name')).toEqual({ id: dataset.id, name: 'Website' });
    expect(await read('fields=secret')).toMatchObject({ error: { code: 100 } });
  });

  it('the dataset of an account is found', async () => {
    const messaging = sandbox.meta.createDataset({ whatsappBusinessAccountId: '555' });
    const find = async (account: string): Promise<unknown> =>
      (
        await fetch(`${sandbox.meta.apiUrl}/v26.0/${account}/dataset`, {
          method: 'POST',
          headers: { authorization: `Bearer ${messaging.token}` },
        })
      ).json();
    expect(await find('555')).toEqual({ id: messaging.id });
    expect(await find('556')).toMatchObject({ error: { code: 100, error_subcode: 33 } });
  });

  it('nothing else is there', async () => {
    const answer = await fetch(`${sandbox.meta.apiUrl}/v26.0/me/accounts`);
    expect(await answer.json()).toMatchObject({ error: { code: 2500 } });
  });
});
