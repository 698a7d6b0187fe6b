import { createRingBuffer } from '../../ring-buffer.ts';
import type { TestDcAccount } from '../public.ts';
import type { TransportName } from '../transport/framing.ts';

/** One TCP connection. */
export interface ConnectionRecord {
  readonly id: number;
  readonly dcId: number;
  /** Epoch milliseconds, as all times here. */
  readonly openedAt: number;
  readonly closedAt: number | undefined;
  /** Undefined until the first bytes tell. */
  readonly transport: TransportName | undefined;
  readonly obfuscated: boolean;
  /** Keys that messages on it were encrypted with. */
  readonly keyIds: readonly string[];
  /** Key exchanges that were finished on it. */
  readonly handshakes: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly lastReceivedAt: number | undefined;
}

/** Which connections; what is absent does not matter. */
export interface ConnectionFilter {
  /** Those with a key that is or was this account's. */
  account?: Pick<TestDcAccount, 'id'> | undefined;
  keyId?: string | undefined;
  /** Epoch milliseconds, inclusive: opened, or for bytes received, since then. */
  since?: number | undefined;
  /** Epoch milliseconds, exclusive. */
  until?: number | undefined;
}

/** Who connected, and what they wrote. */
export interface ConnectionLog {
  /** Ever opened. */
  readonly total: number;
  readonly open: number;
  /** Key exchanges finished. */
  readonly handshakes: number;
  list(filter?: ConnectionFilter): ConnectionRecord[];
  /** Bytes that clients wrote; with `account` or `keyId` those of its encrypted messages. */
  bytesReceived(filter?: ConnectionFilter): number;
  /** The most of these connections that were open at the same time. */
  mostOpen(filter?: ConnectionFilter): number;
}

/** The record of one connection, while it grows. */
export type OpenRecord = {
  -readonly [Key in keyof ConnectionRecord]: ConnectionRecord[Key];
};

interface Reception {
  readonly at: number;
  readonly bytes: number;
  /** Undefined for the stream's raw bytes. */
  readonly keyId: string | undefined;
}

/** A {@link ConnectionLog} that can be written. */
export interface WritableConnectionLog extends ConnectionLog {
  opened(dcId: number): OpenRecord;
  received(connection: OpenRecord, bytes: number, keyId?: string): void;
  closed(connection: OpenRecord): void;
  handshake(connection: OpenRecord): void;
}

/** Creates a {@link ConnectionLog}; `accountsOf` tells whose a key is or was. */
export function createConnectionLog(
  capacity: number,
  accountsOf: (keyId: string) => ReadonlySet<number>,
): WritableConnectionLog {
  const records = createRingBuffer<OpenRecord>(capacity);
  const receptions = createRingBuffer<Reception>(capacity);
  let total = 0;
  let open = 0;
  let handshakes = 0;
  const ofFilter = (keyId: string, { account, keyId: wanted }: ConnectionFilter): boolean =>
    (wanted === undefined || wanted === keyId) &&
    (account === undefined || accountsOf(keyId).has(account.id));
  const list = (filter: ConnectionFilter = {}): OpenRecord[] =>
    records
      .items()
      .filter(
        ({ keyIds, openedAt }) =>
          isWithin(openedAt, filter) &&
          ((filter.account === undefined && filter.keyId === undefined) ||
            keyIds.some((keyId) => ofFilter(keyId, filter))),
      );
  return {
    get total() {
      return total;
    },
    get open() {
      return open;
    },
    get handshakes() {
      return handshakes;
    },
    list: (filter) => list(filter).map((record) => ({ ...record, keyIds: [...record.keyIds] })),
    bytesReceived(filter = {}) {
      const ofKey = filter.account !== undefined || filter.keyId !== undefined;
      return receptions
        .items()
        .filter(({ at, keyId }) => isWithin(at, filter) && (keyId !== undefined) === ofKey)
        .filter(({ keyId }) => keyId === undefined || ofFilter(keyId, filter))
        .reduce((sum, { bytes }) => sum + bytes, 0);
    },
    mostOpen(filter) {
      const changes = list(filter).flatMap(({ openedAt, closedAt }) => [
        { at: openedAt, by: 1 },
        ...(closedAt === undefined ? [] : [{ at: closedAt, by: -1 }]),
      ]);
      // Of one millisecond, ends come first: a connection that replaces another is not beside it.
      changes.sort((a, b) => a.at - b.at || a.by - b.by);
      let now = 0;
      return changes.reduce((most, { by }) => {
        now += by;
        return Math.max(most, now);
      }, 0);
    },
    opened(dcId) {
      total += 1;
      open += 1;
      const record: OpenRecord = {
        id: total,
        dcId,
        openedAt: Date.now(),
        closedAt: undefined,
        transport: undefined,
        obfuscated: false,
        keyIds: [],
        handshakes: 0,
        bytesReceived: 0,
        bytesSent: 0,
        lastReceivedAt: undefined,
      };
      records.push(record);
      return record;
    },
    received(connection, bytes, keyId) {
      const at = Date.now();
      receptions.push({ at, bytes, keyId });
      if (keyId === undefined) {
        connection.bytesReceived += bytes;
        connection.lastReceivedAt = at;
      } else if (!connection.keyIds.includes(keyId)) {
        connection.keyIds = [...connection.keyIds, keyId];
      }
    },
    closed(connection) {
      if (connection.closedAt !== undefined) return;
      connection.closedAt = Date.now();
      open -= 1;
    },
    handshake(connection) {
      connection.handshakes += 1;
      handshakes += 1;
    },
  };
}

function isWithin(at: number, { since, until }: ConnectionFilter): boolean {
  return (since === undefined || at >= since) && (until === undefined || at < until);
}
