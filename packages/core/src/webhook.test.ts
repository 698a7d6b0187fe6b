import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { breakableStore } from '../tests/breakable-store.ts';
import {
  CartieError,
  type ClientEvent,
  createStores,
  createWebhookHandler,
  type DedupStore,
  type ErrorCode,
  memoryStore,
  type Update,
  type WebhookOptions,
} from './index.ts';

interface Item {
  id: string;
  chat: string;
}

/** A provider that sends a JSON list of items and signs by a header that says «yes». */
function provider(options: Partial<WebhookOptions<Item>> = {}): {
  post: (items: Partial<Item>[] | string, headers?: Record<string, string>) => Promise<Response>;
  send: (init: RequestInit & { path?: string; duplex?: 'half' }) => Promise<Response>;
  events: Extract<ClientEvent, { type: 'webhook_received' }>[];
  errors: unknown[];
} {
  const events: Extract<ClientEvent, { type: 'webhook_received' }>[] = [];
  const errors: unknown[] = [];
  const handler = createWebhookHandler<Item>({
    service: 'test',
    verify: ({ headers }) => headers.get('X-Signed') === 'yes',
    parse: (bytes) =>
      (JSON.parse(Buffer.from(bytes).toString()) as Item[]).map((item) => ({
        source: 'test:1',
        id: item.id,
        kind: 'item',
        orderKey: item.chat ?? item.id,
        payload: item,
      })),
    onUpdate: async () => {},
    onEvent: (event) => events.push(event as (typeof events)[number]),
    onError: (error) => errors.push(error),
    ...options,
  });
  const send = ({ path = '/hook', ...init }: Parameters<ReturnType<typeof provider>['send']>[0]) =>
    handler(new Request(`http://localhost${path}`, { method: 'POST', ...init }));
  return {
    send,
    post: (items, headers) =>
      send({
        body: typeof items === 'string' ? items : JSON.stringify(items),
        headers: { 'x-signed': 'yes', ...headers },
      }),
    events,
    errors,
  };
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe('createWebhookHandler', () => {
  it('hands over every update of a body and answers 200 when all are taken', async () => {
    const taken: Update<Item>[] = [];
    const { post, events } = provider({ onUpdate: async (update) => taken.push(update) });
    const response = await post([{ id: 'a' }, { id: 'b' }]);
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(taken.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(events).toEqual([
      expect.objectContaining({
        type: 'webhook_received',
        service: 'test',
        status: 200,
        updates: 2,
        code: 'ok',
      }),
    ]);
  });

  it('waits for the update to be taken before it answers', async () => {
    const { promise, resolve } = deferred();
    const { post } = provider({ onUpdate: () => promise });
    let answered = false;
    const answer = post([{ id: 'a' }]).finally(() => {
      answered = true;
    });
    await sleep(10);
    expect(answered).toBe(false);
    resolve();
    expect((await answer).status).toBe(200);
  });

  it('answers 200 to a body that tells nothing', async () => {
    expect((await provider().post([])).status).toBe(200);
  });

  it('gives verify the bytes as they were sent, the query and the headers', async () => {
    const body = '[ {"id":"\\u0456" , "n": 5741311803571721087} ]';
    const { send } = provider({
      verify: ({ method, url, query, headers, bytes }) =>
        method === 'POST' &&
        url === '/hook?sig=%D1%96&x=1' &&
        query.get('sig') === 'і' &&
        headers.get('X-Any') === '1' &&
        Buffer.from(bytes).toString() === body,
    });
    const response = await send({ path: '/hook?sig=%D1%96&x=1', body, headers: { 'x-any': '1' } });
    expect(response.status).toBe(200);
  });
});

describe('a request that is not from the provider', () => {
  it('is refused before it is parsed', async () => {
    let parsed = false;
    const { post, events } = provider({
      parse: () => {
        parsed = true;
        return [];
      },
    });
    expect((await post([{ id: 'a' }], { 'x-signed': 'no' })).status).toBe(401);
    expect(parsed).toBe(false);
    expect(events[0]).toMatchObject({ status: 401, code: 'invalid_signature', updates: 0 });
  });

  it('is refused also when verify gives anything but true', async () => {
    for (const verdict of [undefined, 1, 'true', {}]) {
      const { post } = provider({ verify: () => verdict as never });
      expect((await post([])).status).toBe(401);
    }
  });

  it.each<[ErrorCode, number]>([
    ['invalid_signature', 401],
    ['unauthorized', 401],
    ['forbidden', 403],
    ['invalid_input', 400],
    ['storage_error', 503],
    ['invalid_config', 500],
  ])('is answered by the code that verify threw: %s by %i', async (code, status) => {
    const { post } = provider({
      verify: async () => {
        throw new CartieError(code, 'No');
      },
    });
    expect((await post([])).status).toBe(status);
  });
});

describe('a malformed request', () => {
  it('gets 400 for a body that cannot be read, and nothing of it back', async () => {
    const { post, events, errors } = provider();
    for (const body of ['', '{', 'secret-text', 'null', '{}', '"text"', '\ud800']) {
      const response = await post(body);
      expect(response.status, body).toBe(400);
      expect(await response.text()).not.toContain('secret');
    }
    expect(JSON.stringify([events, errors.map(String)])).not.toContain('secret');
  });

  it('gets 405 with the allowed methods for another method', async () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'GET']) {
      const response = await provider().send({ method });
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'POST']);
    }
    const response = await provider({ onGet: () => ({ status: 200 }) }).send({ method: 'PUT' });
    expect(response.headers.get('allow')).toBe('GET, POST');
  });

  it('gets 413 for a body over the limit, whether its length is declared or not', async () => {
    const { post, send } = provider({ maxBodyBytes: 64 });
    const fits = JSON.stringify([{ id: 'x'.repeat(64 - 11) }]);
    expect(fits).toHaveLength(64);
    expect((await post(fits)).status).toBe(200);
    expect((await post(`${fits} `)).status).toBe(413);
    expect((await post(`${fits} `, { 'content-length': '65' })).status).toBe(413);
    expect((await post(`${fits} `, { 'content-length': '10' })).status).toBe(413);
    const body = new Blob([fits, ' ']).stream();
    expect((await send({ body, duplex: 'half', headers: { 'x-signed': 'yes' } })).status).toBe(413);
  });

  it('gets 408 when its body does not come in time, and is not read on', async () => {
    const { send, events } = provider({ bodyTimeoutMs: 20 });
    let cancelled = false;
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('[')),
      cancel: () => {
        cancelled = true;
      },
    });
    expect((await send({ body, duplex: 'half' })).status).toBe(408);
    expect(cancelled).toBe(true);
    expect(events[0]).toMatchObject({ status: 408, code: 'timeout' });
  });

  it('gets its 408 no later than the answer is due', async () => {
    const { send } = provider({ timeoutMs: 20, bodyTimeoutMs: 9_000 });
    const answer = send({ body: new ReadableStream(), duplex: 'half' });
    expect(await Promise.race([answer.then(({ status }) => status), sleep(3_000, 'too late')])).toBe(408);
  });

  it('gets 400 when its body breaks off', async () => {
    const body = new ReadableStream({
      pull: (controller) => controller.error(new Error('cut')),
    });
    expect((await provider().send({ body, duplex: 'half' })).status).toBe(400);
  });
});

