/**
 * What a call through all policies costs, against bare `fetch` and ky on the same machine in the same run.
 *
 * A server in a child process answers a POST of 300 bytes of JSON with 400 bytes. Rounds are interleaved in random order;
 * the table shows medians, and the ratio to bare `fetch` is the median of the ratios within each round.
 *
 * Run: `node --conditions=@cartie/source bench/call.ts [rounds] [milliseconds per cell]`
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ClientOptions, createCaller } from '@cartie/core';
import { undiciFetch } from '@cartie/core/undici';
import ky from 'ky';
import { Agent, request } from 'undici';

const [mode, rounds, cellMs] = [
  process.argv[2],
  Number(process.argv[2] ?? 9),
  Number(process.argv[3] ?? 700),
];

if (mode === 'serve') serve();
else await measure();

function serve(): void {
  const answer = JSON.stringify({ ok: true, result: { text: 'x'.repeat(360) } });
  const server = createServer((incoming, outgoing) => {
    incoming.resume().on('end', () => {
      outgoing.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length });
      outgoing.end(answer);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

async function measure(): Promise<void> {
  const server = fork(import.meta.filename, ['serve']);
  const [port] = await once(server, 'message');
  try {
    const variants = variantsFor(`http://127.0.0.1:${port}`);
    console.log(`Node ${process.version}, ${rounds} rounds of ${cellMs} ms a cell`);
    for (const concurrency of [1, 16]) {
      for (const call of Object.values(variants)) await run(call, concurrency, cellMs / 2);
      const samples: Sample[] = [];
      for (let round = 0; round < rounds; round++)
        samples.push(...(await playRound(variants, concurrency, round)));
      print(samples, Object.keys(variants), concurrency);
    }
  } finally {
    server.kill();
  }
}

type Call = () => Promise<unknown>;
type Sample = {
  readonly name: string;
  readonly round: number;
  readonly perSecond: number;
  readonly cpuMicros: number;
};

function variantsFor(baseUrl: string): Record<string, Call> {
  const body = { chat_id: 42, text: 'x'.repeat(270) };
  const url = `${baseUrl}/send`;
  const headers = { 'content-type': 'application/json' };
  const withPolicies = (options: ClientOptions): Call => {
    const caller = createCaller({
      service: 'bench',
      baseUrl,
      options: { maxConcurrent: 40, ...options },
      classify: ({ status }) => (status < 400 ? undefined : { code: 'upstream_error', message: 'failed' }),
    });
    const limits = [{ key: 'all', limit: 1_000_000, intervalMs: 1_000 }];
    return async () => {
      const plan = { operation: 'send', idempotent: false, limits };
      const { data } = await caller.call({
        ...plan,
        build: () => ({ method: 'POST', path: '/send', json: body }),
      });
      return data.json;
    };
  };
  const { signal } = new AbortController();
  return {
    'bare fetch': async () =>
      (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json(),
    'fetch with AbortSignal.timeout': async () =>
      (
        await fetch(url, {
          method: 'POST',
          headers,
          body: JSON.stringify(body),
          signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
        })
      ).json(),
    'ky, default': () => ky.post(url, { json: body }).json(),
    'ky, no retry and timeout': () => ky.post(url, { json: body, retry: 0, timeout: false }).json(),
    'undici.request': async () => {
      const answer = await request(url, { method: 'POST', headers, body: JSON.stringify(body) });
      return answer.body.json();
    },
    'cartie over global fetch': withPolicies({}),
    'cartie over undiciFetch': withPolicies({
      fetch: undiciFetch({ request, dispatcher: new Agent({ connections: 40 }) }),
    }),
  };
}

async function playRound(
  variants: Record<string, Call>,
  concurrency: number,
  round: number,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const [name, call] of shuffled(Object.entries(variants))) {
    samples.push({ name, round, ...(await run(call, concurrency, cellMs)) });
  }
  return samples;
}

async function run(
  call: Call,
  concurrency: number,
  ms: number,
): Promise<{ perSecond: number; cpuMicros: number }> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  let count = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - startedAt < ms) {
      await call();
      count++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (count * 1000) / (performance.now() - startedAt), cpuMicros: (user + system) / count };
}

function print(samples: readonly Sample[], names: readonly string[], concurrency: number): void {
  const of = (name: string): Sample[] => samples.filter((sample) => sample.name === name);
  const base = of('bare fetch');
  const ratios = (name: string, value: (sample: Sample) => number): number =>
    median(
      of(name).map(
        (sample) => value(sample) / value(base.find(({ round }) => round === sample.round) as Sample),
      ),
    );
  console.log(`\n${concurrency} at once`);
  console.table(
    Object.fromEntries(
      names.map((name) => [
        name,
        {
          'calls/s': Math.round(median(of(name).map(({ perSecond }) => perSecond))),
          'x fetch': ratios(name, ({ perSecond }) => perSecond).toFixed(2),
          'CPU µs/call': Math.round(median(of(name).map(({ cpuMicros }) => cpuMicros))),
          'x fetch (CPU)': ratios(name, ({ cpuMicros }) => cpuMicros).toFixed(2),
        },
      ]),
    ),
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
