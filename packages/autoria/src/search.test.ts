import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { all, clientOf, startAutoRia, thrownBy } from '../tests/support.ts';
import type { AutoRiaClient, AutoRiaSearch } from './index.ts';

let sandbox: RunningSandbox;
let key: string;
let autoria: AutoRiaClient;

beforeEach(async () => {
  sandbox = await startSandbox();
  key = sandbox.autoria.createKey({ perHour: 1_000 }).key;
  autoria = clientOf(sandbox.autoria.apiUrl, { apiKey: key, quota: { perHour: 1_000 } });
});
afterEach(() => sandbox.close());

const carsOf = (ids: readonly string[]) =>
  ids.map((id) => sandbox.autoria.cars().find((car) => String(car.id) === id));
const sent = (): [string, string][] => {
  const search = sandbox.autoria.calls().filter(({ operation }) => operation === 'search');
  return (search.at(-1)?.query ?? []).map(([name, value]) => [name, value]);
};

describe('a search', () => {
  test('finds names in the dictionaries and sends ids in nested brackets', async () => {
    const { ignored, ids } = await autoria.search({
      brand: 'bmw',
      model: 'X5',
      generations: [{ id: 433, modifications: [15821] }],
      yearFrom: 2012,
      country: 'Німеччина',
      fuel: ['Дизель', 'Бензин'],
      gearbox: 'Автомат',
      body: 'універсал',
      region: 'Київська',
      city: 'Київ',
      options: ['Гаражне зберігання'],
    });
    expect(ignored).toEqual([]);
    expect(ids).toEqual([]);
    expect(sent()).toEqual([
      ['category_id', '1'],
      ['marka_id[0]', '9'],
      ['model_id[0]', '96'],
      ['generation_id[0][0]', '433'],
      ['modification_id[0][0][0]', '15821'],
      ['s_yers[0]', '2012'],
      ['brandOrigin[0]', '276'],
      ['state[0]', '10'],
      ['city[0]', '10'],
      ['type[0]', '2'],
      ['type[1]', '1'],
      ['gearbox[0]', '2'],
      ['bodystyle[0]', '2'],
      ['auto_options[477]', '477'],
      ['page', '0'],
      ['countpage', '20'],
    ]);
  });

  test('takes ids without asking a dictionary', async () => {
    await autoria.search({ brand: 9, model: 96, region: 10, city: 0, fuel: 2 });
    expect(sandbox.autoria.calls().map(({ operation }) => operation)).toEqual(['search']);
  });

  test('of several kinds keeps what belongs together at one index', async () => {
    const { ids, ignored } = await autoria.search({
      anyOf: [
        { brand: 'BMW', model: 'X5', yearFrom: 2015 },
        { brand: 'Volkswagen', yearTo: 2012 },
      ],
      places: [{ region: 'Київська' }, { region: 'Львівська', city: 'Львів' }],
      pageSize: 100,
    });
    expect(ignored).toEqual([]);
    expect(sent()).toEqual(
      expect.arrayContaining([
        ['marka_id[1]', '84'],
        ['model_id[0]', '96'],
        ['model_id[1]', '0'],
        ['s_yers[0]', '2015'],
        ['po_yers[1]', '2012'],
        ['state[1]', '5'],
        ['city[1]', '5'],
      ]),
    );
    expect(ids.length).toBeGreaterThan(0);
    for (const car of carsOf(ids)) {
      expect(car?.brandId === 9 ? car.year >= 2015 : (car?.year ?? 0) <= 2012).toBe(true);
    }
  });

  test('counts kilometres, and prices in their currency', async () => {
    const { ids, ignored, count } = await autoria.search({
      mileageFrom: 20_500,
      mileageTo: 150_500,
      priceTo: 500_000,
      currency: 'UAH',
      engineFrom: 1.4,
      engineTo: 3.2,
      powerFrom: 90,
      published: 'month',
      sort: 'price_asc',
      withPhoto: true,
      bargain: true,
      usedOnly: true,
      sold: 'hide',
      seller: 'private',
      pageSize: 100,
    });
    expect(ignored).toEqual([]);
    expect(Object.fromEntries(sent())).toMatchObject({
      raceFrom: '20',
      raceTo: '151',
      currency: '3',
      power_name: '1',
      top: '5',
      order_by: '2',
      searchType: '4',
      saledParam: '2',
      sellerType: '1',
    });
    const prices = carsOf(ids).map((car) => (car?.usd ?? 0) * 41);
    expect(count).toBe(prices.length);
    expect(Math.max(...prices)).toBeLessThanOrEqual(500_000);
    expect(prices).toEqual([...prices].sort((a, b) => a - b));
  });

  test('gives used cars as ids, and everything as items', async () => {
    const { ids, items } = await autoria.search({ pageSize: 100 });
    const kinds = new Map(items.map(({ id, type }) => [id, type]));
    expect(new Set(kinds.values())).toEqual(new Set(['UsedAuto', 'NewAuto', 'OfferOfTheDay']));
    expect(new Set(ids.map((id) => kinds.get(id)))).toEqual(new Set(['UsedAuto']));
  });
});

