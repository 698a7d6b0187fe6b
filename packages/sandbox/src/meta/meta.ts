import { randomBytes } from 'node:crypto';
import type { Provider, ProviderContext } from '../provider.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import { createApiVersions } from './api-versions.ts';
import { checkEvent } from './check-event.ts';
import { metaControl } from './control.ts';
import { createDatasets } from './datasets.ts';
import { createEventLog } from './event-log.ts';
import { type GraphFailure, newTraceId } from './graph-failure.ts';
import { readEvents, sentEvents } from './graph-request.ts';
import { createGraphHandlers, metaOrigin } from './handlers.ts';
import type { DatasetReference, MetaSandbox, SandboxDataset } from './public.ts';
import type { MetaCallRecord, MetaEventRecord, MetaRefusal, ServerEvent } from './records.ts';
import { refusalBy } from './refusals.ts';
import { createUsage } from './usage.ts';

const tokenStates = [
  'valid',
  'expired',
  'password_changed',
  'app_removed',
  'checkpoint',
  'invalid',
  'no_permission',
];

/** Creates the simulated Meta and its place among the providers. */
export function createMeta(context: ProviderContext): { sandbox: MetaSandbox; provider: Provider } {
  const { clock, live, history } = context;
  const datasets = createDatasets();
  const versions = createApiVersions(clock.now);
  const usage = createUsage();
  const log = createEventLog(clock, history);
  const calls = createRingBuffer<MetaCallRecord>(history);
  const refusals = createRingBuffer<MetaRefusal>(history);
  const clicks = new Map<string, { datasetId: string; at: number }>();
  const waiters = new Set<() => void>();
  const refusedIds = new Map<string, number>();
  let discards = 0;

  function takeEvents(
    dataset: SandboxDataset,
    params: Readonly<Record<string, unknown>>,
  ): Record<string, unknown> {
    const events = readEvents(params);
    const now = clock.seconds();
    for (const [index, event] of events.entries()) {
      checkEvent(event, { dataset, index, now, clicks });
      const subcode = refusedIds.get(String(event.event_id));
      if (subcode !== undefined) throw refusalBy(subcode, index);
    }
    const taken = events.slice(0, Math.max(0, events.length - discards));
    discards = 0;
    const code = params.test_event_code;
    const testEventCode = typeof code === 'string' && code !== '' ? code : undefined;
    for (const event of taken) log.add({ datasetId: dataset.id, from: 'server', event, testEventCode });
    changed();
    return { events_received: taken.length, messages: [], fbtrace_id: newTraceId() };
  }

  function refused(
    datasetId: string,
    params: Readonly<Record<string, unknown>>,
    failure: GraphFailure,
  ): void {
    const events = sentEvents(params.data);
    refusals.push({
      at: clock.now(),
      datasetId,
      code: failure.code,
      subcode: failure.subcode,
      reason: failure.title ?? failure.message,
      batchSize: events.length,
      index: failure.at?.index,
      field: failure.at?.field,
      event: failure.at && (events[failure.at.index] as ServerEvent),
    });
    live.emit({ provider: 'meta', type: 'event' });
  }

  function changed(): void {
    live.emit({ provider: 'meta', type: 'event' });
    for (const waiter of [...waiters]) waiter();
  }

  function idOf(reference: DatasetReference): string {
    const id = typeof reference === 'string' ? reference : reference.id;
    if (!datasets.get(id)) {
      throw new Error('dataset: the sandbox has no dataset with this id; make it with createDataset()');
    }
    return id;
  }

  function recorded(
    reference: DatasetReference | undefined,
    outcome?: MetaEventRecord['outcome'],
  ): MetaEventRecord[] {
    const id = reference === undefined ? undefined : idOf(reference);
    return log
      .items()
      .filter(
        (record) =>
          (id === undefined || record.datasetId === id) &&
          (outcome === undefined || record.outcome === outcome),
      );
  }

  const sandbox: MetaSandbox = {
    apiUrl: metaOrigin,
    createDataset(options) {
      const dataset = datasets.create(options);
      live.emit({ provider: 'meta', type: 'dataset' });
      return dataset;
    },
    datasets: () => datasets.list(),
    createClick(reference) {
      const clickId = randomBytes(32).toString('base64url');
      clicks.set(clickId, { datasetId: idOf(reference), at: clock.seconds() });
      return clickId;
    },
    setToken(token, state) {
      if (!tokenStates.includes(state)) throw new TypeError(`state must be one of ${tokenStates.join(', ')}`);
      datasets.setToken(token, state);
    },
    retireVersion: (version, servedBy) => versions.retire(version, servedBy),
    setUsage: (next) => usage.set(next),
    discardNext(count) {
      if (!(Number.isInteger(count) && count > 0)) {
        throw new TypeError('count must be a whole number above 0');
      }
      discards = count;
    },
    refuse(eventId, subcode = 2804050) {
      refusedIds.set(eventId, subcode);
    },
    browserSends(reference, { event_name, event_id, fbp, external_id }) {
      const event: ServerEvent = {
        event_name,
        ...(event_id !== undefined && { event_id }),
        event_time: clock.seconds(),
        action_source: 'website',
        user_data: { ...(fbp !== undefined && { fbp }), ...(external_id !== undefined && { external_id }) },
      };
      const record = log.add({ datasetId: idOf(reference), from: 'browser', event });
      changed();
      return record;
    },
    events: (dataset) => recorded(dataset),
    distinct: (dataset) => recorded(dataset, 'counted'),
    duplicates: (dataset) => recorded(dataset, 'duplicate'),
    refusals: () => refusals.items(),
    calls: () => calls.items(),
    received: (count, dataset) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = recorded(dataset, 'counted');
          if (found.length < count) return;
          waiters.delete(look);
          resolve(found);
        };
        waiters.add(look);
        look();
      }),
    reset() {
      datasets.reset();
      versions.reset();
      usage.reset();
      log.clear();
      calls.clear();
      refusals.clear();
      clicks.clear();
      refusedIds.clear();
      discards = 0;
      live.emit({ provider: 'meta', type: 'reset' });
    },
  };

  return {
    sandbox,
    provider: {
      name: 'meta',
      origin: metaOrigin,
      handlers: createGraphHandlers(context, {
        versions,
        datasets,
        usage,
        takeEvents,
        refused,
        record(call) {
          calls.push(call);
          live.emit({ provider: 'meta', type: 'call' });
        },
      }),
      control: metaControl(sandbox),
      reset: () => sandbox.reset(),
      close: () => waiters.clear(),
    },
  };
}
