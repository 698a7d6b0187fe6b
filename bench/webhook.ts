/**
 * What the webhook kit costs a server, against a bare node:http handler that does the least that is safe: compares a
 * header, checks an HMAC over 1.5 KB of JSON and parses it.
 *
 * Each server is a process of its own; this one makes the load over keep-alive connections. Rounds are interleaved in
 * random order; the table shows medians, and the ratios to the bare server are medians of the ratios within each round.
 * CPU time is the server's own and steadier than requests per second where cores are few.
 *
 * Run: `node --conditions=@cartie/source bench/webhook.ts [rounds] [milliseconds per cell]`
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import {
  createWebhookHandler,
  parseJson,
  type RequestHandler,
  safeEqual,
  verifyHmacSha256,
} from '@cartie/core';
import { toNodeListener } from '@cartie/core/node';
import { createAdaptorServer } from '@hono/node-server';

const secret = 'a secret of the benchmark';
const connections = 32;
const body = JSON.stringify({
  update_id: 42,
  message: { chat: { id: 7, type: 'private' }, date: 1_700_000_000, text: 'Привіт, чи є авто? '.repeat(42) },
});

const request = Buffer.from(
  [
    'POST /webhooks/bench HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Secret: ${secret}`,
    `X-Signature: ${createHmac('sha256', secret).update(body).digest('hex')}`,
    '',
    body,
  ].join('\r\n'),
);

const servers = {
  'bare node:http': () => bareServer(),
  'webhook, toNodeListener': () => createServer(toNodeListener(webhook())),
  'webhook, @hono/node-server': () => createAdaptorServer({ fetch: webhook() }) as Server,
  'webhook in a handler of the app, toNodeListener': () => {
    const handler = webhook();
    return createServer(toNodeListener((request) => handler(request)));
  },
} as const satisfies Record<string, () => Server>;

type Name = keyof typeof servers;
const names = Object.keys(servers) as Name[];

if (process.argv[2] === 'serve') serve(process.argv[3] as Name);
else await measure(Number(process.argv[2] ?? 9), Number(process.argv[3] ?? 700));

function webhook(): RequestHandler {
  return createWebhookHandler({
    service: 'bench',
    verify: ({ headers, bytes }) =>
      safeEqual(headers.get('x-secret'), secret) &&
      verifyHmacSha256({ secrets: secret, signature: headers.get('x-signature'), bytes }),
    parse: (bytes) => {
      const payload = parseJson(bytes) as { update_id: number; message: { chat: { id: number } } };
      return [
        {
          source: 'bench:1',
          id: String(payload.update_id),
          kind: 'message',
          orderKey: String(payload.message.chat.id),
          payload,
        },
      ];
    },
    onUpdate: async () => {},
  });
}

function bareServer(): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const expected = createHmac('sha256', secret).update(bytes).digest();
      const given = Buffer.from(String(request.headers['x-signature']), 'hex');
      const right =
        request.headers['x-secret'] === secret &&
        given.length === expected.length &&
        timingSafeEqual(given, expected) &&
        JSON.parse(bytes.toString()).update_id === 42;
      response.writeHead(right ? 200 : 401, { 'content-length': 0 });
      response.end();
    });
  });
}

function serve(name: Name): void {
  const server = servers[name]();
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
}

interface Peer {
  readonly name: Name;
  readonly child: ChildProcess;
  readonly port: number;
}

interface Sample {
  readonly name: Name;
  readonly perSecond: number;
  readonly cpuMicros: number;
}

async function measure(rounds: number, cellMs: number): Promise<void> {
  const peers = await Promise.all(names.map(start));
  try {
    console.log(
      `Node ${process.version}, ${Buffer.byteLength(body)} bytes of JSON, ${connections} connections, ${rounds} rounds of ${cellMs} ms a cell`,
    );
    for (const peer of peers) await run(peer, cellMs);
    const played: Sample[][] = [];
    for (let round = 0; round < rounds; round += 1) {
      const samples: Sample[] = [];
      for (const peer of shuffled(peers)) samples.push(await run(peer, cellMs));
      played.push(samples);
    }
    print(played);
  } finally {
    for (const { child } of peers) child.kill();
  }
}

async function start(name: Name): Promise<Peer> {
  const child = fork(import.meta.filename, ['serve', name]);
  const [port] = (await once(child, 'message')) as [number];
  return { name, child, port };
}

async function run({ name, child, port }: Peer, cellMs: number): Promise<Sample> {
  const cpuBefore = await cpuOf(child);
  const startedAt = performance.now();
  const counts = await Promise.all(Array.from({ length: connections }, () => load(port, startedAt + cellMs)));
  const seconds = (performance.now() - startedAt) / 1000;
  const requests = counts.reduce((sum, count) => sum + count, 0);
  return { name, perSecond: requests / seconds, cpuMicros: ((await cpuOf(child)) - cpuBefore) / requests };
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [micros] = (await once(child, 'message')) as [number];
  return micros;
}

/** One connection that sends its next request when the answer is there; gives how many were answered. */
function load(port: number, until: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let answered = 0;
    socket.on('data', (data) => {
      // Answers are empty, so each comes in one piece.
      if (!data.toString('latin1').startsWith('HTTP/1.1 200')) socket.destroy(new Error('not 200'));
      answered += 1;
      if (performance.now() < until) socket.write(request);
      else socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answered));
  });
}

function print(played: readonly (readonly Sample[])[]): void {
  const valuesOf = (name: Name, value: (sample: Sample, bare: Sample) => number): number[] =>
    played.map((samples) => {
      const bare = samples.find((sample) => sample.name === names[0]);
      const sample = samples.find((other) => other.name === name);
      if (bare === undefined || sample === undefined) throw new Error(`no sample of ${name}`);
      return value(sample, bare);
    });
  console.log(
    '\n| server | requests/s | x bare | CPU µs/request | x bare |\n| --- | ---: | ---: | ---: | ---: |',
  );
  for (const name of names) {
    const cells = [
      median(valuesOf(name, ({ perSecond }) => perSecond)).toFixed(0),
      median(valuesOf(name, ({ perSecond }, bare) => perSecond / bare.perSecond)).toFixed(2),
      median(valuesOf(name, ({ cpuMicros }) => cpuMicros)).toFixed(1),
      median(valuesOf(name, ({ cpuMicros }, bare) => cpuMicros / bare.cpuMicros)).toFixed(2),
    ];
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return (low + high) / 2;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