describe('a filter that AUTO.RIA ignores', () => {
  test.each<[AutoRiaSearch, string, string]>([
    [{ brand: 'BMW' }, 'marka_id', 'brand'],
    [{ fuel: 'Дизель' }, 'type', 'fuel'],
    [{ gearbox: 2 }, 'gearbox', 'gearbox'],
    [{ priceTo: 10_000 }, 'price_do', 'priceTo'],
    [{ abroadOnly: true }, 'abroad', 'abroadOnly'],
    [{ yearFrom: 2015 }, 's_yers', 'yearFrom'],
  ])('%j is reported', async (search, parameter, filter) => {
    expect((await autoria.search(search)).ignored).toEqual([]);
    sandbox.autoria.ignore(parameter);
    const { ignored, count } = await autoria.search(search);
    expect(ignored).toEqual([{ filter, reason: 'not_echoed' }]);
    expect(count).toBe(sandbox.autoria.cars().length);
  });

  test('is reported, where it is one that AUTO.RIA never knew', async () => {
    const { ignored } = await autoria.search({ brand: 9, more: { brand_id: 9, with_video: 1 } });
    expect(ignored).toEqual([{ filter: 'brand_id', reason: 'not_echoed' }]);
  });

  test('is reported, where AUTO.RIA made something else of it', async () => {
    const echo = { category_id: 1, marka_id: [9], fuel_id: [1], custom: 0, currency: '1' };
    const server = await startAutoRia(() => ({ json: resultOf([], 0, echo) }));
    const { ignored } = await clientOf(server.url).search({
      anyOf: [{ brand: 9 }, { brand: 84 }],
      fuel: [1, 2],
      custom: 1,
      currency: 'USD',
    });
    expect(ignored).toEqual([
      { filter: 'brand', reason: 'changed' },
      { filter: 'fuel', reason: 'changed' },
      { filter: 'custom', reason: 'not_echoed' },
    ]);
    await server.close();
  });

  test('is an error where that is asked for, and in loops', async () => {
    sandbox.autoria.ignore('marka_id');
    const rejected = { code: 'rejected', field: 'brand', retryable: false };
    expect(await thrownBy(autoria.search({ brand: 9, ifIgnored: 'throw' }))).toMatchObject(rejected);
    expect(await thrownBy(all(autoria.ids({ brand: 9 })))).toMatchObject(rejected);
    expect(await thrownBy(all(autoria.cars({ brand: 9 })))).toMatchObject(rejected);
    const ids = await all(autoria.ids({ brand: 9, ifIgnored: 'report' }, { limit: 3 }));
    expect(ids).toHaveLength(3);
  });
});