describe('a body that was read before', () => {
  it.each<[string, (request: Request) => unknown]>([
    ['read', (request) => request.text()],
    ['locked', (request) => request.body?.getReader()],
  ])('is refused with the way to fix it: %s', async (_, touch) => {
    const handler = createWebhookHandler({
      service: 'test',
      verify: () => true,
      parse: () => [],
      onUpdate: async () => {},
    });
    for (const headers of [{}, { 'content-length': '2' }]) {
      const request = new Request('http://localhost', { method: 'POST', body: '[]', headers });
      await touch(request);
      const response = await handler(request);
      expect(response.status).toBe(500);
      expect(await response.text()).toContain('before any body parser');
    }
  });
});

it('knows a body that was read before in any runtime', async () => {
  const handler = createWebhookHandler({
    service: 'test',
    verify: () => true,
    parse: () => [],
    onUpdate: async () => {},
  });
  const foreign = {
    method: 'POST',
    url: 'http://localhost/',
    headers: new Headers({ 'content-length': '2' }),
    bodyUsed: true,
    arrayBuffer: () => Promise.reject(new Error('gone')),
  };
  expect((await handler(foreign as unknown as Request)).status).toBe(500);
});

describe('onGet', () => {
  it('answers the handshake', async () => {
    const { send } = provider({
      onGet: ({ query }) => {
        if (query.get('token') !== 'right') throw new CartieError('forbidden', 'No');
        return { status: 200, body: query.get('challenge') ?? '', headers: { 'content-type': 'text/plain' } };
      },
    });
    const good = await send({ method: 'GET', path: '/hook?token=right&challenge=1158201444' });
    expect([good.status, await good.text(), good.headers.get('content-type')]).toEqual([
      200,
      '1158201444',
      'text/plain',
    ]);
    const bad = await send({ method: 'GET', path: '/hook?token=wrong&challenge=1158201444' });
    expect(bad.status).toBe(403);
    expect(await bad.text()).not.toContain('1158201444');
  });
});

