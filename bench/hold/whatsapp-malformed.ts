import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { toNodeListener } from '@cartie/core/node';
import { createWhatsAppWebhook } from '@cartie/whatsapp';
import { tally } from '../support/numbers.ts';

/** What {@link runWhatsAppMalformed} found. */
export interface WhatsAppMalformedReport {
  readonly statuses: Readonly<Record<string, number>>;
  /** Answers that are no 4xx. */
  readonly others: number;
  /** Updates that got through. */
  readonly taken: number;
  readonly slowestMs: number;
  /** Heap after a collection, where node runs with `--expose-gc`: after a quarter of the requests, and at the end. */
  readonly heapMiB: { readonly early: number; readonly late: number };
  /** A genuine webhook afterwards gave its update once. */
  readonly stillWorks: boolean;
}

const secret = 'a-secret-of-the-measurement';
const genuine = JSON.stringify({
  object: 'whatsapp_business_account',
  entry: [
    {
      id: '1',
      changes: [
        {
          field: 'messages',
          value: {
            metadata: { phone_number_id: '2' },
            messages: [
              { from: '380670000001', id: 'wamid.1', timestamp: '1', type: 'text', text: { body: 'Hi' } },
            ],
          },
        },
      ],
    },
  ],
});
const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
const huge = `{"a":"${'x'.repeat(3 * 1024 * 1024)}"}`;

const sign = (body: string | Buffer): string =>
  `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;

interface Attack {
  readonly body: string | Buffer;
  readonly signature?: string;
  readonly method?: string;
}

/** Wrongly signed, though the body is genuine. */
const unsigned: readonly (() => Attack)[] = [
  () => ({ body: genuine }),
  () => ({ body: genuine, signature: '' }),
  () => ({ body: genuine, signature: sign(`${genuine} `) }),
  () => ({ body: `${genuine} `, signature: sign(genuine) }),
  () => ({ body: genuine, signature: sign(genuine).slice(0, 40) }),
  () => ({ body: genuine, signature: sign(genuine).replace('sha256=', 'sha1=') }),
  () => ({ body: genuine, signature: sign(genuine).slice(7) }),
  () => ({ body: genuine, signature: `sha256=${'g'.repeat(64)}` }),
  () => ({ body: genuine, signature: `sha256=${'f'.repeat(1 + Math.random() * 5_000)}` }),
  () => ({ body: genuine, signature: sign(genuine), method: 'PUT' }),
];
/** Well signed, though no webhook. */
const nonsense: readonly (() => Attack)[] = [
  '',
  '{',
  'null',
  '[]',
  '"text"',
  '12',
  '{"entry":[{"changes":[{"value":',
  `{"object":"whatsapp_business_account","entry":${deep.slice(0, 50_000)}`,
  Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]),
].map((body) => () => ({ body, signature: sign(body) }));
/** Rarer, so that the run is about judging and not about copying. */
const large: readonly (() => Attack)[] = [
  () => ({ body: huge, signature: sign(huge) }),
  () => ({ body: deep, signature: sign('x') }),
];

/** Sends malformed and wrongly signed webhooks, then a genuine one. */
export async function runWhatsAppMalformed({
  requests,
}: {
  requests: number;
}): Promise<WhatsAppMalformedReport> {
  let taken = 0;
  const webhook = createWhatsAppWebhook({
    appSecret: secret,
    verifyToken: 'x',
    onUpdate: async () => {
      taken += 1;
    },
  });
  const server = createServer(toNodeListener(webhook));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const statuses: number[] = [];
  let slowestMs = 0;
  const send = async ({ body, signature, method = 'POST' }: Attack): Promise<number> => {
    const startedAt = performance.now();
    const answer = await fetch(url, {
      method,
      body,
      headers: signature === undefined ? {} : { 'x-hub-signature-256': signature },
    });
    await answer.arrayBuffer();
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    return answer.status;
  };
  const heapMiB = { early: 0, late: 0 };
  try {
    const usual = [...unsigned, ...nonsense];
    let next = 0;
    const work = async (): Promise<void> => {
      for (let n = next++; n < requests; n = next++) {
        const attacks = n % 97 === 0 ? large : usual;
        statuses.push(await send((attacks[n % attacks.length] as () => Attack)()));
        if (statuses.length === Math.floor(requests / 4)) heapMiB.early = heap();
      }
    };
    await Promise.all(Array.from({ length: 32 }, work));
    heapMiB.late = heap();
    const answers = tally(statuses);
    const others = statuses.filter((status) => status < 400 || status > 499).length;
    const before = taken;
    const stillWorks =
      (await send({ body: genuine, signature: sign(genuine) })) === 200 && taken === before + 1;
    return {
      statuses: answers,
      others,
      taken: before,
      slowestMs: Math.round(slowestMs),
      heapMiB,
      stillWorks,
    };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function heap(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1_048_576);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { requests: { type: 'string', default: '100000' } } });
  console.log(await runWhatsAppMalformed({ requests: Number(values.requests) }));
}
