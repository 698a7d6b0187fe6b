import { createHmac } from 'node:crypto';
import type { ProviderContext } from '../provider.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import type { WhatsAppDelivery, WhatsAppNumber, WhatsAppWebhookTarget } from './public.ts';

/** One change to deliver. */
export interface Change {
  readonly field: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Sends webhooks as Meta does: signed, several updates in one body, again until a 200 comes. */
export interface Delivery {
  setTarget(number: WhatsAppNumber, target: WhatsAppWebhookTarget): Promise<void>;
  push(number: WhatsAppNumber, change: Change): void;
  deliveries(): WhatsAppDelivery[];
  /** Bodies that wait or are out. */
  readonly pending: number;
  reset(): void;
}

/** Pauses before a body is sent again, simulated milliseconds; the last one goes on for 7 days. */
const retryPausesMs = [1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000];
const giveUpMs = 7 * 86_400_000;
const maxUpdates = 1_000;
/** Updates of so many milliseconds travel in one body. */
const batchMs = 50;
const timeoutMs = 20_000;

/** Creates the {@link Delivery} of one sandbox. */
export function createDelivery(context: ProviderContext, changed: () => void): Delivery {
  const { clock, live, history } = context;
  const log = createRingBuffer<WhatsAppDelivery>(history);
  const targets = new Map<string, WhatsAppWebhookTarget>();
  const queues = new Map<string, { number: WhatsAppNumber; changes: Change[]; cancel: () => void }>();
  let pending = 0;
  let epoch = 0;

  const ask = (request: Request): Promise<Response> =>
    context.webhookFetch ? context.webhookFetch(request) : fetch(request);

  function flush(key: string): void {
    const queue = queues.get(key);
    if (!queue) return;
    queues.delete(key);
    for (let start = 0; start < queue.changes.length; start += maxUpdates) {
      void deliver(queue.number, queue.changes.slice(start, start + maxUpdates), 1, clock.now(), epoch);
    }
    pending -= 1;
  }

  async function deliver(
    number: WhatsAppNumber,
    changes: readonly Change[],
    attempt: number,
    firstAt: number,
    ownEpoch: number,
  ): Promise<void> {
    const target = targets.get(number.phoneNumberId);
    if (!target || ownEpoch !== epoch) return;
    pending += 1;
    const body = escaped({
      object: 'whatsapp_business_account',
      entry: [{ id: number.businessAccountId, time: Math.floor(firstAt / 1000), changes }],
    });
    const status = await post(number, target, body);
    if (ownEpoch !== epoch) return;
    log.push({ at: clock.now(), attempt, updates: changes.length, status, body });
    live.emit({ provider: 'whatsapp', type: 'delivery' });
    if (status !== 200) {
      const pauseMs = retryPausesMs[Math.min(attempt, retryPausesMs.length) - 1] as number;
      if (clock.now() - firstAt < clock.scaled(giveUpMs)) {
        clock.after(pauseMs, () => {
          pending -= 1;
          void deliver(number, changes, attempt + 1, firstAt, ownEpoch);
        });
        return;
      }
    }
    pending -= 1;
    changed();
  }

  async function post(
    number: WhatsAppNumber,
    target: WhatsAppWebhookTarget,
    body: string,
  ): Promise<number | undefined> {
    const sign = (algorithm: string): string =>
      createHmac(algorithm, number.appSecret).update(body).digest('hex');
    try {
      const response = await ask(
        new Request(target.url, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'user-agent': 'facebookexternalua',
            'x-hub-signature': `sha1=${sign('sha1')}`,
            'x-hub-signature-256': `sha256=${sign('sha256')}`,
          },
          body,
          signal: AbortSignal.timeout(timeoutMs),
        }),
      );
      await response.arrayBuffer();
      return response.status;
    } catch {
      return undefined;
    }
  }

  return {
    async setTarget(number, target) {
      const url = new URL(target.url);
      const challenge = String(Math.floor(Math.random() * 1e9));
      url.searchParams.set('hub.mode', 'subscribe');
      url.searchParams.set('hub.verify_token', target.verifyToken);
      url.searchParams.set('hub.challenge', challenge);
      const response = await ask(new Request(url));
      if (response.status !== 200 || (await response.text()) !== challenge) {
        throw new Error(
          `the webhook did not answer the handshake with the challenge (status ${response.status})`,
        );
      }
      targets.set(number.phoneNumberId, target);
    },
    push(number, change) {
      if (!targets.has(number.phoneNumberId)) return;
      const waiting = queues.get(number.phoneNumberId);
      if (waiting) {
        waiting.changes.push(change);
        return;
      }
      pending += 1;
      const cancel = clock.after(batchMs, () => flush(number.phoneNumberId));
      queues.set(number.phoneNumberId, { number, changes: [change], cancel });
    },
    deliveries: () => log.items(),
    get pending() {
      return pending;
    },
    reset() {
      epoch += 1;
      for (const { cancel } of queues.values()) cancel();
      queues.clear();
      targets.clear();
      log.clear();
      pending = 0;
    },
  };
}

/** JSON as Meta writes it: non-ASCII and slashes escaped, so that only the raw bytes fit the signature. */
function escaped(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
