import { CartieError, isCartieError, memoryStore } from '@cartie/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shown } from '../../../tests/support/shown.ts';
import { all, type FakeAutoRia, type Reply, startAutoRia } from '../tests/support.ts';
import { type AutoRiaClient, type AutoRiaClientOptions, createAutoRiaClient } from './index.ts';
import { operations } from './operations.ts';

// Each of these must stay where it was put.
const canaries = {
  // Without what would give it away as a token: it is known as this client's own.
  key: 'cAnArY.kEy/ObkWzQ+aYHemXcVn.TqLbJRd',
  vin: 'WAUZZZ4F08N123456',
  plate: 'AX 9753 KH',
  email: 'canary.person@private.example',
  phone: '+380671234567',
  header: 'header-canary-5f2c1b',
} as const;
const person = `${canaries.email} ${canaries.phone} ${canaries.vin} ${canaries.plate}`;

const leaksOf = (value: unknown): string[] => {
  const text = shown(value);
  return [...Object.values(canaries), '380671234567', 'private.example', 'AX9753KH'].filter(
    (part) => text.includes(part) || text.includes(encodeURIComponent(part)),
  );
};

const listing = {
  year: 2016,
  price: { value: 1, currency: { id: 1 } },
  categories: { main: { id: 1 } },
  brand: { id: 9 },
  model: { id: 96 },
  body: { id: 5 },
  mileage: 1,
  region: { id: 10 },
  city: { id: 10 },
  VIN: canaries.vin,
  description: { uk: person },
};
const newCar = {
  marka_id: 9,
  model_id: 9,
  base_id: 9,
  equip_id: 9,
  currency_id: 1,
  auto_note: person,
} as const;
const headers = { 'x-trace': canaries.header };

/** Every way by which the client asks AUTO.RIA. */
const calls: Record<string, (autoria: AutoRiaClient) => Promise<unknown>> = {
  search: (autoria) => autoria.search({ brand: 9, more: { VIN: canaries.vin } }, { headers }),
  'search by names': (autoria) => autoria.search({ brand: canaries.email, region: canaries.plate }),
  'a wrong search': (autoria) => autoria.search({ [canaries.email]: 1, brand: person } as never),
  ids: (autoria) => all(autoria.ids({ more: { omni_id: canaries.plate } }, { limit: 1 })),
  cars: (autoria) => all(autoria.cars({}, { limit: 1 })),
  car: (autoria) => autoria.car(36_756_951),
  'a wrong car': (autoria) => autoria.car(canaries.vin),
  averagePrice: (autoria) => autoria.averagePrice({ brand: 9 }),
  'averagePrice by names': (autoria) => autoria.averagePrice({ brand: canaries.email }),
  ...Object.fromEntries(
    (['categories', 'allModels', 'allBodystyles', 'fuels', 'regions', 'colors', 'countries'] as const).map(
      (name) => [name, (autoria: AutoRiaClient) => autoria.dictionaries[name]()],
    ),
  ),
  ...Object.fromEntries(
    (
      [
        'brands',
        'bodystyles',
        'bodystyleGroups',
        'gearboxes',
        'drives',
        'options',
        'optionGroups',
        'generations',
        'modifications',
        'bodies',
        'equipments',
        'cities',
      ] as const
    ).map((name) => [name, (autoria: AutoRiaClient) => autoria.dictionaries[name](1)]),
  ),
  models: (autoria) => autoria.dictionaries.models(1, 9),
  modelGroups: (autoria) => autoria.dictionaries.modelGroups(1, 9),
  'modifications by body': (autoria) => autoria.dictionaries.modifications(1, { body: 3 }),
  'a wrong dictionary': (autoria) => autoria.dictionaries.cities(canaries.email as never),
  'paid.averagePrice': (autoria) => autoria.paid.averagePrice({ identifier: canaries.vin }),
  'paid.priceHistory': (autoria) => autoria.paid.priceHistory({ identifier: canaries.plate }),
  'paid.identify': (autoria) => autoria.paid.identify(canaries.vin),
  'a wrong paid call': (autoria) => autoria.paid.identify(person.repeat(3)),
  'newCars.brands': (autoria) => autoria.newCars.brands(),
  'newCars.models': (autoria) => autoria.newCars.models(9),
  'newCars.generations': (autoria) => autoria.newCars.generations(9),
  'newCars.bodystyles': (autoria) => autoria.newCars.bodystyles(9),
  'newCars.modifications': (autoria) => autoria.newCars.modifications(9),
  'newCars.equipments': (autoria) => autoria.newCars.equipments(9),
  'newCars.listings': (autoria) => autoria.newCars.listings(),
  'newCars.create': (autoria) => autoria.newCars.create(newCar),
  'newCars.update': (autoria) => autoria.newCars.update(9, { currency_id: 1, auto_note: person }),
  'newCars.remove': (autoria) => autoria.newCars.remove(9),
  'listings.ids': (autoria) => autoria.listings.ids(),
  'listings.get': (autoria) => autoria.listings.get(9),
  'listings.create': (autoria) => autoria.listings.create(listing),
  'listings.update': (autoria) => autoria.listings.update(9, { VIN: canaries.vin }),
  'listings.remove': (autoria) => autoria.listings.remove(9, 4),
  'listings.statistics': (autoria) => autoria.listings.statistics(9),
  'listings.options': (autoria) => autoria.listings.options(9),
  'listings.addOptions': (autoria) => autoria.listings.addOptions(9, [1]),
  'listings.removeOptions': (autoria) => autoria.listings.removeOptions(9, [1]),
  'listings.exchangeFilters': (autoria) => autoria.listings.exchangeFilters(9),
  'listings.addExchangeFilter': (autoria) => autoria.listings.addExchangeFilter(9, { note: person }),
  'listings.removeExchangeFilter': (autoria) => autoria.listings.removeExchangeFilter(9, 1),
  'listings.photos': (autoria) => autoria.listings.photos(9),
  'listings.uploadPhotos': (autoria) =>
    autoria.listings.uploadPhotos(9, { main: `https://x.example/?to=${canaries.email}`, links: [] }),
  testConnection: (autoria) => autoria.testConnection(),
  call: (autoria) => autoria.call('/auto/x', { query: { to: person }, json: { person }, method: 'POST' }),
  'a wrong call': (autoria) => autoria.call(`/auto/x?to=${canaries.email}`),
};