describe('respond', () => {
  it('travels in the response, once the updates are taken', async () => {
    const steps: string[] = [];
    const { post } = provider({
      onUpdate: async ({ id }) => steps.push(id),
      respond: (updates) => {
        steps.push('respond');
        return { welcome: updates.length };
      },
    });
    const response = await post([{ id: 'a' }]);
    expect(await response.json()).toEqual({ welcome: 1 });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(steps).toEqual(['a', 'respond']);
  });

  it('leaves the response empty when it gives nothing or throws: the updates are taken', async () => {
    const nothing = await provider({ respond: () => undefined }).post([{ id: 'a' }]);
    expect([nothing.status, await nothing.text()]).toEqual([200, '']);
    const { post, errors } = provider({
      respond: () => {
        throw new Error('broken');
      },
    });
    expect((await post([{ id: 'a' }])).status).toBe(200);
    expect(errors).toHaveLength(1);
  });
});

describe('order', () => {
  it('is kept within a key, while other keys go on', async () => {
    const steps: string[] = [];
    const slow = deferred();
    const { post } = provider({
      onUpdate: async ({ id, orderKey }) => {
        steps.push(`${id} begins`);
        if (orderKey === 'slow') await slow.promise;
        steps.push(`${id} ends`);
      },
    });
    const answer = post([
      { id: 's1', chat: 'slow' },
      { id: 's2', chat: 'slow' },
      { id: 'f1', chat: 'fast' },
      { id: 'f2', chat: 'fast' },
    ]);
    await sleep(5);
    expect(steps).toEqual(['s1 begins', 'f1 begins', 'f1 ends', 'f2 begins', 'f2 ends']);
    slow.resolve();
    await answer;
    expect(steps.slice(5)).toEqual(['s1 ends', 's2 begins', 's2 ends']);
  });

  it('is kept when an update fails: later ones of its key wait for the next delivery, other keys do not', async () => {
    const taken: string[] = [];
    const { post } = provider({
      onUpdate: async ({ id }) => {
        if (id === 'a1') throw new Error('no');
        taken.push(id);
      },
    });
    const response = await post([
      { id: 'a1', chat: 'a' },
      { id: 'a2', chat: 'a' },
      { id: 'b1', chat: 'b' },
    ]);
    expect(response.status).toBe(500);
    expect(taken).toEqual(['b1']);
  });
});

describe('a failure of ours', () => {
  it.each<[string, unknown, number, string | null]>([
    ['the app throws', new Error('secret'), 500, null],
    ['the app throws nothing', undefined, 500, null],
    ['a call of the app was refused', new CartieError('rejected', 'No', { status: 400 }), 500, null],
    ['the store is down', new CartieError('storage_error', 'No'), 503, '5'],
    ['the app is overloaded', new CartieError('overloaded', 'No', { retryAfterMs: 1_200 }), 503, '2'],
    ['a limit is reached', new CartieError('rate_limited', 'No', { retryAfterMs: 10 }), 503, '1'],
  ])('makes the provider send again: %s', async (_, error, status, retryAfter) => {
    const { post, errors, events } = provider({
      onUpdate: async () => {
        throw error;
      },
    });
    const response = await post([{ id: 'a' }]);
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter]);
    expect(await response.text()).not.toContain('secret');
    expect(JSON.stringify(events)).not.toContain('secret');
    expect(errors).toEqual([error]);
  });

  it('is answered before the provider gives up, and the work is told', async () => {
    const aborted = deferred();
    let reason: unknown;
    const { post, events } = provider({
      timeoutMs: 30,
      onUpdate: (_, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            aborted.resolve();
          });
        }),
    });
    const response = await post([{ id: 'a' }]);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
    await aborted.promise;
    expect(reason).toMatchObject({ code: 'timeout' });
    expect(events).toHaveLength(1);
  });

  it('of a broken parse or a broken watcher does not leave the request hanging', async () => {
    expect((await provider({ parse: () => undefined as never }).post([])).status).toBe(500);
    const watcher = (): never => {
      throw new Error('no');
    };
    const { post } = provider({ onEvent: watcher, onError: watcher, onUpdate: watcher });
    expect((await post([{ id: 'a' }])).status).toBe(500);
  });
});

