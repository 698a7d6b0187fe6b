import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { toNodeListener } from '@cartie/core/node';
import { createViberWebhook } from '@cartie/viber';

/** What {@link runViberMalformed} found. */
export interface ViberMalformedReport {
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers that are no 4xx. */
  readonly others: number;
  readonly slowestMs: number;
  readonly stillWorks: boolean;
}

const token = '44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3';
const genuine = '{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}';
const sign = (body: string): string => createHmac('sha256', token).update(body).digest('hex');
const random = (length: number): string =>
  Array.from({ length }, () => String.fromCharCode(32 + Math.random() * 900)).join('');

const bodies: (() => { body: string; signature?: string })[] = [
  () => ({ body: genuine }),
  () => ({ body: genuine, signature: sign(`${genuine} `) }),
  () => ({ body: genuine, signature: 'g'.repeat(64) }),
  () => ({ body: random(1 + Math.random() * 500), signature: sign('x') }),
  ...['', 'null', '[]', '{}', '{"event":1}', '{"event":"seen"', '['.repeat(5_000)].map((body) => () => ({
    body,
    signature: sign(body),
  })),
];

/** Sends malformed callbacks to a webhook, then a genuine one. */
export async function runViberMalformed({ requests }: { requests: number }): Promise<ViberMalformedReport> {
  const server = createServer(
    toNodeListener(createViberWebhook({ authToken: token, onUpdate: async () => {} })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const statuses: Record<string, number> = {};
  let slowestMs = 0;
  const post = async ({ body, signature }: { body: string; signature?: string }): Promise<number> => {
    const startedAt = performance.now();
    const headers = signature === undefined ? {} : { 'x-viber-content-signature': signature };
    const answer = await fetch(url, { method: 'POST', body, headers });
    await answer.arrayBuffer();
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    return answer.status;
  };
  try {
    let next = 0;
    const work = async (): Promise<void> => {
      for (let n = next++; n < requests; n = next++) {
        const status = await post((bodies[n % bodies.length] as (typeof bodies)[number])());
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: 32 }, work));
    const stillWorks = (await post({ body: genuine, signature: sign(genuine) })) === 200;
    const others = Object.entries(statuses).reduce(
      (sum, [status, count]) => sum + (/^4\d\d$/.test(status) ? 0 : count),
      0,
    );
    return { statuses, others, slowestMs: Math.round(slowestMs), stillWorks };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { requests: { type: 'string', default: '100000' } } });
  console.log(await runViberMalformed({ requests: Number(values.requests) }));
}
