import { inspect } from 'node:util';
import { memoryStore } from '@cartie/core';
import { type RunningSandbox, type SandboxAutoRiaKey, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apiKey, clientOf, startAutoRia, thrownBy } from '../tests/support.ts';
import { type AutoRiaClient, type AutoRiaClientOptions, createAutoRiaClient } from './index.ts';

let sandbox: RunningSandbox;
let account: SandboxAutoRiaKey;

beforeEach(async () => {
  sandbox = await startSandbox();
  account = sandbox.autoria.createKey({ paid: true, perHour: 1_000 });
});
afterEach(() => sandbox.close());

const client = (options: Partial<AutoRiaClientOptions> = {}): AutoRiaClient =>
  clientOf(sandbox.autoria.apiUrl, {
    apiKey: account.key,
    userId: account.userId,
    paid: true,
    quota: { perHour: 1_000 },
    ...options,
  });

describe('a car', () => {
  test('has numbers for prices, kilometres, and addresses of photos', async () => {
    const { id } = sandbox.autoria.addCar({ photos: [556_104_182, 556_104_183], cityId: 10, stateId: 10 });
    const car = await client().car(id);
    expect(car).toMatchObject({
      id: String(id),
      title: 'BMW 3 Series',
      url: `https://auto.ria.com/auto_bmw_3_series_${id}.html`,
      brand: { id: 9, name: 'BMW' },
      generation: { id: 6138, name: 'G20' },
      year: 2019,
      prices: { USD: 32_999, EUR: 30_359, UAH: 1_352_959 },
      currency: 'USD',
      mileageKm: 140_000,
      fuel: { id: 2 },
      engineLitres: 2,
      power: 190,
      body: { id: 3, name: 'Седан' },
      place: { region: { id: 10, name: 'Київська' }, city: { id: 10, name: 'Київ' } },
      photoCount: 2,
      sold: false,
      flags: { abroad: false, damaged: false },
    });
    expect(car.photos.map(({ b }) => b)).toEqual([
      'https://cdn2.riastatic.com/photosnew/auto/photo/bmw_3-series__556104182b.jpg',
      'https://cdn2.riastatic.com/photosnew/auto/photo/bmw_3-series__556104183b.jpg',
    ]);
  });

  test('gives VIN and plate to who asks, and to no logger', async () => {
    const { id, VIN, plateNumber } = sandbox.autoria.addCar();
    const car = await client().car(id);
    expect([car.vin, car.plateNumber, car.raw.VIN]).toEqual([VIN, plateNumber, VIN]);
    for (const shown of [
      JSON.stringify(car),
      JSON.stringify({ ...car }),
      inspect(car, { depth: 9, showHidden: true }),
      inspect(structuredClone({ ...car }), { depth: 9 }),
    ]) {
      expect(shown).not.toContain(VIN);
      expect(shown).not.toContain(plateNumber);
      expect(shown).not.toMatch(/secureKey|codedVin|xxxxxx/);
    }
  });

  test('is read where much of it is missing, and prices are text', async () => {
    const server = await startAutoRia(() => ({
      headers: { 'content-type': 'text/html; charset=utf-8' },
      json: { prices: [{ USD: '32 999', UAH: '1 349 659' }], autoData: { race: '191 тис. км' } },
    }));
    expect(await clientOf(server.url).car(7)).toMatchObject({
      id: '7',
      prices: { USD: 32_999, UAH: 1_349_659 },
      mileageKm: 191_000,
      photos: [],
      brand: { id: undefined, name: undefined },
    });
    await server.close();
  });

  test('that does not exist is not_found, and an id that is none is not asked for', async () => {
    expect(await thrownBy(client().car(5))).toMatchObject({ code: 'not_found', status: 404 });
    expect(await thrownBy(client().car('../5'))).toMatchObject({ code: 'invalid_input', field: 'id' });
    expect(sandbox.autoria.calls()).toHaveLength(1);
  });
});

