import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  clientOptions,
  type FakeMeta,
  lead,
  type Reply,
  refusal,
  startMeta,
  taken,
} from '../tests/support.ts';
import { createMetaCapiClient, type MetaCapiClientOptions } from './index.ts';

let meta: FakeMeta;
afterEach(() => {
  vi.useRealTimers();
  return meta?.[Symbol.asyncDispose]();
});

const client = (options: Partial<MetaCapiClientOptions> = {}) =>
  createMetaCapiClient({ ...clientOptions(meta.url), ...options });

describe('an option', () => {
  const fault = (change: object): unknown => {
    try {
      createMetaCapiClient({ datasetId: '1', accessToken: 'a-token-of-nobody', ...change });
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test.each<[string, object]>([
    ['datasetId', { datasetId: undefined }],
    ['datasetId', { datasetId: '../1' }],
    ['accessToken', { accessToken: ' ' }],
    ['appSecret', { appSecret: '' }],
    ['apiVersion', { apiVersion: '26' }],
    ['apiVersion', { apiVersion: 'v20.0' }],
    ['defaultCountry', { defaultCountry: 'Ukraine' }],
    ['batchSize', { batchSize: 1_001 }],
    ['acessToken', { acessToken: 'x' }],
  ])('%s that is wrong is named: %j', (field, change) => {
    expect(fault(change)).toMatchObject({ code: 'invalid_config', field });
  });

  test('apiVersion that has ended says so, and one that is newer than this package is taken', () => {
    expect(String(fault({ apiVersion: 'v20.0' }))).toContain('ended');
    expect(fault({ apiVersion: 'v27.0' })).toBeUndefined();
  });
});

describe('a client', () => {
  test('talks to a gateway of your own without a version', async () => {
    meta = await startMeta();
    await client({ baseUrl: `${meta.url}/capi` }).send(lead());
    expect(meta.received[0]?.url).toBe('/capi/1234567890/events');
  });

  test('notices that Meta answers by another version', async () => {
    meta = await startMeta((received) => ({
      ...(taken(received) as object),
      headers: { 'facebook-api-version': 'v25.0' },
    }));
    const own = client();
    expect(await own.send(lead())).toMatchObject({
      status: 'accepted',
      warnings: [{ field: 'apiVersion', message: expect.stringContaining('v25.0') }],
    });
    expect(await own.health()).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('v25.0'),
    });
  });

  test('finds the dataset of an account', async () => {
    meta = await startMeta(() => ({ json: { id: '777' } }));
    expect(await client({ appSecret: 'secret' }).resolveDataset('102290129340398')).toBe('777');
    expect(meta.received[0]).toMatchObject({ method: 'POST', url: '/v26.0/102290129340398/dataset' });
    await expect(client().resolveDataset('../me')).rejects.toMatchObject({ field: 'ownerId' });
  });

  test.each<[Reply, object]>([
    [refusal(190, 463, {}, 400), { code: 'unauthorized', field: 'accessToken', retryable: false }],
    [refusal(200), { code: 'forbidden' }],
    [refusal(10), { code: 'forbidden' }],
    [refusal(294), { code: 'forbidden' }],
    [refusal(803), { code: 'not_found', field: 'datasetId' }],
    [refusal(2635), { code: 'invalid_config', field: 'apiVersion' }],
    [refusal(368), { code: 'forbidden', retryable: true, retryAfterMs: 3_600_000 }],
    [refusal(4, undefined, {}, 500), { code: 'rate_limited', retryAfterMs: 60_000 }],
    [refusal(613, 1487742), { code: 'rate_limited', outcome: 'not_executed' }],
    [refusal(21009), { code: 'upstream_error', retryable: true }],
    [refusal(1, 99), { code: 'upstream_error' }],
    [refusal(2804, undefined, {}, 200), { code: 'upstream_error' }],
    [
      refusal(100, 2804016),
      { code: 'rejected', field: 'user_data', provider: { code: 100, subcode: 2804016 } },
    ],
    [refusal(100, 2804010), { code: 'rejected', field: 'custom_data.currency' }],
    [refusal(100, 4_711_000), { code: 'rejected' }],
    [
      { status: 404, json: {} },
      { code: 'not_found', field: 'baseUrl' },
    ],
    [{ status: 400, text: '<html>Bad gateway</html>' }, { code: 'upstream_error' }],
    [
      { status: 503, headers: { 'x-fb-trace-id': 'Aheader' }, text: '<html>Sorry</html>' },
      { code: 'upstream_error', requestId: 'Aheader' },
    ],
    [{ text: 'OK' }, { code: 'invalid_response' }],
  ])('understands %j', async (reply, expected) => {
    meta = await startMeta(() => reply);
    const result = await client({ retries: 0 }).send(lead());
    expect(result).toMatchObject({ error: { service: 'meta-capi', ...expected } });
    expect('error' in result && result.error.message).not.toContain('Paramètre');
  });

  test('may be called again after the codes of trouble and limits, and after no others', async () => {
    let code = 0;
    meta = await startMeta(() => refusal(code));
    const retryable = [1, 2, 4, 17, 32, 341, 368, 613, 5000, 21009, 80_000, 80_003, 80_004, 80_008, 80_014];
    const final = [3, 10, 100, 102, 105, 190, 200, 294, 299, 506, 803, 2635, 80_015];
    for (code of [...retryable, ...final]) {
      const result = await client({ retries: 0, breaker: false }).send(lead());
      expect('error' in result && [code, result.error.retryable]).toEqual([code, retryable.includes(code)]);
    }
  });

  test('waits as long as Meta says before it takes calls again', async () => {
    const header = JSON.stringify({
      42: [{ type: 'ads', call_count: 100, estimated_time_to_regain_access: 7 }],
    });
    meta = await startMeta(() => ({
      ...(refusal(80004) as object),
      headers: { 'x-business-use-case-usage': header },
    }));
    const own = client();
    expect(await own.send(lead())).toMatchObject({ status: 'unsent', error: { retryAfterMs: 420_000 } });
    expect(await own.send(lead())).toMatchObject({ status: 'unsent', error: { code: 'rate_limited' } });
    expect(meta.received).toHaveLength(1);
  });

  test.each([
    ['x-app-usage', JSON.stringify({ call_count: 10, total_time: 76, total_cputime: 2 }), 400],
    ['x-ad-account-usage', JSON.stringify({ acc_id_util_pct: 100, reset_time_duration: 30 }), 25_000],
  ])('slows down by %s before Meta refuses', async (name, value, atLeastMs) => {
    meta = await startMeta((received) => ({ ...(taken(received) as object), headers: { [name]: value } }));
    const own = client();
    expect(await own.send(lead())).toMatchObject({ status: 'accepted' });
    const startedAt = performance.now();
    const second = await own.send(lead(), { deadlineMs: 2_000 });
    if (second.status === 'accepted') expect(performance.now() - startedAt).toBeGreaterThanOrEqual(atLeastMs);
    else expect(second.error.retryAfterMs).toBeGreaterThanOrEqual(atLeastMs);
  });

  test('slows down also by what a refusal tells', async () => {
    meta = await startMeta((received, n) => ({
      ...((n === 1 ? refusal(100, 2804050) : taken(received)) as object),
      headers: n === 1 ? { 'x-app-usage': '{"call_count":76}', 'facebook-api-version': 'v25.0' } : {},
    }));
    const own = client();
    expect(await own.send(lead())).toMatchObject({
      status: 'rejected',
      warnings: [{ field: 'apiVersion', message: expect.stringContaining('v25.0') }],
    });
    const startedAt = performance.now();
    expect(await own.send(lead())).toMatchObject({ status: 'accepted' });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(400);
  });

  test('is not slowed down by a low usage or a header that is none', async () => {
    meta = await startMeta((received) => ({
      ...(taken(received) as object),
      headers: { 'x-app-usage': '{"call_count":60}', 'x-business-use-case-usage': 'not json' },
    }));
    const own = client();
    for (let n = 0; n < 3; n++)
      expect(await own.send(lead(), { deadlineMs: 500 })).toMatchObject({ status: 'accepted' });
  });

  test('says a month before that Meta will end its version', async () => {
    meta = await startMeta((received) => ({ json: { events_received: received.events.length } }));
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-12-20') });
    const own = client({ apiVersion: 'v21.0' });
    await own.send(lead());
    expect(await own.health()).toMatchObject({ status: 'ok' });
    vi.setSystemTime('2026-12-23');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await own.health()).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('ends v21.0 on 2027-01-21'),
    });
  });

  test('knows its health by what it has sent', async () => {
    meta = await startMeta((_, n) => (n === 1 ? taken : () => refusal(190, 463))({ events: [{}] } as never));
    const own = client();
    expect(await own.health()).toMatchObject({ status: 'unknown' });
    await own.send(lead());
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await own.health()).toMatchObject({ status: 'ok', circuit: 'closed', facts: { accepted: 1 } });
    await own.send(lead());
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await own.health()).toMatchObject({
      status: 'degraded',
      detail: 'Meta does not take `accessToken`: make a new one.',
    });
  });
});
