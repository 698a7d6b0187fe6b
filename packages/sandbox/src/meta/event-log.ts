import type { Clock } from '../clock.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import type { DuplicateReason, MetaEventRecord, ServerEvent } from './records.ts';

/** An event on its way into the log. */
export interface Arrival {
  readonly datasetId: string;
  readonly from: MetaEventRecord['from'];
  readonly event: ServerEvent;
  readonly testEventCode?: string | undefined;
}

/** What Meta took, each event once. */
export interface EventLog {
  add(arrival: Arrival): MetaEventRecord;
  items(): MetaEventRecord[];
  clear(): void;
}

/** Milliseconds from the first receipt within which Meta drops the same event. */
const windowMs = 48 * 3_600_000;

/**
 * Creates an {@link EventLog}. Within 48 hours (scaled) the first event of a dataset with the same name and id counts; a server event
 * that has no id is dropped if the pixel reported the same name for the same `fbp` or `external_id` before. Messaging events are
 * never compared.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/deduplicate-pixel-and-server-events
 */
export function createEventLog(clock: Clock, history: number): EventLog {
  const log = createRingBuffer<MetaEventRecord>(history);
  const seen = new Map<string, number>();

  /** Keys come in the order of their time, so the oldest are in front. */
  function forgetOld(now: number): void {
    for (const [key, at] of seen) {
      if (now - at < clock.scaled(windowMs)) return;
      seen.delete(key);
    }
  }

  function duplicateBy({ datasetId, from, event }: Arrival, now: number): DuplicateReason | undefined {
    if (event.action_source === 'business_messaging') return undefined;
    forgetOld(now);
    const name = String(event.event_name);
    const key = (...parts: unknown[]): string => JSON.stringify([datasetId, name, ...parts]);
    const people = peopleOf(event).map((person) => key('browser', person));
    const byId = event.event_id === undefined ? undefined : key('id', event.event_id);
    const isRepeated = byId !== undefined && seen.has(byId);
    if (byId !== undefined && !isRepeated) seen.set(byId, now);
    const wasInBrowser = from === 'server' && people.some((person) => seen.has(person));
    if (from === 'browser') for (const person of people) if (!seen.has(person)) seen.set(person, now);
    if (isRepeated) return 'event_id';
    return wasInBrowser && byId === undefined ? 'browser_event' : undefined;
  }

  return {
    add(arrival) {
      const { datasetId, from, event, testEventCode } = arrival;
      const at = clock.now();
      const reason = duplicateBy(arrival, at);
      const record: MetaEventRecord = {
        at,
        datasetId,
        from,
        eventName: String(event.event_name),
        eventId: event.event_id === undefined ? undefined : String(event.event_id),
        eventTime: Number(event.event_time),
        outcome: reason === undefined ? 'counted' : 'duplicate',
        duplicateBy: reason,
        testEventCode,
        event,
      };
      log.push(record);
      return record;
    },
    items: () => log.items(),
    clear() {
      log.clear();
      seen.clear();
    },
  };
}

function peopleOf(event: ServerEvent): string[] {
  const { fbp, external_id: externalId } = (event.user_data ?? {}) as Record<string, unknown>;
  const ids = Array.isArray(externalId) ? externalId : [externalId];
  return [
    ...(fbp === undefined ? [] : [`fbp ${fbp}`]),
    ...ids.filter(Boolean).map((id) => `external_id ${id}`),
  ];
}