describe('dictionaries', () => {
  test('are asked for once by all who share a store', async () => {
    const store = memoryStore();
    const [one, two] = [client({ store }), client({ store })];
    const found = await Promise.all([one.dictionaries.brands(1), one.dictionaries.brands(1)]);
    expect(found[0]).toContainEqual({ name: 'BMW', value: 9 });
    await two.dictionaries.brands(1);
    await two.dictionaries.brands(2);
    expect(sandbox.autoria.calls().map(({ path }) => path)).toEqual([
      '/auto/categories/1/marks',
      '/auto/categories/2/marks',
    ]);
  });

  test('are kept as long as the server says, or as long as you say', async () => {
    const server = await startAutoRia(() => ({
      json: [{ name: 'x', value: 1 }],
      headers: { 'cache-control': 'public, max-age=1' },
    }));
    const [short, long] = [clientOf(server.url), clientOf(server.url, { dictionaryTtlMs: 60_000 })];
    await Promise.all([short.dictionaries.fuels(), long.dictionaries.fuels()]);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    await Promise.all([short.dictionaries.fuels(), long.dictionaries.fuels()]);
    expect(server.received).toHaveLength(3);
    await server.close();
  });

  test('that are old are better than none', async () => {
    const server = await startAutoRia((_, n) =>
      n === 1
        ? { json: [{ name: 'x', value: 1 }], headers: { 'cache-control': 'max-age=0' } }
        : { status: 500, json: { message: 'Internal server error' } },
    );
    const { dictionaries } = clientOf(server.url, { retries: 0 });
    await dictionaries.fuels();
    expect(await dictionaries.fuels()).toEqual([{ name: 'x', value: 1 }]);
    expect(server.received).toHaveLength(2);
    expect(await thrownBy(dictionaries.colors())).toMatchObject({ code: 'upstream_error' });
    await server.close();
  });

  test('of another server are another’s', async () => {
    const store = memoryStore();
    const server = await startAutoRia(() => ({ json: [] }));
    await client({ store }).dictionaries.fuels();
    expect(await clientOf(server.url, { store }).dictionaries.fuels()).toEqual([]);
    await server.close();
  });

  test('are all there', async () => {
    const { dictionaries: d } = client();
    const named = expect.objectContaining({ name: expect.any(String), value: expect.any(Number) });
    for (const list of [
      await d.categories(),
      await d.models(1, 9),
      await d.allModels(),
      await d.modifications(17),
      await d.modifications(17, { body: 3 }),
      await d.bodies(17),
      await d.bodystyles(1),
      await d.allBodystyles(),
      await d.gearboxes(1),
      await d.drives(1),
      await d.options(1),
      await d.regions(),
      await d.cities(10),
      await d.colors(),
      await d.countries(),
    ]) {
      expect(list[0]).toEqual(named);
    }
    expect(await d.generations(1653)).toContainEqual(expect.objectContaining({ generationId: 17 }));
    expect(await d.equipments(115538)).toContainEqual(expect.objectContaining({ equipId: 73508 }));
    expect(await d.optionGroups(1)).toHaveProperty('binary');
    const groups = await d.modelGroups(1, 9);
    expect(groups.find(({ name }) => name === 'X3')?.members).toEqual([{ name: 'X5', value: 96 }]);
    expect(groups.find(({ name }) => name === '3 Series')?.members).toEqual([]);
    expect(await d.bodystyleGroups(2)).toContainEqual(expect.objectContaining({ name: 'Мопеди' }));
    await expect(d.cities(0)).rejects.toMatchObject({ code: 'invalid_input', field: 'region' });
  });
});

