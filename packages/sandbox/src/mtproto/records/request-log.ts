import { createRingBuffer } from '../../ring-buffer.ts';
import type { TestDcAccount, TestDcChat } from '../public.ts';

/** One call of a method; wrappers as `invokeWithLayer` are taken off. */
export interface RequestRecord {
  /** Epoch milliseconds of this process, whatever the DC's clock says. */
  readonly at: number;
  readonly method: string;
  readonly accountId: number | undefined;
  /** Of the channel or supergroup that the call names. */
  readonly channelId: number | undefined;
  readonly keyId: string;
  readonly connectionId: number;
  readonly dcId: number;
  /** `FLOOD_WAIT_3`; undefined for an answer, and while there is none. */
  readonly error: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Which requests; what is absent does not matter. */
export interface RequestFilter {
  method?: string | undefined;
  account?: Pick<TestDcAccount, 'id'> | undefined;
  channel?: Pick<TestDcChat, 'id'> | undefined;
  keyId?: string | undefined;
  /** Epoch milliseconds, inclusive. */
  since?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  until?: number | undefined;
}

/** What was called. */
export interface RequestLog {
  /** Oldest first. */
  list(filter?: RequestFilter): RequestRecord[];
  count(filter?: RequestFilter): number;
  /** By method. */
  counts(filter?: RequestFilter): Record<string, number>;
  /** The most requests within any window of this length. */
  most(filter: RequestFilter, windowMs: number): number;
  /** Resolves with the matching requests as soon as there are `count`. Rejects after `timeoutMs`. @default one, within 10 s */
  received(filter: RequestFilter, count?: number, timeoutMs?: number): Promise<RequestRecord[]>;
  clear(): void;
}

/** A {@link RequestLog} that can be written. */
export interface WritableRequestLog extends RequestLog {
  add(record: RequestRecord): void;
}

/** Creates a {@link RequestLog} that keeps the newest `capacity` requests. */
export function createRequestLog(capacity: number): WritableRequestLog {
  const records = createRingBuffer<RequestRecord>(capacity);
  const listeners = new Set<() => void>();
  const list = (filter: RequestFilter = {}): RequestRecord[] =>
    records.items().filter((record) => matches(record, filter));
  return {
    list,
    count: (filter) => list(filter).length,
    counts(filter) {
      const counts: Record<string, number> = {};
      for (const { method } of list(filter)) counts[method] = (counts[method] ?? 0) + 1;
      return counts;
    },
    most(filter, windowMs) {
      const times = list(filter).map(({ at }) => at);
      let first = 0;
      return times.reduce((most, at, index) => {
        while ((times[first] ?? at) <= at - windowMs) first += 1;
        return Math.max(most, index - first + 1);
      }, 0);
    },
    received(filter, count = 1, timeoutMs = 10_000) {
      return new Promise((resolve, reject) => {
        const check = (): void => {
          const found = list(filter);
          if (found.length < count) return;
          listeners.delete(check);
          clearTimeout(timer);
          resolve(found);
        };
        const timer = setTimeout(() => {
          listeners.delete(check);
          reject(
            new Error(`the DC got ${list(filter).length} such requests in ${timeoutMs} ms, not ${count}`),
          );
        }, timeoutMs);
        listeners.add(check);
        check();
      });
    },
    clear: () => records.clear(),
    add(record) {
      records.push(record);
      for (const listener of [...listeners]) listener();
    },
  };
}

function matches(record: RequestRecord, filter: RequestFilter): boolean {
  return (
    (filter.method === undefined || record.method === filter.method) &&
    (filter.account === undefined || record.accountId === filter.account.id) &&
    (filter.channel === undefined || record.channelId === filter.channel.id) &&
    (filter.keyId === undefined || record.keyId === filter.keyId) &&
    (filter.since === undefined || record.at >= filter.since) &&
    (filter.until === undefined || record.at < filter.until)
  );
}
