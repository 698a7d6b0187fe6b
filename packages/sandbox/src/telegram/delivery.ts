import type { Clock } from '../clock.ts';
import type { StoredUpdate, UpdateQueue } from './updates.ts';
import type { WebhookAnswer, WebhookSender } from './webhook-sender.ts';

/** Telegram's rules of webhook delivery, in seconds. From the official server's WebhookActor. */
export const deliveryRules = {
  /** An attempt without an answer failed after this. */
  readTimeout: 60,
  /** Resend delays double up to a random limit between this and twice this. */
  maxResendDelay: 60,
  maxRetryAfter: 3_600,
  /** A webhook that answers 410 for this long is removed. */
  goneAfter: 23 * 3_600,
  /** Pause before the next connection: while the webhook was reached lately, and after 10 s without. */
  reconnect: { lately: 0.05, later: 2 },
  lately: 10,
} as const;

/** One attempt to deliver an update. */
export interface DeliveryAttempt {
  readonly update: StoredUpdate;
  /** 1 for the first. */
  readonly attempt: number;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly answer: WebhookAnswer;
}

/** What a delivery tells its owner. */
export interface DeliveryEvents {
  attempted(attempt: DeliveryAttempt): void;
  /** A 2xx with a body: may hold a method to execute. */
  replied(body: string): void;
  failed(message: string): void;
  /** 410 for 23 hours. */
  gone(): void;
}

/** Delivers one bot's updates to its webhook: one at a time per queue key, queues in parallel. */
export interface Delivery {
  add(update: StoredUpdate): void;
  /** No attempt starts after this; those under way end without effect. */
  stop(): void;
}

interface KeyQueue {
  readonly updates: StoredUpdate[];
  /** Of the update in front. */
  fails: number;
  delay: number;
}

/** Creates a {@link Delivery}. */
export function createDelivery(options: {
  sender: WebhookSender;
  maxConnections: number;
  queue: UpdateQueue;
  clock: Clock;
  events: DeliveryEvents;
}): Delivery {
  const { sender, queue, clock, events } = options;
  const queues = new Map<string, KeyQueue>();
  const ready: KeyQueue[] = [];
  const cancels = new Set<() => void>();
  let active = 0;
  let stopped = false;
  let reachable = true;
  let paused = false;
  let lastSuccessAt = 0;
  let goneSince: number | undefined;

  function wait(seconds: number, task: () => void): void {
    const cancel = clock.after(seconds * 1_000, () => {
      cancels.delete(cancel);
      task();
    });
    cancels.add(cancel);
  }

  function pump(): void {
    // While the webhook cannot be reached, one connection tries.
    const limit = reachable ? options.maxConnections : 1;
    while (!stopped && !paused && active < limit) {
      const next = ready.shift();
      if (!next) return;
      void attempt(next);
    }
  }

  async function attempt(keyQueue: KeyQueue): Promise<void> {
    const update = keyQueue.updates[0];
    if (!update) return;
    if (update.expiresAt <= clock.now()) {
      drop(keyQueue, update);
      return;
    }
    active += 1;
    const startedAt = clock.now();
    const answer = await sender.send(JSON.stringify(update.update));
    active -= 1;
    if (stopped) return;
    const durationMs = clock.now() - startedAt;
    events.attempted({ update, attempt: keyQueue.fails + 1, startedAt, durationMs, answer });
    if (answer.outcome === 'unreachable') unreached(keyQueue, answer.error);
    else if (answer.outcome === 'answered' && answer.status >= 200 && answer.status <= 299) {
      succeeded(keyQueue, update, answer.body);
    } else refused(keyQueue, update, answer);
    pump();
  }

  function succeeded(keyQueue: KeyQueue, update: StoredUpdate, body: string): void {
    reachable = true;
    lastSuccessAt = clock.now();
    goneSince = undefined;
    drop(keyQueue, update);
    if (body) events.replied(body);
  }

  function refused(keyQueue: KeyQueue, update: StoredUpdate, answer: WebhookAnswer): void {
    reachable = true;
    let retryAfter = 0;
    if (answer.outcome === 'answered') {
      events.failed(`Wrong response from the webhook: ${answer.status} ${answer.reason}`);
      const seconds = Number.parseInt(answer.retryAfter ?? '', 10);
      retryAfter = Math.min(Math.max(Number.isNaN(seconds) ? 0 : seconds, 0), deliveryRules.maxRetryAfter);
      if (answer.status !== 410) goneSince = undefined;
      else if (goneSince === undefined) goneSince = clock.now();
      else if (clock.now() > goneSince + clock.scaled(deliveryRules.goneAfter * 1_000)) {
        events.gone();
        return;
      }
    } else {
      events.failed(answer.error);
    }
    let pause = retryAfter;
    if (retryAfter === 0 && keyQueue.fails > 0) {
      const longest = deliveryRules.maxResendDelay * (1 + Math.random());
      keyQueue.delay = Math.min(longest, keyQueue.delay * 2);
      pause = keyQueue.delay;
    }
    if (clock.now() + clock.scaled(pause * 1_000) > update.expiresAt) {
      drop(keyQueue, update);
      return;
    }
    keyQueue.fails += 1;
    if (pause === 0) ready.push(keyQueue);
    else
      wait(pause, () => {
        ready.push(keyQueue);
        pump();
      });
  }

  // Nothing was sent, so this is no failed attempt of the update: only new connections wait.
  function unreached(keyQueue: KeyQueue, error: string): void {
    events.failed(error);
    ready.unshift(keyQueue);
    reachable = false;
    if (paused) return;
    paused = true;
    const lately = clock.now() < lastSuccessAt + clock.scaled(deliveryRules.lately * 1_000);
    wait(lately ? deliveryRules.reconnect.lately : deliveryRules.reconnect.later, () => {
      paused = false;
      pump();
    });
  }

  function drop(keyQueue: KeyQueue, update: StoredUpdate): void {
    keyQueue.updates.shift();
    keyQueue.fails = 0;
    keyQueue.delay = 1;
    if (keyQueue.updates.length > 0) ready.push(keyQueue);
    else queues.delete(update.queueKey);
    queue.remove(update.id);
  }

  return {
    add(update) {
      const existing = queues.get(update.queueKey);
      if (existing) {
        existing.updates.push(update);
        return;
      }
      const keyQueue: KeyQueue = { updates: [update], fails: 0, delay: 1 };
      queues.set(update.queueKey, keyQueue);
      ready.push(keyQueue);
      pump();
    },
    stop() {
      stopped = true;
      for (const cancel of cancels) cancel();
      cancels.clear();
      sender.close();
    },
  };
}
