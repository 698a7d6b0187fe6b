import { createHmac } from 'node:crypto';
import type { ProviderContext } from '../provider.ts';
import type { ViberCallbackRecord } from './records.ts';
import type { Account } from './state.ts';
import { wireJson } from './wire-json.ts';

/**
 * Viber's rules of delivery. A callback that is not answered with 200 is sent again after these pauses, the last one over
 * and over, ten times in all. Milliseconds.
 */
const deliveryRules = {
  pausesMs: [10_000, 60_000, 300_000, 600_000, 900_000],
  attempts: 10,
  /** An attempt without an answer failed after this. */
  timeoutMs: 10_000,
  /** Requests to one webhook at once. */
  connections: 40,
} as const;

/** A callback to deliver. */
export interface Callback {
  readonly event: string;
  readonly messageToken: bigint;
  readonly userId?: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  /** Given the body of the 200. */
  readonly answered?: ((body: string) => void) | undefined;
}

/** Delivers callbacks to webhooks. */
export interface Delivery {
  /** Sends until it is answered with 200. */
  send(account: Account, callback: Callback): void;
  /** Sends once: was it answered with 200? */
  check(account: Account, url: string, callback: Callback): Promise<boolean>;
  pending(): number;
  settled(): Promise<void>;
  stop(): void;
}

interface Waiting {
  readonly account: Account;
  readonly callback: Callback;
  readonly attempt: number;
}

/** Creates a {@link Delivery}. */
export function createDelivery(
  { clock, webhookFetch }: ProviderContext,
  attempted: (record: ViberCallbackRecord) => void,
): Delivery {
  const cancels = new Set<() => void>();
  const waiters = new Set<() => void>();
  const ready: Waiting[] = [];
  const abort = new AbortController();
  let pending = 0;
  let active = 0;

  async function post(
    account: Account,
    url: string,
    { callback, attempt }: Waiting,
  ): Promise<string | undefined> {
    const body = wireJson(callback.body);
    const signature = createHmac('sha256', account.token).update(body).digest('hex');
    const address = new URL(url);
    address.searchParams.set('sig', signature);
    const startedAt = clock.now();
    const timeoutMs = Math.max(1_000, clock.scaled(deliveryRules.timeoutMs));
    let status: number | undefined;
    let error: string | undefined;
    let answer = '';
    try {
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-viber-content-signature': signature },
        body,
        signal: AbortSignal.any([abort.signal, AbortSignal.timeout(timeoutMs)]),
      };
      const response = webhookFetch
        ? await within(timeoutMs, webhookFetch(new Request(address, init)))
        : await fetch(address, { ...init, redirect: 'manual' });
      status = response.status;
      answer = await response.text();
    } catch (failure) {
      error = failure instanceof Error && failure.name === 'TimeoutError' ? 'No answer in time' : 'No answer';
    }
    attempted({
      at: startedAt,
      durationMs: clock.now() - startedAt,
      accountId: account.id,
      event: callback.event,
      messageToken: callback.messageToken.toString(),
      userId: callback.userId,
      attempt,
      status,
      error,
    });
    return status === 200 && error === undefined ? answer : undefined;
  }

  function pump(): void {
    while (active < deliveryRules.connections && !abort.signal.aborted) {
      const next = ready.shift();
      if (next === undefined) return;
      active += 1;
      void run(next).finally(() => {
        active -= 1;
        pump();
      });
    }
  }

  async function run(waiting: Waiting): Promise<void> {
    const { account, callback, attempt } = waiting;
    // Without a webhook there is nobody to tell.
    const url = account.webhook?.url;
    const answer = url === undefined ? '' : await post(account, url, waiting);
    if (abort.signal.aborted) return;
    if (answer === undefined && attempt < deliveryRules.attempts) {
      const pauseMs = deliveryRules.pausesMs[attempt - 1] ?? 900_000;
      const cancel = clock.after(pauseMs, () => {
        cancels.delete(cancel);
        ready.push({ account, callback, attempt: attempt + 1 });
        pump();
      });
      cancels.add(cancel);
      return;
    }
    if (answer !== undefined) callback.answered?.(answer);
    pending -= 1;
    if (pending === 0) {
      for (const waiter of waiters) waiter();
      waiters.clear();
    }
  }

  return {
    send(account, callback) {
      pending += 1;
      ready.push({ account, callback, attempt: 1 });
      pump();
    },
    check: async (account, url, callback) =>
      (await post(account, url, { account, callback, attempt: 1 })) !== undefined,
    pending: () => pending,
    settled: () => (pending === 0 ? Promise.resolve() : new Promise((resolve) => waiters.add(resolve))),
    stop() {
      abort.abort();
      for (const cancel of cancels) cancel();
      cancels.clear();
      ready.length = 0;
      pending = 0;
      for (const waiter of waiters) waiter();
      waiters.clear();
    },
  };
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DOMException('No answer in time', 'TimeoutError')), ms);
    timer.unref();
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