describe('prices', () => {
  test('are averaged by free statistics, or there is too little', async () => {
    const autoria = client();
    const average = await autoria.averagePrice({
      brand: 'BMW',
      yearFrom: 2010,
      yearTo: 2020,
      mileageTo: 250_000,
      fuel: ['Дизель', 'Бензин'],
    });
    expect(average?.prices).toHaveLength(average?.total ?? -1);
    expect(average?.percentiles[50]).toBeGreaterThan(0);
    const { query } = sandbox.autoria.calls().at(-1) ?? { query: [] };
    expect(query).toEqual([
      ['main_category', '1'],
      ['marka_id', '9'],
      ['fuel_id', '2'],
      ['fuel_id', '1'],
      ['yers', '2010'],
      ['yers', '2020'],
      ['raceInt', '0'],
      ['raceInt', '250'],
    ]);
    expect(await autoria.averagePrice({ brand: 9, yearTo: 1950 })).toBeUndefined();
  });

  test('that cost money are asked for only where that is allowed', async () => {
    const { paid } = client({ paid: false });
    expect(await thrownBy(paid.identify('WBA5V7100KFH19523'))).toMatchObject({
      code: 'invalid_config',
      field: 'paid',
    });
    const withoutUser = client({ userId: undefined });
    expect(await thrownBy(withoutUser.paid.identify('WBA5V7100KFH19523'))).toMatchObject({
      code: 'invalid_config',
      field: 'userId',
    });
    expect(sandbox.autoria.calls()).toHaveLength(0);
  });

  test('are estimated, and their history told', async () => {
    const { paid } = client();
    const input = { brand: 'BMW', model: 'X5', yearFrom: 2010, mileageTo: 400_000 };
    const { prices, similar } = await paid.averagePrice(input);
    expect(prices.USD).toBeGreaterThan(0);
    expect(similar[0]).toMatchObject({ url: expect.stringMatching(/^https:\/\/auto\.ria\.com\//) });
    expect(JSON.stringify(similar)).not.toMatch(/WBA|BB/);
    const withVin = sandbox.autoria.cars().find(({ id }) => String(id) === similar[0]?.id);
    expect(similar[0]?.vin).toBe(withVin?.VIN);
    expect(sandbox.autoria.calls().at(-1)?.body).toEqual({
      langId: 4,
      period: 365,
      params: {
        categoryId: '1',
        brandId: '9',
        modelId: '96',
        year: { gte: '2010' },
        mileage: { lte: '400' },
      },
    });
    const history = await paid.priceHistory(input, { periodDays: 90 });
    expect(history).toHaveLength(3);
    expect(history[0]).toMatchObject({ month: expect.stringMatching(/^20\d\d-\d\d$/) });
    expect(await thrownBy(paid.averagePrice({ brand: 9, model: 96 }))).toMatchObject({
      code: 'invalid_input',
    });
  });

  test('a car is told by its VIN; one that was never there is rejected, with status 200', async () => {
    const { VIN = '' } = sandbox.autoria.addCar();
    const { paid } = client();
    expect((await paid.identify(VIN)).attributes).toContainEqual({ entity: 'brandId', name: 'BMW' });
    expect(await thrownBy(paid.identify('XXXXXXXXXXXXXXXXX'))).toMatchObject({
      code: 'rejected',
      status: 200,
      provider: { code: 'NOTICE' },
    });
  });

  test('a paid call is not repeated where it may have been charged', async () => {
    sandbox.faults.set({ provider: 'autoria', method: 'paid', kind: 'reset', after: true });
    expect(await thrownBy(client().paid.identify('WBA5V7100KFH19523'))).toMatchObject({
      outcome: 'unknown',
      attempts: 1,
    });
  });
});

describe('own listings', () => {
  const car = {
    year: 2016,
    price: { value: 80_000, currency: { id: 1 } },
    categories: { main: { id: 1 } },
    brand: { id: 9 },
    model: { id: 96 },
    body: { id: 5 },
    mileage: 32,
    region: { id: 10 },
    city: { id: 10 },
  };

  test('are made, changed, equipped, shown and ended', async () => {
    const { listings } = client();
    const { _id: id } = await listings.create(car);
    await listings.update(id, { mileage: 33 });
    await listings.addOptions(id, [217, 477]);
    await listings.removeOptions(id, [217]);
    await listings.addExchangeFilter(id, { brand: { id: 6 } });
    const photo = 'https://cars.example/1.jpg';
    await listings.uploadPhotos(id, { main: photo, links: [photo] });
    expect(await listings.get(id)).toMatchObject({ ...car, mileage: 33 });
    expect(await listings.options(id)).toEqual([477]);
    expect(await listings.statistics(id)).toEqual({ views: 329, clicks: 24 });
    expect(await listings.photos(id)).toHaveLength(2);
    const [filter] = await listings.exchangeFilters(id);
    await listings.removeExchangeFilter(id, Number(filter?.id));
    expect(await listings.exchangeFilters(id)).toEqual([]);
    expect(await listings.ids()).toMatchObject({ draft: [id], archive: [] });
    await listings.remove(id, 4);
    expect(await listings.ids()).toMatchObject({ draft: [], archive: [id] });
    expect(sandbox.autoria.usage(account.key).hour).toBe(0);
  });

  test('say what is missing, and when it is too late', async () => {
    await using quick = await startSandbox({ timeScale: 0.000001 });
    const { key, userId } = quick.autoria.createKey();
    const { listings } = clientOf(quick.autoria.apiUrl, { apiKey: key, userId });
    expect(await thrownBy(listings.create({ year: 2016 } as never))).toMatchObject({
      code: 'rejected',
      provider: { code: 'VALIDATION_FAILED' },
    });
    const { _id: id } = await listings.create(car);
    quick.autoria.publish(id);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await thrownBy(listings.update(id, { brand: { id: 6 } }))).toMatchObject({
      code: 'conflict',
      provider: { code: 'EDIT_LOCKED' },
    });
    await listings.update(id, { mileage: 40 });
  });

  test('are not made twice', async () => {
    sandbox.faults.set({ provider: 'autoria', method: 'listings', kind: 'cut_body', times: 1 });
    expect(await thrownBy(client().listings.create(car))).toMatchObject({ outcome: 'unknown', attempts: 1 });
    expect((await client().listings.ids()).draft).toHaveLength(1);
  });

  test('of new cars, from brand to trim', async () => {
    const { newCars } = client();
    expect(await newCars.brands()).toContainEqual(expect.objectContaining({ marka_id: 9 }));
    expect(await newCars.models(9)).toContainEqual(expect.objectContaining({ model_id: 96 }));
    const [generation] = await newCars.generations(96);
    const [bodystyle] = await newCars.bodystyles(Number(generation?.generation_id));
    const [base] = await newCars.modifications(Number(bodystyle?.generation_bodystyle_id));
    const [trim] = await newCars.equipments(Number(base?.base_id));
    const listing = {
      marka_id: 9,
      model_id: 96,
      base_id: Number(base?.base_id),
      equip_id: Number(trim?.equip_id),
      currency_id: 1,
      price: 50_000,
    } as const;
    const id = await newCars.create(listing);
    expect(await newCars.update(id, { currency_id: 2, price: 48_000 })).toBe(true);
    expect(await newCars.listings()).toEqual({ active: [id], archive: [] });
    expect(await newCars.remove(id)).toBe(true);
    expect(await newCars.remove(1)).toBe(false);
    expect(await thrownBy(newCars.create({ ...listing, prise: 1 } as never))).toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('did you mean `price`'),
    });
  });
});

