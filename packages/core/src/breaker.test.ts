import { getEventListeners } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startHttp, startTcp, type TestServer } from '../../../tests/support/http.ts';
import {
  type Breaker,
  type BreakerOptions,
  CartieError,
  type ClientEvent,
  type ClientOptions,
  createBreaker,
  createCaller,
  type ErrorCode,
} from './index.ts';

const open: TestServer[] = [];
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(open.splice(0).map((server) => server[Symbol.asyncDispose]()));
});

const good = async (): Promise<string> => 'good';
const failing =
  (code: ErrorCode = 'upstream_error') =>
  async (): Promise<never> => {
    throw new CartieError(code, 'failed');
  };

async function codeOf(run: Promise<unknown>): Promise<unknown> {
  return run.then(
    () => 'ok',
    (error: unknown) => (error instanceof CartieError ? error.code : error),
  );
}

async function play(breaker: Breaker, calls: string): Promise<void> {
  for (const call of calls) await codeOf(breaker.run(call === '+' ? good : failing()));
}

async function opened(options: BreakerOptions = {}): Promise<Breaker> {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
  const breaker = createBreaker(options);
  await play(breaker, '-----');
  return breaker;
}

describe('a circuit', () => {
  test.each([
    ['----', 'closed', 'fewer samples than 5'],
    ['-----', 'open', 'five failures'],
    ['+++--', 'closed', 'less than half of five'],
    ['+++---', 'open', 'exactly half of six'],
    ['-+-+-+-+-+-+', 'open', 'half of six, met on the way'],
    [`${'+'.repeat(20)}${'-'.repeat(9)}`, 'closed', 'nine of the last 20'],
    [`${'+'.repeat(20)}${'-'.repeat(10)}`, 'open', 'ten of the last 20'],
  ])('after %s is %s: %s', async (calls, state) => {
    const breaker = createBreaker();
    await play(breaker, calls);
    expect(breaker.state).toBe(state);
  });

  test('counts its own threshold, samples and minimum', async () => {
    const breaker = createBreaker({ threshold: 1, samples: 3, minimumSamples: 2 });
    await play(breaker, '+--');
    expect(breaker.state).toBe('closed');
    await play(breaker, '-');
    expect(breaker.state).toBe('open');
  });

  test.each(['upstream_error', 'connection_failed', 'timeout'] as const)('is opened by %s', async (code) => {
    const breaker = createBreaker();
    for (let i = 0; i < 5; i++) await codeOf(breaker.run(failing(code)));
    expect(breaker.state).toBe('open');
  });

  test.each([
    'unauthorized',
    'forbidden',
    'not_found',
    'conflict',
    'rejected',
    'rate_limited',
    'invalid_response',
  ] as const)('takes %s for an answer: the provider is there', async (code) => {
    const breaker = createBreaker();
    await play(breaker, '----');
    for (let i = 0; i < 5; i++) await codeOf(breaker.run(failing(code)));
    await play(breaker, '-');
    expect(breaker.state).toBe('open');
    const calm = createBreaker();
    for (let i = 0; i < 6; i++) await codeOf(calm.run(failing(code)));
    await play(calm, '-----');
    expect(calm.state).toBe('closed');
  });

  test.each(['invalid_config', 'invalid_input', 'overloaded', 'storage_error', 'invalid_signature'] as const)(
    'does not count %s at all',
    async (code) => {
      const breaker = createBreaker();
      for (let i = 0; i < 20; i++) await codeOf(breaker.run(failing(code)));
      await play(breaker, '----');
      expect(breaker.state).toBe('closed');
      await play(breaker, '-');
      expect(breaker.state).toBe('open');
    },
  );

  test('does not count aborted calls', async () => {
    const breaker = createBreaker();
    for (let i = 0; i < 20; i++)
      await codeOf(breaker.run(() => Promise.reject(new DOMException('', 'AbortError'))));
    expect(breaker.state).toBe('closed');
    await play(breaker, '-----');
    expect(breaker.state).toBe('open');
  });

  test('refuses more minimum samples than samples', () => {
    expect(() => createBreaker({ samples: 3, minimumSamples: 4 })).toThrow(/`breaker.minimumSamples`/);
  });
});

