import { createTlWriter } from '../codec/tl-writer.ts';
import { encryptMessage } from '../crypto/message-key.ts';
import type { DcClock } from '../dc-clock.ts';
import type { DcConnection } from '../transport/connection.ts';
import type { AuthKey } from './auth-keys.ts';
import { createMessageIds } from './message-ids.ts';

/** What a message is: an answer, a push (an update), or a word of the protocol, which needs no acknowledgement. */
export type MessageKind = 'answer' | 'push' | 'service';

/** A client's session. It survives its connection. */
export interface Session {
  readonly id: bigint;
  readonly key: AuthKey;
  /** The connection it was last seen on. */
  connection: DcConnection | undefined;
  /** Updates go to sessions that made a call without `invokeWithoutUpdates`. */
  wantsUpdates: boolean;
  /** Updates happened while it had no connection: the client is told that its session is new, so that it asks for them. */
  hasMissed: boolean;
  /** The packet of the last push, byte by byte. */
  lastPush: Buffer | undefined;
  /** Requests that run, for `invokeAfterMsg`. */
  readonly running: Map<bigint, Promise<void>>;
  /** Queues a message; those of one turn go out together, in a container. */
  send(body: Buffer, kind: MessageKind): void;
  acknowledge(messageId: bigint): void;
  /** Remembers a client's message id; false when it was there before. */
  isNew(messageId: bigint): boolean;
  has(messageId: bigint): boolean;
  /** Sends messages again under their old ids; gives those that are unknown. */
  resend(messageIds: readonly bigint[]): bigint[];
}

interface Outgoing {
  readonly id: bigint;
  readonly seq: number;
  readonly body: Buffer;
  readonly isPush: boolean;
}

/** Ids that a session remembers, of each side. */
const remembered = 2_000;
/** Messages larger than this travel alone. */
const containerBytes = 32 << 10;

/** Creates a {@link Session}. */
export function createSession(id: bigint, key: AuthKey, clock: DcClock): Session {
  const nextId = createMessageIds(clock);
  const seen = new Set<bigint>();
  const sent = new Map<bigint, Outgoing>();
  let content = 0;
  let outbox: Outgoing[] = [];
  let acks: bigint[] = [];
  let isScheduled = false;

  const make = (body: Buffer, kind: MessageKind): Outgoing => {
    const seq = kind === 'service' ? content * 2 : content++ * 2 + 1;
    return { id: nextId(kind === 'push' ? 'push' : 'answer'), seq, body, isPush: kind === 'push' };
  };
  const write = (message: Outgoing): void => {
    const header = Buffer.alloc(32);
    header.writeBigInt64LE(key.salt, 0);
    header.writeBigInt64LE(id, 8);
    header.writeBigInt64LE(message.id, 16);
    header.writeInt32LE(message.seq, 24);
    header.writeInt32LE(message.body.length, 28);
    const packet = encryptMessage(Buffer.concat([header, message.body]), key.bytes, 'server');
    if (message.isPush) session.lastPush = packet;
    session.connection?.write(packet);
  };
  const flush = (): void => {
    isScheduled = false;
    if (acks.length > 0) outbox.push(make(acknowledgement(acks), 'service'));
    acks = [];
    const small = outbox.filter(({ body }) => body.length <= containerBytes);
    for (const message of outbox.filter((one) => !small.includes(one))) write(message);
    for (let start = 0; start < small.length; start += 100) {
      const group = small.slice(start, start + 100);
      const [only] = group;
      if (group.length === 1 && only !== undefined) write(only);
      else write({ ...make(container(group), 'service'), isPush: group.some(({ isPush }) => isPush) });
    }
    outbox = [];
  };
  const schedule = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(flush);
  };

  const session: Session = {
    id,
    key,
    connection: undefined,
    wantsUpdates: false,
    hasMissed: false,
    lastPush: undefined,
    running: new Map(),
    send(body, kind) {
      const message = make(body, kind);
      outbox.push(message);
      if (kind !== 'service') remember(sent, message);
      schedule();
    },
    acknowledge(messageId) {
      acks.push(messageId);
      schedule();
    },
    isNew(messageId) {
      if (seen.has(messageId)) return false;
      seen.add(messageId);
      if (seen.size > remembered) seen.delete(seen.values().next().value as bigint);
      return true;
    },
    has: (messageId) => seen.has(messageId),
    resend(messageIds) {
      const known = messageIds.flatMap((messageId) => sent.get(messageId) ?? []);
      outbox.push(...known);
      schedule();
      return messageIds.filter((messageId) => !sent.has(messageId));
    },
  };
  return session;
}

function remember(sent: Map<bigint, Outgoing>, message: Outgoing): void {
  sent.set(message.id, message);
  if (sent.size > 100) sent.delete(sent.keys().next().value as bigint);
}

function acknowledgement(messageIds: readonly bigint[]): Buffer {
  const writer = createTlWriter();
  writer.id(0x62d6b459);
  writer.id(0x1cb5c415);
  writer.int(messageIds.length);
  for (const messageId of messageIds) writer.long(messageId);
  return writer.done();
}

function container(messages: readonly Outgoing[]): Buffer {
  const writer = createTlWriter();
  writer.id(0x73f1f8dc);
  writer.int(messages.length);
  for (const { id, seq, body } of messages) {
    writer.long(id);
    writer.int(seq);
    writer.int(body.length);
    writer.raw(body);
  }
  return writer.done();
}