describe('the client', () => {
  test('tests its key, with one call, and throws nothing', async () => {
    expect(await client().testConnection()).toEqual({ ok: true });
    expect(await client({ apiKey }).testConnection()).toMatchObject({
      ok: false,
      error: { code: 'unauthorized', provider: { code: 'API_KEY_INVALID' } },
    });
    expect(sandbox.autoria.calls()).toHaveLength(2);
  });

  test('tells its health without a call', async () => {
    const autoria = client();
    expect(await autoria.health()).toMatchObject({
      status: 'unknown',
      circuit: 'closed',
      facts: { leftThisHour: 1_000 },
    });
    expect(sandbox.autoria.calls()).toEqual([]);
    const good = client();
    await good.dictionaries.fuels();
    expect(await good.health()).toMatchObject({ status: 'ok', facts: { leftThisHour: 999 } });
    const wrong = client({ apiKey });
    await wrong.testConnection();
    expect(await wrong.health()).toMatchObject({ status: 'down', detail: expect.stringContaining('key') });
    const spent = client({ quota: { perHour: 1 } });
    await spent.dictionaries.fuels();
    expect(await spent.health()).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining('quota'),
    });
  });

  test('calls any path, with the key and nothing that it should not', async () => {
    const { data, attempts } = await client().call<unknown[]>('/auto/states/10/cities', {
      query: { langId: 4, list: [1, undefined, 3] },
    });
    expect(data).toContainEqual({ name: 'Київ', value: 10 });
    expect(attempts).toBe(1);
    expect(sandbox.autoria.calls().at(-1)?.query).toEqual([
      ['langId', '4'],
      ['list[0]', '1'],
      ['list[2]', '3'],
    ]);
    expect(await thrownBy(client().call('https://evil.example/'))).toMatchObject({ field: 'path' });
  });

  test('follows no redirect: the key is in the address', async () => {
    const elsewhere = await startAutoRia(() => ({ json: [] }));
    const server = await startAutoRia(() => ({ status: 302, headers: { location: `${elsewhere.url}/x` } }));
    expect(await thrownBy(clientOf(server.url).dictionaries.fuels())).toMatchObject({
      code: 'rejected',
      field: 'baseUrl',
    });
    expect(elsewhere.received).toEqual([]);
    await Promise.all([server.close(), elsewhere.close()]);
  });

  test('takes a key that changes', async () => {
    let current = apiKey;
    const autoria = client({ apiKey: () => current });
    expect(await autoria.testConnection()).toMatchObject({ ok: false });
    current = account.key;
    expect(await autoria.testConnection()).toEqual({ ok: true });
  });

  test.each([null, 5, { signal: 5 }])('takes no options of a call like %j', async (options) => {
    const autoria = client();
    await expect(autoria.car(1, options as never)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('says what is wrong with a key that a function gives', async () => {
    const autoria = client({ apiKey: () => 'short' });
    expect(await autoria.testConnection()).toMatchObject({
      ok: false,
      error: { code: 'invalid_config', field: 'apiKey' },
    });
  });

  test.each([
    [{}, 'apiKey'],
    [{ apiKey: ' ' }, 'apiKey'],
    [{ apiKey: 'short' }, 'apiKey'],
    [{ apiKey, quota: { perHours: 5 } }, 'quota.perHours'],
    [{ apiKey, quota: { perHour: '5' } }, 'quota.perHour'],
    [{ apiKey, usrId: 1 }, 'usrId'],
    [{ apiKey, userId: 'me' }, 'userId'],
    [{ apiKey, quota: { perHour: 0 } }, 'quota.perHour'],
    [{ apiKey, paid: 'yes' }, 'paid'],
    [{ apiKey, dictionaryTtlMs: -1 }, 'dictionaryTtlMs'],
    [{ apiKey, store: {} }, 'store'],
  ])('refuses %j', (options, field) => {
    expect(() => createAutoRiaClient(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field }),
    );
  });
});
