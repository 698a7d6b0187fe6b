import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startHttp, startTcp, type TestServer } from '../../../tests/support/http.ts';
import {
  type Caller,
  type CallOptions,
  type CallPlan,
  CartieError,
  type ClientOptions,
  createCaller,
  type Limiter,
} from './index.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let server: TestServer | undefined;
afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

const plan: CallPlan = {
  operation: 'read',
  idempotent: true,
  build: () => ({ method: 'GET', path: '/' }),
};
const never = new Promise<never>(() => undefined);

function callerWith(options: ClientOptions): Caller {
  return createCaller({
    service: 'shop',
    baseUrl: server?.url ?? 'http://127.0.0.1:9',
    options,
    classify: ({ status }) => (status < 400 ? undefined : { code: 'upstream_error', message: 'failed' }),
  });
}

/** Opens the circuit of a caller whose fetch fails first, then never settles; its probe is under way when this ends. */
async function halfOpen(): Promise<Caller> {
  let calls = 0;
  const caller = callerWith({
    fetch: async () => {
      if (++calls > 1) return never;
      throw new TypeError('fetch failed');
    },
    breaker: { minimumSamples: 1, openMs: 1 },
  });
  await caller.call(plan, { retries: 0 }).catch(() => undefined);
  await vi.waitFor(() => expect(caller.breaker?.retryAfterMs).toBe(0));
  caller.call(plan, { timeoutMs: 10_000 }).catch(() => undefined);
  await vi.waitFor(() => expect(caller.breaker?.state).toBe('half_open'));
  return caller;
}

