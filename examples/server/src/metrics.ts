import type { EventListener } from '@cartie/core';
import type { Inbox, Outbox } from '@cartie/core/postgres';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Numbers for Prometheus. */
export interface Metrics {
  /** For `onEvent` of clients and webhooks. */
  readonly listener: EventListener;
  /** Counts a message that came in, by channel, and whether it was a repeated delivery. */
  received(channel: string, result: 'added' | 'duplicate'): void;
  /** The page that Prometheus scrapes, with its content type. */
  scrape(): Promise<{ body: string; contentType: string }>;
}

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const circuits = { closed: 0, half_open: 1, open: 2 } as const;

/** Creates the numbers: Node's own (event loop, memory, garbage collection) and those of the integrations. */
export function createMetrics(queues: { inbox: Inbox; outbox: Outbox }): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const calls = new Counter({
    name: 'cartie_calls_total',
    help: 'Calls to providers by how they ended.',
    labelNames: ['service', 'operation', 'code'],
    registers,
  });
  const callSeconds = new Histogram({
    name: 'cartie_call_duration_seconds',
    help: 'How long calls to providers took: waiting for limits, attempts and pauses included.',
    labelNames: ['service'],
    buckets: seconds,
    registers,
  });
  const attempts = new Counter({
    name: 'cartie_attempts_total',
    help: 'Requests to providers, repeated ones included.',
    labelNames: ['service', 'code'],
    registers,
  });
  const rateLimited = new Counter({
    name: 'cartie_rate_limited_total',
    help: 'Times that a provider asked for a pause.',
    labelNames: ['service', 'operation'],
    registers,
  });
  const circuit = new Gauge({
    name: 'cartie_circuit_state',
    help: 'Circuit of a provider: 0 closed, 1 half open, 2 open.',
    labelNames: ['service'],
    registers,
  });
  const webhooks = new Counter({
    name: 'cartie_webhook_requests_total',
    help: 'Webhook requests by the status they were answered with.',
    labelNames: ['service', 'status'],
    registers,
  });
  const webhookSeconds = new Histogram({
    name: 'cartie_webhook_duration_seconds',
    help: 'How long the answer to a webhook took.',
    labelNames: ['service'],
    buckets: [0.001, 0.002, ...seconds],
    registers,
  });
  const updates = new Counter({
    name: 'cartie_updates_total',
    help: 'Updates taken into the inbox; a duplicate was delivered before.',
    labelNames: ['channel', 'result'],
    registers,
  });
  // Asked for at each scrape, and by every process: look at one of them, not at the sum. While the database is down
  // these are missing; the others must not be.
  new Gauge({
    name: 'cartie_inbox_updates',
    help: 'Updates in the inbox: pending wait for a worker, dead wait for an operator.',
    labelNames: ['status'],
    registers,
    async collect() {
      const counts = await queues.inbox.counts().catch(() => undefined);
      this.reset();
      if (counts === undefined) return;
      const { pending, dead, oldestPendingMs } = counts;
      this.set({ status: 'pending' }, pending);
      this.set({ status: 'dead' }, dead);
      oldestPending.set((oldestPendingMs ?? 0) / 1_000);
    },
  });
  const oldestPending = new Gauge({
    name: 'cartie_inbox_oldest_pending_seconds',
    help: 'How long the oldest pending update has waited.',
    registers,
  });
  new Gauge({
    name: 'cartie_outbox_messages',
    help: 'Messages in the outbox by status; in_doubt and failed wait for an operator.',
    labelNames: ['status'],
    registers,
    async collect() {
      const counts = await queues.outbox.counts().catch(() => undefined);
      this.reset();
      for (const [status, count] of Object.entries(counts ?? {})) this.set({ status }, count);
    },
  });

  return {
    listener(event) {
      const { service } = event;
      switch (event.type) {
        case 'attempt_finished':
          attempts.inc({ service, code: event.code });
          break;
        case 'call_finished':
          calls.inc({ service, operation: event.operation, code: event.code });
          callSeconds.observe({ service }, event.durationMs / 1_000);
          break;
        case 'rate_limited':
          rateLimited.inc({ service, operation: event.operation });
          break;
        case 'circuit_changed':
          circuit.set({ service }, circuits[event.circuit]);
          break;
        case 'webhook_received':
          webhooks.inc({ service, status: event.status });
          webhookSeconds.observe({ service }, event.durationMs / 1_000);
          break;
      }
    },
    received: (channel, result) => updates.inc({ channel, result }),
    scrape: async () => ({ body: await registry.metrics(), contentType: registry.contentType }),
  };
}