describe('an open circuit', () => {
  test('fails calls without making them, and says when to come back', async () => {
    const breaker = await opened({ openMs: 30_000 });
    await vi.advanceTimersByTimeAsync(10_000);
    const call = vi.fn(good);
    const error = await breaker.run(call).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'circuit_open', retryAfterMs: 20_000, outcome: 'not_executed' });
    expect(breaker.retryAfterMs).toBe(20_000);
    expect(call).not.toHaveBeenCalled();
  });

  test('lets one probe go after its time while others wait, and closes when the probe succeeds', async () => {
    const breaker = await opened({ openMs: 30_000 });
    const states: string[] = [];
    breaker.onChange((state) => states.push(state));
    await vi.advanceTimersByTimeAsync(30_000);
    let succeed: (value: string) => void = () => undefined;
    const probe = breaker.run(
      () =>
        new Promise((resolve) => {
          succeed = resolve;
        }),
    );
    const other = vi.fn(good);
    const others = Array.from({ length: 5 }, () => breaker.run(other));
    await vi.advanceTimersByTimeAsync(1);
    expect(breaker.state).toBe('half_open');
    expect(other).not.toHaveBeenCalled();
    succeed('probed');
    expect(await probe).toBe('probed');
    expect(await Promise.all(others)).toEqual(Array(5).fill('good'));
    expect(states).toEqual(['half_open', 'closed']);
  });

  test('stays open for another time when the probe fails, and those who waited fail too', async () => {
    const breaker = await opened({ openMs: 30_000 });
    await vi.advanceTimersByTimeAsync(30_000);
    const probe = codeOf(breaker.run(failing('timeout')));
    const other = vi.fn(good);
    const waiting = codeOf(breaker.run(other));
    expect(await probe).toBe('timeout');
    expect(await waiting).toBe('circuit_open');
    expect(other).not.toHaveBeenCalled();
    expect(breaker.retryAfterMs).toBe(30_000);
  });

  test('is closed by a probe that the provider refuses: it is there', async () => {
    const breaker = await opened();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await codeOf(breaker.run(failing('not_found')))).toBe('not_found');
    expect(breaker.state).toBe('closed');
  });

  test.each([
    ['was aborted', () => Promise.reject(new DOMException('', 'AbortError'))],
    ['failed before it reached the provider', failing('invalid_input')],
  ])('lets the next call probe at once when a probe %s', async (_name, probe) => {
    const breaker = await opened();
    await vi.advanceTimersByTimeAsync(30_000);
    const first = codeOf(breaker.run<unknown>(probe));
    const second = breaker.run(good);
    await first;
    expect(await second).toBe('good');
    expect(breaker.state).toBe('closed');
  });

  test("lets a wait for another call's probe be aborted, and leaves no listener", async () => {
    const breaker = await opened();
    await vi.advanceTimersByTimeAsync(30_000);
    void breaker.run(() => new Promise(() => undefined));
    const controller = new AbortController();
    const waiting = codeOf(breaker.run(good, { signal: controller.signal }));
    controller.abort('stop');
    expect(await waiting).toBe('stop');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  test('stops telling changes to who no longer listens', async () => {
    const breaker = createBreaker();
    const listener = vi.fn();
    breaker.onChange(listener)();
    await play(breaker, '-----');
    expect(listener).not.toHaveBeenCalled();
  });
});

/** A peer on a fixed port that is down, up or down again, and counts what connections reach it. */
async function startPeer(): Promise<{
  port: number;
  connections: () => number;
  answer: (isUp: boolean) => void;
}> {
  let isUp = false;
  const onConnection = (socket: Socket): void => {
    if (!isUp) socket.resetAndDestroy();
    else socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'));
  };
  const server = await startTcp(onConnection);
  open.push(server);
  return {
    port: server.port,
    connections: () => server.connections,
    answer: (value) => {
      isUp = value;
    },
  };
}