/** Each thing that a call may wait for without end: a caller, the plan, and how sure the call is that it did nothing. */
const endless: readonly {
  waitsFor: string;
  outcome: 'unknown' | 'not_executed';
  start: () => Promise<Caller> | Caller;
  plan?: Partial<CallPlan>;
}[] = [
  {
    waitsFor: 'a fetch that never settles and ignores its signal',
    outcome: 'unknown',
    start: () => callerWith({ fetch: () => never }),
  },
  {
    waitsFor: 'a server that never answers',
    outcome: 'unknown',
    start: async () => {
      server = await startHttp(() => undefined);
      return callerWith({});
    },
  },
  {
    waitsFor: 'a body that stops in the middle',
    outcome: 'unknown',
    start: async () => {
      server = await startTcp((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'));
      return callerWith({});
    },
  },
  {
    waitsFor: 'a body that drips for ever',
    outcome: 'unknown',
    start: async () => {
      server = await startHttp((_request, response) => {
        const timer = setInterval(() => response.write('x'), 5);
        response.on('close', () => clearInterval(timer));
      });
      return callerWith({});
    },
  },
  {
    waitsFor: 'a body that never ends, of a fetch that ignores its signal',
    outcome: 'unknown',
    start: () => callerWith({ fetch: async () => new Response(new ReadableStream()) }),
  },
  {
    waitsFor: 'a place under the rate',
    outcome: 'not_executed',
    start: async () => {
      const caller = callerWith({ fetch: async () => new Response('{}') });
      const limits = [{ key: 'all', limit: 1, intervalMs: 60_000 }];
      await caller.call({ ...plan, limits });
      // Without this the limiter would refuse at once: it knows that no place comes in time.
      const { limiter } = caller;
      return callerWith({
        limiter: {
          ...limiter,
          acquire: (keys, options) => limiter.acquire(keys, { signal: options?.signal }),
        },
      });
    },
    plan: { limits: [{ key: 'all', limit: 1, intervalMs: 60_000 }] },
  },
  {
    waitsFor: 'a limiter that never answers and ignores its signal',
    outcome: 'not_executed',
    start: () => {
      const limiter: Limiter = { acquire: () => never, pause: async () => undefined };
      return callerWith({ limiter });
    },
    plan: { limits: [{ key: 'all', limit: 1, intervalMs: 1 }] },
  },
  {
    waitsFor: 'one of the `maxConcurrent` places',
    outcome: 'not_executed',
    start: () => {
      const caller = callerWith({ fetch: () => never, maxConcurrent: 1 });
      caller.call(plan, { timeoutMs: 5_000 }).catch(() => undefined);
      return caller;
    },
  },
  { waitsFor: "another call's probe", outcome: 'not_executed', start: halfOpen },
  {
    waitsFor: 'a request that is never built',
    outcome: 'not_executed',
    start: () => callerWith({}),
    plan: { build: () => never },
  },
];

async function end(call: () => Promise<unknown>): Promise<{ thrown: unknown; afterMs: number }> {
  const startedAt = performance.now();
  const thrown = await call().then(
    () => undefined,
    (error: unknown) => error,
  );
  return { thrown, afterMs: performance.now() - startedAt };
}

describe.each(endless)('a call that waits for $waitsFor', (it) => {
  const begin = async (options: CallOptions): Promise<{ thrown: unknown; afterMs: number }> => {
    const caller = await it.start();
    return end(() => caller.call({ ...plan, ...it.plan }, options));
  };

  test('ends at its deadline', async () => {
    const { thrown, afterMs } = await begin({ deadlineMs: 80 });
    expect(thrown).toBeInstanceOf(CartieError);
    expect(thrown).toMatchObject({
      code: 'timeout',
      outcome: it.outcome,
      retryable: true,
      field: 'deadlineMs',
    });
    expect(afterMs).toBeGreaterThan(75);
    expect(afterMs).toBeLessThan(10_000);
  });

  test("ends at once when its caller aborts, with the caller's own reason", async () => {
    const controller = new AbortController();
    const reason = { any: 'thing' };
    setTimeout(() => controller.abort(reason), 30);
    const { thrown, afterMs } = await begin({ signal: controller.signal });
    expect(thrown).toBe(reason);
    expect(afterMs).toBeLessThan(10_000);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });
});

describe('an attempt', () => {
  test('ends at its own limit and is repeated within the deadline', async () => {
    let calls = 0;
    const caller = callerWith({ fetch: () => (++calls === 1 ? never : Promise.resolve(new Response('{}'))) });
    expect(await caller.call(plan, { timeoutMs: 30 })).toMatchObject({ attempts: 2 });
  });

  test('that times out after the request began leaves its outcome unknown', async () => {
    const { thrown } = await end(() =>
      callerWith({ fetch: () => never }).call({ ...plan, idempotent: false }, { timeoutMs: 30 }),
    );
    expect(thrown).toMatchObject({ code: 'timeout', outcome: 'unknown', attempts: 1, field: 'timeoutMs' });
  });

  test('that times out while its request is being built sends nothing any more', async () => {
    const fetch = vi.fn(async () => new Response('{}'));
    let finishBuilding = (): void => undefined;
    const build = async () => {
      await new Promise<void>((resolve) => {
        finishBuilding = resolve;
      });
      return { method: 'GET', path: '/' } as const;
    };
    const { thrown } = await end(() =>
      callerWith({ fetch, retries: 0 }).call({ ...plan, build }, { timeoutMs: 20 }),
    );
    finishBuilding();
    await new Promise(setImmediate);
    expect(thrown).toMatchObject({ code: 'timeout', outcome: 'not_executed', attempts: 0 });
    expect(fetch).not.toHaveBeenCalled();
  });

  test('that ends early closes its connection', async () => {
    let isClosed = false;
    server = await startTcp((socket) => {
      socket
        .on('data', () => undefined)
        .on('close', () => {
          isClosed = true;
        });
    });
    await end(() => callerWith({ retries: 0 }).call(plan, { timeoutMs: 30 }));
    await vi.waitFor(() => expect(isClosed).toBe(true));
  });

  test('that was given up cancels the answer that comes too late', async () => {
    let answer: (response: Response) => void = () => undefined;
    const fetch = () =>
      new Promise<Response>((resolve) => {
        answer = resolve;
      });
    const cancel = vi.fn();
    await end(() => callerWith({ fetch, retries: 0 }).call(plan, { timeoutMs: 20 }));
    answer(new Response(new ReadableStream({ cancel })));
    await vi.waitFor(() => expect(cancel).toHaveBeenCalledOnce());
  });

  test('has the limit of the call, else of the operation, else of the client', async () => {
    const limitOf = async (callMs?: number, planMs?: number, clientMs?: number): Promise<number> => {
      const caller = callerWith({ fetch: () => never, retries: 0, timeoutMs: clientMs });
      return (await end(() => caller.call({ ...plan, timeoutMs: planMs }, { timeoutMs: callMs }))).afterMs;
    };
    expect(await limitOf(20, 5_000, 5_000)).toBeLessThan(4_000);
    expect(await limitOf(undefined, 20, 5_000)).toBeLessThan(4_000);
    expect(await limitOf(undefined, undefined, 20)).toBeLessThan(4_000);
  });
});

test('a pause before a repetition ends at once when the caller aborts', async () => {
  const controller = new AbortController();
  const fetch = async (): Promise<Response> => {
    setTimeout(() => controller.abort('stop'), 20);
    return new Response('', { status: 503, headers: { 'retry-after': '20' } });
  };
  const { thrown, afterMs } = await end(() =>
    callerWith({ fetch }).call(plan, { signal: controller.signal }),
  );
  expect(thrown).toBe('stop');
  expect(afterMs).toBeLessThan(10_000);
});

test('nothing is sent after the abort, in whatever moment before the sending it comes', async () => {
  const sendings: boolean[] = [];
  let unsent = 0;
  for (let moments = 0; moments < 30; moments++) {
    const controller = new AbortController();
    const abortLater = (left: number): void =>
      queueMicrotask(() => (left === 0 ? controller.abort('stop') : abortLater(left - 1)));
    const before = sendings.length;
    const fetch = async () => {
      sendings.push(controller.signal.aborted);
      return new Response('{}');
    };
    abortLater(moments);
    await end(() => callerWith({ fetch }).call(plan, { signal: controller.signal }));
    if (sendings.length === before) unsent++;
  }
  expect(unsent).toBeGreaterThan(0);
  expect(sendings.length).toBeGreaterThan(0);
  expect(sendings).not.toContain(true);
});

test('a call whose signal has aborted already does nothing', async () => {
  const fetch = vi.fn();
  const reason = new Error('before');
  const { thrown } = await end(() => callerWith({ fetch }).call(plan, { signal: AbortSignal.abort(reason) }));
  expect(thrown).toBe(reason);
  expect(fetch).not.toHaveBeenCalled();
});

test("a caller's reason that is itself a CartieError comes out as it is", async () => {
  const reason = new CartieError('conflict', 'The lease was lost');
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 10);
  const { thrown } = await end(() =>
    callerWith({ fetch: () => never }).call(plan, { signal: controller.signal }),
  );
  expect(thrown).toBe(reason);
});

test('200,000 calls with one long-lived signal leave no listeners, no timers and no growing heap', async () => {
  const caller = callerWith({ fetch: async () => new Response('{}') });
  const { signal } = new AbortController();
  const limits = [{ key: 'all', limit: 1e6, intervalMs: 1 }];
  const run = async (count: number): Promise<void> => {
    for (let i = 0; i < count / 20; i++) {
      await Promise.all(Array.from({ length: 20 }, () => caller.call({ ...plan, limits }, { signal })));
    }
  };
  const usedHeap = async (): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const heaps: number[] = [];
  for (let round = 0; round < 5; round++) {
    await run(40_000);
    heaps.push(await usedHeap());
  }
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThan(10);
  // The first round still compiles code.
  const [early = 0, last = 0] = [heaps[1], heaps.at(-1)];
  expect(last - early).toBeLessThan(1_000_000);
}, 120_000);
