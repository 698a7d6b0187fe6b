/**
 * What it costs to verify and parse WhatsApp's webhooks: from a `Request` to a `Response`, every update handed to a handler,
 * against `whatsapp-api-js` and `@kapso/whatsapp-cloud-api`, and a bare loop that does the least that is safe (compares the
 * HMAC of the raw bytes, parses, walks).
 *
 * Two bodies: one message, and 40 messages and statuses, as Meta sends them under load. Each contender is a process of its
 * own; rounds are interleaved in random order. The table shows medians; ratios are to the bare loop, within each round. «handed
 * on» is how many updates of a body the handler got.
 *
 * Run: `pnpm bench whatsapp-webhook [rounds] [milliseconds per cell]`
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createWhatsAppWebhook } from '@cartie/whatsapp';
import { normalizeWebhook, verifySignature } from '@kapso/whatsapp-cloud-api/server';
import { WhatsAppAPI } from 'whatsapp-api-js/middleware/web-standard';

const appSecret = 'a secret of the benchmark';
const url = 'http://localhost/webhooks/whatsapp';

const bodies = {
  'one message': bodyOf(1),
  '40 updates': bodyOf(40),
} as const;
type BodyName = keyof typeof bodies;

/** Takes a body to the end; gives how many updates the handler got. */
type Take = (body: string, headers: Record<string, string>) => Promise<number>;

const contenders = {
  bare: () => async (body, headers) => {
    const request = requestOf(body, headers);
    const bytes = Buffer.from(await request.arrayBuffer());
    const given = Buffer.from(request.headers.get('x-hub-signature-256')?.slice(7) ?? '', 'hex');
    const expected = createHmac('sha256', appSecret).update(bytes).digest();
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new Error('signature');
    let handed = 0;
    const parsed = JSON.parse(bytes.toString()) as Payload;
    for (const { changes } of parsed.entry) {
      for (const { value } of changes)
        handed += (value.messages?.length ?? 0) + (value.statuses?.length ?? 0);
    }
    return ended(new Response(null), handed);
  },
  '@cartie/whatsapp': () => {
    let handed = 0;
    const webhook = createWhatsAppWebhook({
      appSecret,
      verifyToken: 'x',
      onUpdate: async () => {
        handed += 1;
      },
    });
    return async (body, headers) => {
      handed = 0;
      return ended(await webhook(requestOf(body, headers)), handed);
    };
  },
  'whatsapp-api-js': () => {
    let handed = 0;
    const api = new WhatsAppAPI({ token: 'x', appSecret, webhookVerifyToken: 'x', v: 'v23.0' });
    api.on.message = () => {
      handed += 1;
    };
    api.on.status = () => {
      handed += 1;
    };
    return async (body, headers) => {
      handed = 0;
      const status = await api.handle_post(requestOf(body, headers));
      return ended(new Response(null, { status }), handed);
    };
  },
  // It has no handler of requests: what its documentation shows around its two functions.
  '@kapso/whatsapp-cloud-api': () => async (body, headers) => {
    const request = requestOf(body, headers);
    const rawBody = Buffer.from(await request.arrayBuffer());
    const signatureHeader = request.headers.get('x-hub-signature-256') ?? '';
    if (!verifySignature({ appSecret, rawBody, signatureHeader })) throw new Error('signature');
    const { messages, statuses } = normalizeWebhook(JSON.parse(rawBody.toString()));
    return ended(new Response(null), messages.length + statuses.length);
  },
} as const satisfies Record<string, () => Take>;

type Name = keyof typeof contenders;
const names = Object.keys(contenders) as Name[];

interface Payload {
  entry: { changes: { value: { messages?: unknown[]; statuses?: unknown[] } }[] }[];
}

if (process.argv[2] === 'serve') serve(process.argv[3] as Name);
else await measure(Number(process.argv[2] ?? 9), Number(process.argv[3] ?? 700));