describe('loops', () => {
  test('give every id once, over all pages', async () => {
    const ids = await all(autoria.ids({ usedOnly: true, pageSize: 50 }));
    const used = sandbox.autoria.cars().filter(({ type }) => type === 'UsedAuto');
    expect([...ids].sort()).toEqual(used.map(({ id }) => String(id)).sort());
    expect(sandbox.autoria.calls()).toHaveLength(Math.ceil(used.length / 50));
  });

  test('ask for no page that nobody wants', async () => {
    expect(await all(autoria.ids({}, { limit: 7 }))).toHaveLength(7);
    expect(sandbox.autoria.calls()).toHaveLength(1);
    const loop = autoria.ids({ pageSize: 10 });
    await loop.next();
    await loop.return();
    expect(sandbox.autoria.calls()).toHaveLength(2);
  });

  test('give a car that moved to the next page once, and end with an empty page', async () => {
    const pages = [['1', '2'], ['2', '3'], []];
    const server = await startAutoRia(({ url }) => ({
      json: resultOf(pages[Number(url.searchParams.get('page'))] ?? [], 6, { category_id: 1 }),
    }));
    expect(await all(clientOf(server.url).ids({ pageSize: 2 }))).toEqual(['1', '2', '3']);
    await server.close();
  });

  test('over cars leave out who is gone, and stop by the limit or a signal', async () => {
    const [first, second] = sandbox.autoria.cars().filter(({ brandId }) => brandId === 85);
    const newest = await all(autoria.ids({ brand: 85 }));
    sandbox.autoria.ignore('none');
    sandbox.autoria.refuseNext('x');
    await thrownBy(autoria.search({ brand: 85 }));
    const gone = Number(newest[0]);
    const server = await startAutoRia(({ url }) =>
      url.pathname === '/auto/search'
        ? { json: resultOf(newest, newest.length, { category_id: 1, marka_id: [85] }) }
        : url.searchParams.get('auto_id') === String(gone)
          ? { status: 404, json: { error: { code: 'NOT_FOUND', message: 'x' } } }
          : { json: { autoData: { autoId: Number(url.searchParams.get('auto_id')) } } },
    );
    const cars = await all(clientOf(server.url).cars({ brand: 85 }, { limit: 2 }));
    expect(cars.map(({ id }) => id)).toEqual(newest.slice(1, 3));
    expect([first, second]).not.toContain(undefined);
    const signal = AbortSignal.abort('enough');
    expect(await thrownBy(all(clientOf(server.url).cars({ brand: 85 }, { signal })))).toBe('enough');
    await server.close();
  });
});

describe('what is wrong with a search is said before anything is sent', () => {
  test.each<[AutoRiaSearch, string, RegExp]>([
    [{ brnd: 'BMW' } as never, 'brnd', /did you mean `brand`/],
    [{ model: 'X5' }, 'model', /needs its `brand`/],
    [{ city: 'Київ' }, 'city', /needs its `region`/],
    [{ brand: 9, generations: [1] }, 'generations', /needs their `model`/],
    [{ brand: 9, anyOf: [{ brand: 84 }] }, 'brand', /`anyOf`/],
    [{ region: 1, places: [{ region: 2 }] }, 'region', /`places`/],
    [{ anyOf: [{ brand: 9 }, { model: 96 }] }, 'anyOf[1].model', /needs its/],
    [{ pageSize: 101 }, 'pageSize', /at most 100/],
    [{ sort: 'cheap' } as never, 'sort', /must be/],
    [{ more: { api_key: 'x' } }, 'more.api_key', /field of its own/],
  ])('%j', async (search, field, message) => {
    const error = await thrownBy(autoria.search(search));
    expect(error).toMatchObject({ code: 'invalid_input', field, message: expect.stringMatching(message) });
    expect(sandbox.autoria.calls()).toEqual([]);
  });

  test('a name that is in no dictionary, with the closest that is', async () => {
    expect(await thrownBy(autoria.search({ brand: 'Volksvagen' }))).toMatchObject({
      code: 'invalid_input',
      field: 'brand',
      message: expect.stringContaining('did you mean `Volkswagen`?'),
    });
  });

  test('an answer that is no result', async () => {
    const server = await startAutoRia(() => ({ json: { result: {} } }));
    expect(await thrownBy(clientOf(server.url).search({}))).toMatchObject({ code: 'invalid_response' });
    await server.close();
  });
});

function resultOf(ids: readonly string[], count: number, cleaned: object) {
  return {
    result: {
      search_result: { ids, count, last_id: 0 },
      search_result_common: { count, data: ids.map((id) => ({ id, type: 'UsedAuto' })) },
      additional: { search_params: { all: {}, cleaned } },
    },
  };
}