function clientOf(port: number, options: ClientOptions = {}) {
  const caller = createCaller({
    service: 'shop',
    baseUrl: `http://127.0.0.1:${port}`,
    options,
    classify: () => undefined,
  });
  return (signal?: AbortSignal) =>
    codeOf(
      caller.call(
        { operation: 'read', idempotent: true, build: () => ({ method: 'GET', path: '/' }) },
        { signal },
      ),
    );
}

describe('an outage of the provider, over TCP', () => {
  test('costs it at most threshold + maxConcurrent connections, and one probe ends it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const passTime = (ms: number) => vi.setSystemTime(Date.now() + ms);
    const peer = await startPeer();
    const events: ClientEvent[] = [];
    const read = clientOf(peer.port, {
      breaker: { openMs: 30_000 },
      maxConcurrent: 10,
      retries: 0,
      onEvent: (event) => events.push(event),
    });
    const hundred = () => Promise.all(Array.from({ length: 100 }, () => read()));
    const codes = await hundred();
    const reached = peer.connections();
    expect(reached).toBeGreaterThanOrEqual(5);
    expect(reached).toBeLessThanOrEqual(5 + 10);
    expect(codes.filter((code) => code === 'connection_failed')).toHaveLength(reached);
    expect(codes.filter((code) => code === 'circuit_open')).toHaveLength(100 - reached);

    // While it is open nothing reaches the peer.
    expect(new Set(await hundred())).toEqual(new Set(['circuit_open']));
    expect(peer.connections()).toBe(reached);
    const durations: number[] = [];
    for (let calls = 0; calls < 101; calls++) {
      const startedAt = performance.now();
      await read();
      durations.push(performance.now() - startedAt);
    }
    // The median, so that it does not matter what else the machine does.
    expect(durations.sort((a, b) => a - b)[50]).toBeLessThan(1);

    // Still down: one probe, and no more.
    passTime(30_000);
    const probing = await hundred();
    expect(probing.filter((code) => code === 'connection_failed')).toHaveLength(1);
    expect(peer.connections()).toBe(reached + 1);

    // Up again: one probe closes the circuit for all who wait.
    peer.answer(true);
    passTime(30_000);
    expect(new Set(await hundred())).toEqual(new Set(['ok']));
    expect(
      events
        .filter(({ type }) => type === 'circuit_changed')
        .map((event) => 'circuit' in event && event.circuit),
    ).toEqual(['open', 'half_open', 'open', 'half_open', 'closed']);
  });

  test('does not touch other clients', async () => {
    const peer = await startPeer();
    const healthy = await startHttp((_request, response) => response.end('{}'));
    open.push(healthy);
    const [down, up] = [clientOf(peer.port, { retries: 0 }), clientOf(healthy.port)];
    const [downCodes, upCodes] = await Promise.all([
      Promise.all(Array.from({ length: 30 }, () => down())),
      Promise.all(Array.from({ length: 30 }, () => up())),
    ]);
    expect(downCodes).toContain('circuit_open');
    expect(downCodes).not.toContain('ok');
    expect(new Set(upCodes)).toEqual(new Set(['ok']));
  });

  test('is shared by clients that are given one breaker', async () => {
    const peer = await startPeer();
    const breaker = createBreaker();
    const [first, second] = [clientOf(peer.port, { breaker }), clientOf(peer.port, { breaker })];
    await Promise.all(Array.from({ length: 20 }, () => first()));
    const before = peer.connections();
    expect(await second()).toBe('circuit_open');
    expect(peer.connections()).toBe(before);
  });

  test('is not noticed where the client wants no breaker', async () => {
    const peer = await startPeer();
    const read = clientOf(peer.port, { breaker: false, retries: 0 });
    for (let i = 0; i < 10; i++) expect(await read()).toBe('connection_failed');
    expect(peer.connections()).toBe(10);
  });
});
