import { setupServer } from 'msw/node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createSandbox,
  type RunningSandbox,
  type SandboxAutoRiaKey,
  type SandboxCar,
  startSandbox,
} from '../index.ts';

let sandbox: RunningSandbox;
let key: SandboxAutoRiaKey;

beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 1 });
  key = sandbox.autoria.createKey({ paid: true });
});
afterEach(() => sandbox.close());

interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers is looked into at will here
  json: any;
}

async function get(path: string, init: RequestInit & { key?: string } = {}): Promise<Answer> {
  const url = new URL(sandbox.autoria.apiUrl + path);
  const name = init.key ?? key.key;
  if (name !== '') url.searchParams.set('api_key', name);
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    json: text === '' ? undefined : JSON.parse(text),
  };
}
const post = (path: string, body: unknown, method = 'POST'): Promise<Answer> =>
  get(`${path}?user_id=${key.userId}`, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

async function search(query: string): Promise<{ cars: SandboxCar[]; cleaned: Record<string, unknown> }> {
  const { json } = await get(`/auto/search?${query}&countpage=100`);
  const all = sandbox.autoria.cars();
  const cars = json.result.search_result.ids.map((id: string) => all.find((car) => String(car.id) === id));
  return { cars, cleaned: json.result.additional.search_params.cleaned };
}

describe('search', () => {
  test('obeys what it knows, and tells what it understood by its own names', async () => {
    const { cars, cleaned } = await search(
      'category_id=1&marka_id[0]=9&s_yers[0]=2012&po_yers[0]=2016&type[1]=2&type[3]=4&gearbox[0]=2&brandOrigin[0]=276&abroad=2',
    );
    expect(cleaned).toMatchObject({
      category_id: 1,
      marka_id: [9],
      s_yers: [2012],
      type: [null, '2', null, '4'],
      fuel_id: [2, 4],
      gear_id: [2],
      country: [276],
      countpage: 100,
    });
    expect(cleaned).not.toHaveProperty('gearbox');
    expect(cleaned).not.toHaveProperty('abroad');
    expect(cars.every(({ brandId, year }) => brandId === 9 && year >= 2012 && year <= 2016)).toBe(true);
  });

  test('ignores what it does not know, without a word', async () => {
    const everything = await search('category_id=1');
    const { cars, cleaned } = await search('category_id=1&brand=9&options[0]=477');
    expect(cars).toEqual(everything.cars);
    expect(cleaned).not.toHaveProperty('brand');
    sandbox.autoria.ignore('marka_id');
    expect((await search('category_id=1&marka_id[0]=9')).cars).toEqual(everything.cars);
  });

  test('takes brands, models and years at one index together', async () => {
    const { cars } = await search(
      'marka_id[0]=9&model_id[0]=96&s_yers[0]=2015&marka_id[1]=84&model_id[1]=0&po_yers[1]=2012',
    );
    expect(new Set(cars.map(({ brandId }) => brandId))).toEqual(new Set([9, 84]));
    expect(
      cars.every((car) =>
        car.brandId === 9 ? car.modelId === 96 && car.year >= 2015 : car.brandId === 84 && car.year <= 2012,
      ),
    ).toBe(true);
  });

  test('gives ten unless asked for more, an advertisement among them, and orders by price', async () => {
    const { json, headers } = await get('/auto/search?order_by=2&page=1');
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(json.result.search_result.ids).toHaveLength(10);
    expect(json.result.search_result_common.data).toContainEqual({ id: '100500', type: 'OfferOfTheDay' });
    const { cars } = await search('order_by=2');
    expect(cars.map(({ usd }) => usd)).toEqual(cars.map(({ usd }) => usd).sort((a, b) => a - b));
  });

  test('finds by price in a currency, mileage, region, fuel and options', async () => {
    const { cars } = await search(
      'price_do=500000&currency=3&raceTo=150&state[0]=10&city[0]=0&auto_options[477]=477',
    );
    expect(cars.length).toBeGreaterThan(0);
    for (const car of cars) {
      expect(car.usd * 41).toBeLessThanOrEqual(500_000);
      expect(car).toMatchObject({ stateId: 10, options: expect.arrayContaining([477]) });
      expect(car.raceInt).toBeLessThanOrEqual(150);
    }
  });
});

describe('cars and prices', () => {
  test('shows a car as the API writes it', async () => {
    const { id } = sandbox.autoria.addCar({ usd: 32_999 });
    const { json } = await get(`/auto/info?auto_id=${id}`);
    expect(json).toMatchObject({
      USD: 32_999,
      prices: [{ USD: '32 999' }],
      VIN: 'WBA5V7100KFH19523',
      userPhoneData: { phone: '(xxx) xxx xx xx' },
      autoData: { raceInt: 140, fuelName: 'Дизель, 2 л.' },
      linkToView: `/auto_bmw_3_series_${id}.html`,
    });
    sandbox.autoria.removeCar(id);
    expect(await get(`/auto/info?auto_id=${id}`)).toMatchObject({
      status: 404,
      json: { error: { code: 'NOT_FOUND' } },
    });
  });

  test('averages what fits, or says that there is too little', async () => {
    const { json } = await get(
      '/auto/average_price?main_category=1&marka_id=9&yers=2012&yers=2020&gear_id=1&gear_id=2',
    );
    expect(json.total).toBe(json.prices.length);
    expect(json.classifieds).toHaveLength(json.total);
    expect(await get('/auto/average_price?marka_id=9&yers=1960')).toMatchObject({
      status: 400,
      json: { message: 'Not Enough Data' },
    });
  });

  test('answers paid calls, with 200 for input that is useless', async () => {
    const { VIN } = sandbox.autoria.cars().find((car) => car.VIN !== undefined) as SandboxCar;
    const good = await post('/auto/params/by/vin-code/', { langId: 4, period: 365, params: { omniId: VIN } });
    expect(good.json.chipsData.chips).not.toHaveLength(0);
    const useless = await post('/auto/params/by/vin-code/', {
      langId: 4,
      period: 365,
      params: { omniId: 'x' },
    });
    expect(useless).toMatchObject({ status: 200, json: { noticeData: [{ noticeType: 'error' }] } });
    const statistics = await post('/auto/statistic-avarage-price/', {
      period: 90,
      params: { categoryId: '1', brandId: '9', modelId: '96', year: { gte: '2010' } },
    });
    expect(statistics.json.graphData).toHaveLength(3);
    const free = sandbox.autoria.createKey();
    const refused = await get(`/auto/ai-avarage-price/?user_id=${free.userId}`, {
      method: 'POST',
      key: free.key,
    });
    expect(refused).toMatchObject({ status: 403, json: { error: { code: 'API_KEY_UNAUTHORIZED' } } });
  });
});

describe('the gateway', () => {
  test('wants a key that it knows and likes', async () => {
    expect((await get('/auto/type', { key: '' })).json.error.code).toBe('API_KEY_MISSING');
    expect((await get('/auto/type', { key: 'x' })).json.error.code).toBe('API_KEY_INVALID');
    sandbox.autoria.setKey(key.key, 'unverified');
    expect(await get('/auto/type')).toMatchObject({
      status: 403,
      json: { error: { code: 'API_KEY_UNVERIFIED' } },
    });
  });

  test('lets 30 calls an hour through and tells nothing of it in headers', async () => {
    const answers: Answer[] = [];
    for (let n = 0; n < 31; n += 1) answers.push(await get('/auto/type'));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30);
    expect(answers[30]).toMatchObject({ status: 429, json: { error: { code: 'OVER_RATE_LIMIT' } } });
    expect([...(answers[30]?.headers.keys() ?? [])].join()).not.toMatch(/ratelimit|retry-after/);
    expect(sandbox.autoria.usage(key.key)).toEqual({ hour: 30, month: 30 });
    // One's own listings are free.
    expect((await get(`/auto/used/autos/ids?user_id=${key.userId}`)).status).toBe(200);
  });

  test('forgets a call after its hour', async () => {
    await using quick = await startSandbox({ timeScale: 0.0001 });
    const own = quick.autoria.createKey({ perHour: 1 });
    const ask = () => fetch(`${quick.autoria.apiUrl}/auto/type?api_key=${own.key}`);
    expect((await ask()).status).toBe(200);
    expect((await ask()).status).toBe(429);
    await expect.poll(async () => (await ask()).status, { timeout: 5_000 }).toBe(200);
  });

  test('refuses as it is told to, and by faults', async () => {
    sandbox.autoria.refuseNext('Modification ID is required');
    expect(await get('/auto/type')).toMatchObject({
      status: 400,
      json: { message: 'Modification ID is required' },
    });
    sandbox.faults.set({ provider: 'autoria', method: 'dictionary', kind: 'rate_limited', times: 1 });
    expect((await get('/auto/type')).status).toBe(429);
    expect(await get('/auto/type')).toMatchObject({ status: 200 });
    expect(sandbox.autoria.calls().map(({ status }) => status)).toEqual([400, 429, 200]);
  });

  test('wants HTTPS, in process', async () => {
    const inProcess = createSandbox();
    const server = setupServer(...inProcess.handlers);
    server.listen();
    const answer = await fetch('http://developers.ria.com/auto/type');
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'HTTPS_REQUIRED' } }]);
    server.close();
    inProcess.close();
  });
});