const echo = `${person} ${canaries.key} https://developers.ria.com/auto/search?api_key=${encodeURIComponent(canaries.key)}`;
const answers: Record<string, Reply> = {
  'a reset': 'reset',
  'no answer': 'hang',
  'a refusal of the key': {
    status: 403,
    json: { error: { code: 'API_KEY_INVALID', message: `no such key: ${echo}` } },
  },
  'a refusal of the quota': { status: 429, json: { error: { code: 'OVER_RATE_LIMIT', message: echo } } },
  'a code that is none': { status: 403, json: { error: { code: echo, message: echo } } },
  'a message': { status: 400, json: { message: echo } },
  'an error notice': { json: { noticeData: [{ noticeType: 'error', noticeString: echo }] } },
  'a validation': {
    status: 400,
    json: { message: `StatusCodeError: 400 - ${echo}`, errors: [{ message: echo, code: 7 }] },
  },
  'an outage': { status: 500, json: { message: echo } },
  'a page of a gateway': { status: 502, text: `<html>${echo}</html>` },
  'a page with 200': { text: `<html>${echo}</html>` },
  'broken JSON': { text: `{"result":"${echo}` },
  'a redirect': {
    status: 302,
    headers: { location: `https://example.com/?api_key=${encodeURIComponent(canaries.key)}` },
  },
  'another thing': { json: { result: echo, num_rows: echo } },
};

let reply: Reply = 'reset';
let server: FakeAutoRia;
beforeAll(async () => {
  server = await startAutoRia(() => reply);
});
afterAll(() => server.close());

