import { Writable } from 'node:stream';
import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import { startHttp, type TestServer } from '../../../tests/support/http.ts';
import { createCaller, type EventListener } from './index.ts';
import { type OpenTelemetryApi, otelEvents } from './otel.ts';
import { pinoEvents } from './pino.ts';

let server: TestServer;
afterEach(() => server[Symbol.asyncDispose]());

/** A good call after one repetition, a rate limited one, and an outage that opens the circuit. */
async function callAll(onEvent: EventListener): Promise<void> {
  const statuses = [500, 200, 429, 500, 500, 500];
  server = await startHttp((_request, response) => response.writeHead(statuses.shift() ?? 500).end('{}'));
  const caller = createCaller({
    service: 'shop',
    baseUrl: server.url,
    options: { onEvent, breaker: { minimumSamples: 6 } },
    classify: ({ status }) =>
      status === 429
        ? { code: 'rate_limited', message: 'slow down', retryAfterMs: 60_000 }
        : status === 500
          ? { code: 'upstream_error', message: 'failed' }
          : undefined,
  });
  const call = (operation: string, idempotent: boolean) =>
    caller
      .call({ operation, idempotent, build: () => ({ method: 'GET', path: '/' }) })
      .catch(() => undefined);
  await call('read', true);
  await call('write', false);
  for (let i = 0; i < 3; i++) await call('write', false);
}

test('pinoEvents writes a line per event, failures louder than successes', async () => {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  await callAll(pinoEvents(pino({ level: 'debug' }, stream)));
  const said = (level: number): unknown[] =>
    lines.filter((line) => line.level === level).map(({ msg }) => msg);
  expect(said(20)).toContain('shop read: ok');
  expect(said(30)).toEqual([]);
  expect(said(40)).toEqual([
    'shop read is repeated after upstream_error',
    "shop write hit the provider's rate limit",
    'shop write: rate_limited',
    'shop write: upstream_error',
    'shop write: upstream_error',
    'shop write: upstream_error',
  ]);
  expect(said(50)).toEqual(['shop circuit is open']);
  expect(lines.find(({ msg }) => msg === 'shop read: ok')).toMatchObject({
    type: 'call_finished',
    service: 'shop',
    operation: 'read',
    attempts: 2,
    status: 200,
  });
});

test('otelEvents makes a client span per call and metrics by the semantic conventions', async () => {
  const spans: {
    name: string;
    kind: number;
    attributes: object;
    events: string[];
    status?: number;
    ended: number;
  }[] = [];
  const measured: { name: string; value: number; attributes: object }[] = [];
  const instrument = (name: string) => {
    const note = (value: number, attributes: object): void => void measured.push({ name, value, attributes });
    return { record: note, add: note };
  };
  const api: OpenTelemetryApi = {
    trace: {
      getTracer: () => ({
        startSpan: (name, { kind, attributes }) => {
          const span: (typeof spans)[number] = { name, kind, attributes, events: [], ended: 0 };
          spans.push(span);
          return {
            setAttributes: (more) => Object.assign(span.attributes, more),
            setStatus: ({ code }) => {
              span.status = code;
            },
            addEvent: (event) => span.events.push(event),
            end: () => {
              span.ended++;
            },
          };
        },
      }),
    },
    metrics: { getMeter: () => ({ createHistogram: instrument, createCounter: instrument }) },
  };
  await callAll(otelEvents(api));
  expect(spans).toHaveLength(5);
  expect(spans.every(({ ended, kind }) => ended === 1 && kind === 2)).toBe(true);
  expect(spans[0]).toMatchObject({
    name: 'shop read',
    attributes: {
      'peer.service': 'shop',
      'rpc.method': 'read',
      'http.response.status_code': 200,
      'http.request.resend_count': 1,
    },
    events: ['attempt', 'attempt'],
  });
  expect(spans[0]?.status).toBeUndefined();
  expect(spans[1]).toMatchObject({ status: 2, attributes: { 'error.type': 'rate_limited' } });
  const named = (name: string) => measured.filter((each) => each.name === name);
  expect(named('cartie.client.call.duration')).toHaveLength(5);
  expect(named('cartie.client.attempt.duration')).toHaveLength(6);
  expect(named('cartie.client.retries')).toMatchObject([
    { value: 1, attributes: { 'error.type': 'upstream_error' } },
  ]);
  expect(named('cartie.client.rate_limited')).toHaveLength(1);
  expect(named('cartie.client.circuit.changes')).toMatchObject([
    { attributes: { 'cartie.circuit.state': 'open' } },
  ]);
  for (const { name, value } of measured) if (name.endsWith('duration')) expect(value).toBeLessThan(5);
});