function bodyOf(updates: number): string {
  const metadata = { display_phone_number: '15550001234', phone_number_id: '106540352242922' };
  const changes = Array.from({ length: updates }, (_, index) => {
    const wa_id = `38067${1_000_000 + index}`;
    const user_id = `UA.1${index}0`;
    const value =
      index % 2 === 0
        ? {
            contacts: [{ profile: { name: 'Олена Коваленко' }, wa_id, user_id }],
            messages: [
              {
                from: wa_id,
                from_user_id: user_id,
                id: `wamid.HBgMMzgwNjcxMjM0NTY3FQIAEhggQUNERUY${index}`,
                timestamp: '1760000000',
                type: 'text',
                text: { body: 'Добрий день! Чи є ще це авто? Хочу подивитися сьогодні.' },
              },
            ],
          }
        : {
            statuses: [
              {
                id: `wamid.HBgMMzgwNjcxMjM0NTY3FQIAERgSQUNERUY${index}`,
                status: 'delivered',
                timestamp: '1760000001',
                recipient_id: wa_id,
                recipient_user_id: user_id,
                pricing: {
                  billable: false,
                  pricing_model: 'PMP',
                  category: 'service',
                  type: 'free_customer_service',
                },
              },
            ],
          };
    return { field: 'messages', value: { messaging_product: 'whatsapp', metadata, ...value } };
  });
  // Meta escapes everything beyond ASCII, and slashes.
  return JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [{ id: '102290129340398', time: 1_760_000_002, changes }],
  })
    .replaceAll('/', '\\/')
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function requestOf(body: string, headers: Record<string, string>): Request {
  return new Request(url, { method: 'POST', body, headers });
}

function headersOf(body: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'x-hub-signature-256': `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`,
  };
}

function ended({ status }: Response, handed: number): number {
  if (status !== 200) throw new Error(`answered with ${status}`);
  return handed;
}

interface Sample {
  readonly perSecond: number;
  readonly handed: number;
  /** Of the process, after the cell. */
  readonly residentMiB: number;
}

function serve(name: Name): void {
  const take = contenders[name]();
  process.on('message', ({ body: which, cellMs }: { body: BodyName; cellMs: number }) => {
    void (async () => {
      const body = bodies[which];
      const headers = headersOf(body);
      const startedAt = performance.now();
      let count = 0;
      let handed = 0;
      while (performance.now() - startedAt < cellMs) {
        handed = await take(body, headers);
        count += 1;
      }
      const perSecond = count / ((performance.now() - startedAt) / 1_000);
      process.send?.({
        perSecond,
        handed,
        residentMiB: process.memoryUsage.rss() / 1_048_576,
      } satisfies Sample);
    })();
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}

async function measure(rounds: number, cellMs: number): Promise<void> {
  const children = new Map<Name, ChildProcess>();
  for (const name of names) {
    const child = fork(import.meta.filename, ['serve', name]);
    await once(child, 'message');
    children.set(name, child);
  }
  try {
    console.log(`Node ${process.version}, ${rounds} rounds of ${cellMs} ms a cell`);
    for (const which of Object.keys(bodies) as BodyName[]) {
      const played: Record<Name, Sample>[] = [];
      for (let round = -1; round < rounds; round += 1) {
        const samples: Partial<Record<Name, Sample>> = {};
        for (const name of shuffled(names)) {
          const child = children.get(name) as ChildProcess;
          child.send({ body: which, cellMs });
          [samples[name]] = (await once(child, 'message')) as [Sample];
        }
        // The first round warms up.
        if (round >= 0) played.push(samples as Record<Name, Sample>);
      }
      print(which, played);
    }
  } finally {
    for (const child of children.values()) child.kill();
  }
}

function print(which: BodyName, played: readonly Record<Name, Sample>[]): void {
  console.log(`\n${which}, ${Buffer.byteLength(bodies[which])} bytes\n`);
  console.log('| | bodies/s | x bare | handed on | memory, MiB |\n| --- | ---: | ---: | ---: | ---: |');
  for (const name of names) {
    const of = (read: (samples: Record<Name, Sample>) => number): number => median(played.map(read));
    const cells = [
      of((samples) => samples[name].perSecond).toFixed(0),
      of((samples) => samples[name].perSecond / samples.bare.perSecond).toFixed(2),
      of((samples) => samples[name].handed),
      of((samples) => samples[name].residentMiB).toFixed(0),
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