async function leaksWith(options: Partial<AutoRiaClientOptions>): Promise<string[]> {
  const seen: unknown[] = [];
  const leaks: string[] = [];
  await Promise.all(
    Object.entries(calls).map(async ([name, call]) => {
      const autoria = createAutoRiaClient({
        apiKey: canaries.key,
        userId: 7_069_830,
        paid: true,
        baseUrl: server.url,
        timeoutMs: 500,
        deadlineMs: 900,
        retries: 1,
        onEvent: (event) => seen.push(event),
        ...options,
      });
      const thrown = await call(autoria).then(
        (result) => (name === 'testConnection' ? (result as { error?: unknown }).error : undefined),
        (error: unknown) => error,
      );
      if (thrown !== undefined && !isCartieError(thrown)) leaks.push(`${name}: not a CartieError`);
      const health = await autoria.health();
      leaks.push(...leaksOf([thrown, autoria, health]).map((leak) => `${name}: ${leak}`));
      leaks.push(...leaksOf(thrown).map((leak) => `${name}: ${leak}`));
    }),
  );
  return [...leaks, ...leaksOf(seen).map((leak) => `event: ${leak}`)];
}

describe('key, VIN, plate, address and phone leak nowhere', () => {
  it('and the test would see it', () => {
    const error = new CartieError('rejected', 'x', { provider: { message: canaries.vin } });
    expect(leaksOf(error)).toEqual([canaries.vin]);
    expect(leaksOf({ url: `/?api_key=${encodeURIComponent(canaries.key)}` })).toEqual([canaries.key]);
  });

  it.each(Object.entries(answers))(
    'when AUTO.RIA answers with %s',
    async (_name, answer) => {
      reply = answer;
      expect(await leaksWith({})).toEqual([]);
    },
    60_000,
  );

  it('and every one of these calls has carried the key in its address', () => {
    for (const [name, { method, path }] of Object.entries(operations)) {
      const wanted = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
      const isCalled = server.received.some((one) => one.method === method && wanted.test(one.url.pathname));
      expect(isCalled, `${name}: ${method} ${path}`).toBe(true);
    }
    for (const { url } of server.received) expect(url.searchParams.get('api_key')).toBe(canaries.key);
  });

  it('when nobody listens, or the function that gives the key fails', async () => {
    expect(await leaksWith({ baseUrl: 'http://127.0.0.1:1' })).toEqual([]);
    const apiKey = async () => {
      throw new Error(`no ${canaries.key}`);
    };
    expect(await leaksWith({ apiKey })).toEqual([]);
    expect(await leaksWith({ apiKey: () => `${canaries.key}\n` })).toEqual([]);
  }, 60_000);

  it('when the store fails with what it was given', async () => {
    const store = memoryStore();
    const put = async (key: string, value: string) => {
      throw new Error(`${key} ${value} ${canaries.key}`);
    };
    reply = { json: [] };
    expect(await leaksWith({ store: { ...store, put } })).toEqual([]);
  }, 60_000);

  it('into the store', async () => {
    const store = memoryStore();
    reply = { json: [{ name: 'x', value: 1 }] };
    expect(await leaksWith({ store, quota: { perHour: 10_000 } })).toEqual([]);
    const kept: unknown[] = [];
    for await (const key of store.list('')) kept.push(key, (await store.get(key))?.value);
    expect(kept.length).toBeGreaterThan(10);
    expect(leaksOf(kept)).toEqual([]);
  }, 60_000);

  it('from a car that says it all', async () => {
    reply = {
      json: {
        autoData: { autoId: 1 },
        VIN: canaries.vin,
        plateNumber: canaries.plate,
        userPhoneData: { phone: canaries.phone },
        checkedVin: { isShow: true, vin: canaries.vin },
        secureKey: canaries.key,
      },
    };
    const car = await createAutoRiaClient({ apiKey: canaries.key, baseUrl: server.url }).car(1);
    expect(car.vin).toBe(canaries.vin);
    expect(leaksOf(car)).toEqual([]);
    expect(leaksOf({ ...car })).toEqual([]);
  });

  it('from an option that is wrong', () => {
    for (const wrong of [
      { userId: person },
      { baseUrl: `not a url ${canaries.key}` },
      { [canaries.email]: 1 },
      { quota: { perHour: canaries.phone } },
      { quota: { month: canaries.key } },
    ]) {
      try {
        createAutoRiaClient({ apiKey: canaries.key, ...wrong } as never);
        expect.unreachable();
      } catch (error) {
        expect(isCartieError(error)).toBe(true);
        expect(leaksOf(error)).toEqual([]);
      }
    }
  });
});
