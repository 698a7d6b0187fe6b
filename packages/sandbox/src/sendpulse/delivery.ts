import type { ProviderContext } from '../provider.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import type { SendPulseDeliveryRecord, SendPulseWebhookFamily } from './public.ts';
import { type Account, newNumber } from './state.ts';

/**
 * When a batch leaves: after this time, or with so many events. Nothing is documented of what happens when the receiver
 * fails, so a batch is sent once. Simulated milliseconds.
 * @see https://sendpulse.com/knowledge-base/email-service/additional/webhooks
 */
const batches = {
  email: { afterMs: 60_000, most: 100 },
  smtp: { afterMs: 30_000, most: 500 },
  chatbot: { afterMs: 0, most: 1 },
} as const satisfies Record<SendPulseWebhookFamily, { afterMs: number; most: number }>;

/** An attempt without an answer failed after this. Milliseconds. */
const timeoutMs = 10_000;

/** A webhook that is in an account's settings. */
export interface WebhookTarget {
  readonly accountId: number;
  readonly family: SendPulseWebhookFamily;
  readonly url: string;
  /** `undefined`: all. */
  readonly events: ReadonlySet<string> | undefined;
}

/** Collects events and delivers them in batches. */
export interface Delivery {
  setTarget(target: WebhookTarget): void;
  /** Tells every webhook that wants this event. */
  push(account: Account, family: SendPulseWebhookFamily, event: Readonly<Record<string, unknown>>): void;
  flush(): Promise<void>;
  redeliver(id: number): Promise<void>;
  settled(): Promise<void>;
  records(): SendPulseDeliveryRecord[];
  reset(): void;
}

interface Batch {
  readonly accountId: number;
  readonly family: SendPulseWebhookFamily;
  readonly url: string;
  events: Readonly<Record<string, unknown>>[];
  cancel: (() => void) | undefined;
}

/** Creates a {@link Delivery}. */
export function createDelivery(
  { clock, history, webhookFetch }: ProviderContext,
  changed: () => void,
): Delivery {
  const records = createRingBuffer<SendPulseDeliveryRecord>(history);
  const bodies = new Map<number, { readonly url: string; readonly body: string }>();
  const batchesByKey = new Map<string, Batch>();
  const sending = new Set<Promise<void>>();
  let targets: WebhookTarget[] = [];
  let abort = new AbortController();

  async function post(url: string, body: string): Promise<number | undefined> {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.any([abort.signal, AbortSignal.timeout(timeoutMs)]),
    };
    try {
      const response = webhookFetch
        ? await webhookFetch(new Request(url, init))
        : await fetch(url, { ...init, redirect: 'manual' });
      await response.body?.cancel();
      return response.status;
    } catch {
      return undefined;
    }
  }

  async function deliver(batch: Omit<Batch, 'cancel'>, body: string): Promise<void> {
    const at = clock.now();
    const status = await post(batch.url, body);
    const record = {
      id: newNumber(),
      at,
      accountId: batch.accountId,
      family: batch.family,
      events: batch.events.length,
      status,
    };
    const forgotten = records.push(record);
    if (forgotten !== undefined) bodies.delete(forgotten.id);
    bodies.set(record.id, { url: batch.url, body });
    changed();
  }

  function send(key: string): Promise<void> {
    const batch = batchesByKey.get(key);
    if (batch === undefined) return Promise.resolve();
    batchesByKey.delete(key);
    batch.cancel?.();
    const sent = deliver(batch, JSON.stringify(batch.events)).finally(() => sending.delete(sent));
    sending.add(sent);
    return sent;
  }

  function add(
    accountId: number,
    family: SendPulseWebhookFamily,
    url: string,
    event: Batch['events'][number],
  ): void {
    const key = `${accountId} ${family} ${url}`;
    const { afterMs, most } = batches[family];
    let batch = batchesByKey.get(key);
    if (batch === undefined) {
      batch = { accountId, family, url, events: [], cancel: clock.after(afterMs, () => void send(key)) };
      batchesByKey.set(key, batch);
    }
    batch.events.push(event);
    if (batch.events.length >= most) void send(key);
  }

  const flush = async (): Promise<void> => {
    await Promise.all([...batchesByKey.keys()].map(send));
    await Promise.all(sending);
  };

  return {
    setTarget(target) {
      targets = [...targets, target];
    },
    push(account, family, event) {
      const name = String(event.event ?? event.title);
      for (const target of targets) {
        const wanted = target.events === undefined || target.events.has(name);
        if (target.accountId === account.id && target.family === family && wanted) {
          add(account.id, family, target.url, event);
        }
      }
      if (family !== 'email') return;
      for (const { url, action } of account.webhooks.values()) {
        if (action === name) add(account.id, family, url, event);
      }
    },
    flush,
    async redeliver(id) {
      const body = bodies.get(id);
      const record = records.items().find((one) => one.id === id);
      if (body === undefined || record === undefined) throw new Error('id: there is no such delivery');
      const { accountId, family } = record;
      const events = JSON.parse(body.body) as Batch['events'];
      await deliver({ accountId, family, url: body.url, events }, body.body);
    },
    async settled() {
      while (batchesByKey.size > 0 || sending.size > 0) {
        if (sending.size > 0) await Promise.all(sending);
        else await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    records: () => records.items(),
    reset() {
      abort.abort();
      abort = new AbortController();
      for (const batch of batchesByKey.values()) batch.cancel?.();
      batchesByKey.clear();
      records.clear();
      bodies.clear();
      targets = [];
    },
  };
}