describe('overload', () => {
  it('is refused with Retry-After above maxInFlight, and let in again when there is room', async () => {
    const work = deferred();
    const { post, events } = provider({ maxInFlight: 2, onUpdate: () => work.promise });
    const first = post([{ id: 'a' }, { id: 'b' }]);
    await sleep(5);
    const refused = await post([{ id: 'c' }]);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
    expect(events[0]).toMatchObject({ status: 503, code: 'overloaded', updates: 1 });
    work.resolve();
    expect((await first).status).toBe(200);
    expect((await post([{ id: 'c' }])).status).toBe(200);
  });

  it('counts work that outlived its answer', async () => {
    const work = deferred();
    const { post } = provider({ maxInFlight: 1, timeoutMs: 15, onUpdate: () => work.promise });
    expect((await post([{ id: 'a' }])).status).toBe(503);
    expect(await (await post([{ id: 'b' }])).text()).toContain('overloaded');
    work.resolve();
    await sleep(1);
    expect((await post([{ id: 'b' }])).status).toBe(200);
  });

  it('lets a batch larger than the bound in when it is alone', async () => {
    const { post } = provider({ maxInFlight: 2 });
    expect((await post([{ id: 'a' }, { id: 'b' }, { id: 'c' }])).status).toBe(200);
  });

  it('follows the rate of each source, and says when there is room again', async () => {
    const { post } = provider({
      rate: { limit: 2, intervalMs: 4_000 },
      parse: (bytes) =>
        (JSON.parse(Buffer.from(bytes).toString()) as Item[]).map(({ id, chat }) => ({
          source: chat,
          id,
          kind: 'item',
          orderKey: id,
          payload: { id, chat },
        })),
    });
    const one = { id: 'a', chat: 'tenant1' };
    expect((await post([one])).status).toBe(200);
    expect((await post([one])).status).toBe(200);
    const refused = await post([one]);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    expect((await post([{ id: 'a', chat: 'tenant2' }])).status).toBe(200);
  });

  it('has a rate that refills', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const { post } = provider({ rate: { limit: 1, intervalMs: 30 } });
      expect((await post([{ id: 'a' }])).status).toBe(200);
      vi.advanceTimersByTime(29);
      expect((await post([{ id: 'b' }])).status).toBe(503);
      vi.advanceTimersByTime(1);
      expect((await post([{ id: 'b' }])).status).toBe(200);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('dedup', () => {
  /** The real thing over memory, its steps watched and made to fail `fail[step]` times. */
  function store(fail: Partial<Record<'claim' | 'commit', number>> = {}): {
    dedup: DedupStore;
    steps: string[];
  } {
    const { dedup } = createStores(memoryStore());
    const steps: string[] = [];
    const failures = { claim: 0, commit: 0, ...fail };
    const step = (name: 'claim' | 'commit', detail: string): void => {
      steps.push(`${name} ${detail}`);
      failures[name] -= 1;
      if (failures[name] >= 0) throw new CartieError('storage_error', 'The store is down');
    };
    return {
      steps,
      dedup: {
        async claim(key, options) {
          step('claim', key);
          const claim = await dedup.claim(key, options);
          if (typeof claim === 'string') return claim;
          return {
            signal: claim.signal,
            async commit(ttlMs) {
              step('commit', String(ttlMs));
              await claim.commit(ttlMs);
            },
            async release() {
              steps.push('release');
              await claim.release();
            },
          };
        },
      },
    };
  }

  it('claims, handles, commits, and answers a repeated delivery with 200 without handling it', async () => {
    const { dedup, steps } = store();
    const { post } = provider({
      dedup,
      dedupMs: 1_000,
      onUpdate: async ({ id }) => steps.push(`handle ${id}`),
    });
    expect((await post([{ id: 'a' }])).status).toBe(200);
    expect(steps).toEqual(['claim test:1/a', 'handle a', 'commit 1000']);
    expect((await post([{ id: 'a' }])).status).toBe(200);
    expect(steps.slice(3)).toEqual(['claim test:1/a']);
  });

  it('answers 503 with Retry-After while another delivery is being handled', async () => {
    const work = deferred();
    const { post } = provider({ dedup: store().dedup, onUpdate: () => work.promise });
    const first = post([{ id: 'a' }]);
    await sleep(5);
    const second = await post([{ id: 'a' }]);
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '5']);
    work.resolve();
    expect((await first).status).toBe(200);
  });

  it('gives the claim back after a failure, so that the next delivery is handled', async () => {
    let calls = 0;
    const { dedup, steps } = store();
    const { post } = provider({
      dedup,
      onUpdate: async () => {
        calls += 1;
        if (calls === 1) throw new Error('no');
      },
    });
    expect((await post([{ id: 'a' }])).status).toBe(500);
    expect(steps.at(-1)).toBe('release');
    expect((await post([{ id: 'a' }])).status).toBe(200);
    expect(calls).toBe(2);
  });

  it('answers 503 with Retry-After when the store is down, and handles nothing', async () => {
    let handled = false;
    const { post } = provider({
      dedup: store({ claim: 1 }).dedup,
      onUpdate: async () => {
        handled = true;
      },
    });
    const response = await post([{ id: 'a' }]);
    expect([response.status, response.headers.get('retry-after'), handled]).toEqual([503, '5', false]);
  });

  it('tries a failed commit again', async () => {
    const { dedup, steps } = store({ commit: 2 });
    const { post, errors } = provider({ dedup, onUpdate: async () => steps.push('handle') });
    expect((await post([{ id: 'a' }])).status).toBe(200);
    expect((await post([{ id: 'a' }])).status).toBe(200);
    expect(steps.filter((name) => name === 'handle')).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('tries again a commit that the store itself refuses', async () => {
    const store = breakableStore(memoryStore());
    const { dedup } = createStores(store);
    let handled = 0;
    const { post, errors } = provider({
      dedup,
      onUpdate: async () => {
        handled += 1;
        store.fault = 'down';
        setTimeout(() => {
          store.fault = undefined;
        }, 10);
      },
    });
    expect((await post([{ id: 'a' }])).status).toBe(200);
    expect((await post([{ id: 'a' }])).status).toBe(200);
    expect(handled).toBe(1);
    expect(errors).toEqual([]);
  });

  it('answers 200 when the commit fails for good: sending again would have it handled twice', async () => {
    const { post, errors } = provider({ dedup: store({ commit: 99 }).dedup });
    expect((await post([{ id: 'a' }])).status).toBe(200);
    expect(errors).toEqual([expect.objectContaining({ code: 'storage_error' })]);
  });

  it('tells the work when its claim is lost', async () => {
    const lost = new AbortController();
    const claim = { signal: lost.signal, commit: async () => {}, release: async () => {} };
    const { post } = provider({
      dedup: { claim: async () => claim },
      onUpdate: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          lost.abort(new CartieError('conflict', 'Lost'));
        }),
    });
    expect((await post([{ id: 'a' }])).status).toBe(500);
  });
});

describe('options', () => {
  const valid = { service: 'test', verify: () => true, parse: () => [], onUpdate: async () => {} };

  it.each([
    [{ ...valid, service: '' }, 'service'],
    [{ ...valid, verify: undefined }, 'verify'],
    [{ ...valid, parse: undefined }, 'parse'],
    [{ ...valid, onUpdate: 'x' }, 'onUpdate'],
    [{ ...valid, timeoutMs: 0 }, 'timeoutMs'],
    [{ ...valid, timeoutMs: 2 ** 31 }, 'timeoutMs'],
    [{ ...valid, maxBodyBytes: 1.5 }, 'maxBodyBytes'],
    [{ ...valid, dedup: {} }, 'dedup'],
    [{ ...valid, dedup: memoryStore() }, 'dedup'],
    [{ ...valid, rate: { limit: 0.5, intervalMs: 1 } }, 'rate.limit'],
    [{ ...valid, maxBodyByte: 1 }, 'maxBodyByte'],
  ])('are refused by name: case %#', (options, field) => {
    expect(() => createWebhookHandler(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field }),
    );
  });

  it('must be there', () => {
    expect(() => createWebhookHandler(undefined as never)).toThrow(
      expect.objectContaining({ code: 'invalid_config' }),
    );
  });
});