describe('dictionaries', () => {
  test.each([
    ['/auto/categories', { name: 'Легкові', value: 1 }],
    ['/auto/categories/1/marks', { name: 'BMW', value: 9 }],
    ['/auto/categories/1/marks/9/models', { name: 'X5', value: 96 }],
    ['/auto/categories/2/driverTypes', { name: 'Кардан', value: 4 }],
    ['/auto/states/10/cities', { name: 'Київ', value: 10 }],
    ['/modifications/by/generation/17/modifications', { name: '2.0 BiTDI DSG (180 к.с.)', value: 115538 }],
    ['/auto/new/models?marka_id=9', expect.objectContaining({ name: 'X5', model_id: 96 })],
  ])('%s', async (path, entry) => {
    const { json, headers } = await get(path);
    expect(json).toContainEqual(entry);
    if (!path.includes('/new/')) expect(headers.get('cache-control')).toBe('public, max-age=720');
  });

  test('groups are entries and lists of entries in one list', async () => {
    const { json } = await get('/auto/categories/1/marks/9/models/_group');
    expect(json.some(Array.isArray)).toBe(true);
    expect(json.some((one: unknown) => !Array.isArray(one))).toBe(true);
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

  test('begin as drafts, can be changed, and end in the archive', async () => {
    const created = await post('/auto/used/autos/', car);
    const id = created.json._id;
    expect(created.json).toMatchObject({ ...car, status: { id: 13 } });
    expect((await get(`/auto/used/autos/ids?user_id=${key.userId}`)).json.draft).toEqual([id]);
    expect((await post(`/auto/used/autos/${id}`, { mileage: 33 }, 'PUT')).json).toMatchObject({
      success: true,
    });
    await get(`/auto/used/autos/${id}?user_id=${key.userId}&reason_id=4`, { method: 'DELETE' });
    expect((await get(`/auto/used/autos/ids?user_id=${key.userId}`)).json.archive).toEqual([id]);
  });

  test('keep their basics an hour after they were published', async () => {
    await using quick = await startSandbox({ timeScale: 0.000001 });
    const own = quick.autoria.createKey();
    const url = (path = '') =>
      `${quick.autoria.apiUrl}/auto/used/autos/${path}?user_id=${own.userId}&api_key=${own.key}`;
    const { _id: id } = (await (
      await fetch(url(), { method: 'POST', body: JSON.stringify(car) })
    ).json()) as { _id: number };
    quick.autoria.publish(id);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const change = (changes: unknown) =>
      fetch(url(String(id)), { method: 'PUT', body: JSON.stringify(changes) });
    const refused = await change({ brand: { id: 6 } });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('for 60 minutes')]);
    expect((await change({ mileage: 34 })).status).toBe(200);
  });
});
