import { gunzipSync } from 'node:zlib';
import { malformed } from '../codec/malformed.ts';
import { createTlReader } from '../codec/tl-reader.ts';
import { decryptMessage } from '../crypto/message-key.ts';
import type { DcParts } from '../dc-parts.ts';
import type { DcConnection } from '../transport/connection.ts';
import { maxPacketBytes } from '../transport/framing.ts';
import { type AuthKey, authorityOf } from './auth-keys.ts';
import { createHandshake, type Handshake } from './handshake.ts';
import { messageIdFault } from './message-ids.ts';
import { startRequest } from './requests.ts';
import { serviceMessages, sessionCreated } from './service-messages.ts';
import { createSession, type Session } from './session.ts';

/** Handles packets of a connection. What it throws ends the connection. */
export type PacketHandler = (connection: DcConnection, packet: Buffer) => void;

interface ClientMessage {
  readonly id: bigint;
  readonly seq: number;
  readonly body: Buffer;
}

/** Creates a {@link PacketHandler}: plain packets are the handshake's, the others are opened, checked and handed on. */
export function createPacketHandler(parts: DcParts): PacketHandler {
  const handshakes = new WeakMap<DcConnection, Handshake>();
  return (connection, packet) => {
    const fault = parts.faults.take('transport_error', connection.accountId);
    if (fault) connection.fail(fault.code ?? -404);
    else if (packet.readBigInt64LE(0) === 0n) {
      const handshake = handshakes.get(connection) ?? createHandshake({ ...parts, dcId: connection.dcId });
      handshakes.set(connection, handshake);
      answerPlain(packet, handshake, { connection, parts });
    } else openPacket(packet, connection, parts);
  };
}

function answerPlain(
  packet: Buffer,
  handshake: Handshake,
  { connection, parts }: { connection: DcConnection; parts: DcParts },
): void {
  const reader = createTlReader(packet.subarray(8));
  const messageId = reader.long();
  const { object } = parts.codec.decodeFirst(reader.raw(reader.int()), 0);
  if (object._ === 'msgs_ack') return;
  const { reply, key } = handshake.answer(object);
  const body = parts.codec.encode(reply, 0);
  const header = Buffer.alloc(20);
  header.writeBigInt64LE(((messageId >> 2n) << 2n) + 1n, 8);
  header.writeInt32LE(body.length, 16);
  connection.write(Buffer.concat([header, body]));
  if (key !== undefined) parts.connections.handshake(connection.record);
}

function openPacket(packet: Buffer, connection: DcConnection, parts: DcParts): void {
  const key = parts.keys.find(connection.dcId, packet.toString('hex', 0, 8));
  if (key === undefined) {
    connection.fail(-404);
    return;
  }
  parts.connections.received(connection.record, packet.length, key.id);
  connection.accountId = authorityOf(key).account?.id;
  if (packet.length < 24 + 32) throw malformed('is too short');
  const reader = createTlReader(decryptMessage(packet, key.bytes, 'client'));
  const salt = reader.long();
  const sessionId = reader.long();
  const message: ClientMessage = { id: reader.long(), seq: reader.int(), body: reader.raw(reader.int()) };
  if (reader.left() < 12 || reader.left() > 1024) throw malformed('has a wrong padding');
  const known = key.sessions.get(sessionId);
  const session = known ?? createSession(sessionId, key, parts.clock);
  session.connection = connection;
  if (!isAccepted(message, { salt, session, key, parts })) return;
  key.sessions.set(sessionId, session);
  if (known === undefined || session.hasMissed) {
    session.hasMissed = false;
    session.send(parts.codec.encode(sessionCreated(message.id, key), 0), 'push');
  }
  takeMessage(message, { session, connection, parts });
}

function isAccepted(
  message: ClientMessage,
  { salt, session, key, parts }: { salt: bigint; session: Session; key: AuthKey; parts: DcParts },
): boolean {
  const about = { bad_msg_id: message.id, bad_msg_seqno: message.seq };
  const idFault = messageIdFault(message.id, parts.clock);
  if (idFault !== undefined) {
    session.send(
      parts.codec.encode({ _: 'bad_msg_notification', ...about, error_code: idFault }, 0),
      'service',
    );
    return false;
  }
  if (salt === key.salt) return true;
  const refusal = { _: 'bad_server_salt', ...about, error_code: 48, new_server_salt: key.salt };
  session.send(parts.codec.encode(refusal, 0), 'service');
  return false;
}

interface Place {
  readonly session: Session;
  readonly connection: DcConnection;
  readonly parts: DcParts;
}

function takeMessage(message: ClientMessage, place: Place, depth = 0): void {
  if (depth > 3) throw malformed('nests too deep');
  const reader = createTlReader(message.body);
  const id = reader.peekId();
  if (id === 0x73f1f8dc) {
    for (const inner of innerMessages(message.body)) takeMessage(inner, place, depth + 1);
    return;
  }
  if (id === 0x3072cfa1) {
    reader.id();
    const body = gunzipSync(reader.bytes(), { maxOutputLength: maxPacketBytes * 4 });
    takeMessage({ ...message, body }, place, depth + 1);
    return;
  }
  const { session, connection, parts } = place;
  // A client that heard no answer sends again: it is acknowledged again, and not executed twice.
  const isNew = session.isNew(message.id);
  if (!isNew) {
    session.acknowledge(message.id);
    return;
  }
  const layer = authorityOf(session.key).layer;
  const object = parts.codec.decode(message.body, layer);
  const service = Object.hasOwn(serviceMessages, object._) ? serviceMessages[object._] : undefined;
  if (service === undefined) {
    startRequest({ messageId: message.id, request: object, session, connection }, parts);
    return;
  }
  service({
    message: object,
    messageId: message.id,
    session,
    connection,
    keys: parts.keys,
    clock: parts.clock,
    encode: (answer) => parts.codec.encode(answer, 0),
  });
}

function innerMessages(body: Buffer): ClientMessage[] {
  const reader = createTlReader(body);
  reader.id();
  const count = reader.int();
  // Each has 16 bytes of header and a body.
  if (count < 0 || count > 1020 || count * 20 > reader.left()) throw malformed('has a wrong count');
  return Array.from({ length: count }, () => ({
    id: reader.long(),
    seq: reader.int(),
    body: reader.raw(reader.int()),
  }));
}
