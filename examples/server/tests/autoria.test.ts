import type { HealthReport } from '@cartie/core';
import { describe, expect, it, vi } from 'vitest';
import type { Valuation } from '../src/valuation.ts';
import { autoRiaKey, freshFolder, sharedServer, startTestServer, until } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

interface Entry {
  name: string;
  value: number;
}

describe('AUTO.RIA through the server', () => {
  const server = sharedServer({ AUTORIA_PER_HOUR: '12' });

  const calls = () => server.sandbox.autoria.calls();
  const health = async (): Promise<HealthReport | undefined> =>
    (await server.get<Record<string, HealthReport>>('/integrations')).autoria;

  it('is unknown on its card until something was asked: asking would spend the quota', async () => {
    expect(await health()).toMatchObject({ status: 'unknown', facts: { leftThisHour: 12 } });
    expect(calls()).toEqual([]);
  });

  it('lists brands and models, and asks AUTO.RIA for them once a day', async () => {
    const brands = await server.get<Entry[]>('/valuation/brands');
    expect(brands).toContainEqual({ name: 'BMW', value: 9 });
    expect(await server.get<Entry[]>('/valuation/brands/9/models')).toContainEqual({ name: 'X5', value: 96 });
    await server.get('/valuation/brands');
    await server.restart();
    await server.get('/valuation/brands');
    expect(calls().map(({ operation }) => operation)).toEqual(['dictionary', 'dictionary']);
  });

  it('values a car: the average, and the cheapest for sale with a link to AUTO.RIA', async () => {
    const response = await server.post('/valuation', {
      brand: 9,
      model: 96,
      yearFrom: 2008,
      mileageTo: 300_000,
    });
    const valuation = (await response.json()) as Valuation;
    expect(valuation).toMatchObject({
      average: { total: expect.any(Number), median: expect.any(Number) },
      ignored: [],
      cutShort: null,
    });
    expect(valuation.cars.length).toBeGreaterThan(1);
    const prices = valuation.cars.map(({ price }) => price ?? 0);
    expect(prices).toEqual([...prices].sort((a, b) => a - b));
    for (const { url } of valuation.cars)
      expect(url).toMatch(/^https:\/\/auto\.ria\.com\/auto_bmw_x5_\d+\.html$/);
    // Neither VINs nor plates leave the server.
    expect(JSON.stringify(valuation)).not.toMatch(/WBA|"(vin|plateNumber)"/i);
    expect(valuation.quota?.hour.remaining).toBe(12 - calls().length);
    expect(await health()).toMatchObject({ status: 'ok' });
  });

  it('says which filter was ignored, and what is known when the quota ends on the way', async () => {
    server.sandbox.autoria.ignore('model_id');
    const left = (await health())?.facts?.leftThisHour;
    const valuation = (await (
      await server.post('/valuation', { brand: 9, model: 96, yearFrom: 2008 })
    ).json()) as Valuation;
    expect(valuation.ignored).toEqual(['model']);
    expect(valuation.cars).toHaveLength(Number(left) - 2);
    expect(valuation.cutShort).toMatch(/quota of AUTO\.RIA is used up.*\d+ min/);
  });

  it('says when it may be asked again where the quota is used up', async () => {
    const before = calls().length;
    const response = await server.post('/valuation', { brand: 9, model: 96 });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(60);
    expect(await response.json()).toEqual({ error: expect.stringContaining('used up') });
    expect(calls()).toHaveLength(before);
    const report = await until(health, (found) => found?.status === 'degraded');
    expect(report).toMatchObject({ facts: { leftThisHour: 0 } });
  });

  it('refuses what is no car', async () => {
    const response = await server.post('/valuation', { brand: 'BMW' });
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: 'Missing or wrong: brand, model.' },
    ]);
  });
});

describe('the connection to AUTO.RIA', () => {
  it('is tested from the card, and the card shows a key that is refused', async () => {
    await using folder = await freshFolder();
    await using server = await startTestServer({ DATA_DIR: folder.path });
    const test = async (): Promise<unknown> => (await server.post('/integrations/autoria/test')).json();
    expect(await test()).toEqual({ ok: true });
    server.sandbox.autoria.setKey(autoRiaKey, 'disabled');
    expect(await test()).toEqual({
      ok: false,
      code: 'unauthorized',
      reason: expect.stringContaining('the key is disabled'),
    });
    const { autoria } = await server.get<Record<string, HealthReport>>('/integrations');
    expect(autoria).toMatchObject({ status: 'down', detail: expect.stringContaining('disabled') });
    expect((await server.post('/integrations/nothing/test')).status).toBe(404);
    expect((await server.post('/valuation', { brand: 9, model: 96 })).status).toBe(502);
  });
});
