import { randomBytes } from 'node:crypto';
import type { TlObject } from '../codec/tl-object.ts';
import { createTlWriter } from '../codec/tl-writer.ts';
import type { DcClock } from '../dc-clock.ts';
import type { DcConnection } from '../transport/connection.ts';
import type { AuthKey, AuthKeys } from './auth-keys.ts';
import type { Session } from './session.ts';

/** A service message and where it came from. */
export interface ServiceCall {
  readonly message: TlObject;
  readonly messageId: bigint;
  readonly session: Session;
  readonly connection: DcConnection;
  readonly keys: AuthKeys;
  readonly clock: DcClock;
  readonly encode: (object: TlObject) => Buffer;
}

/** The protocol's own messages, by name; other names are calls of the API. @see https://core.telegram.org/mtproto/service_messages */
export const serviceMessages: Readonly<Record<string, (call: ServiceCall) => void>> = {
  msgs_ack: () => undefined,
  msgs_all_info: () => undefined,
  msg_detailed_info: () => undefined,
  msg_new_detailed_info: () => undefined,
  http_wait: () => undefined,
  msgs_state_info: () => undefined,
  ping: pong,
  ping_delay_disconnect(call) {
    pong(call);
    setDisconnectTimer(call.connection, Number(call.message.disconnect_delay) * 1000);
  },
  get_future_salts({ message, messageId, session, clock }) {
    const writer = createTlWriter();
    writer.id(0xae500895);
    writer.long(messageId);
    writer.int(clock.seconds());
    const count = Math.min(Math.max(Number(message.num), 1), 64);
    writer.int(count);
    // The current salt stays right until `rotateSalts`, so it is the one for all times.
    for (let index = 0; index < count; index += 1) {
      writer.int(clock.seconds() + index * 1800);
      writer.int(clock.seconds() + (index + 2) * 1800);
      writer.long(session.key.salt);
    }
    session.send(writer.done(), 'service');
  },
  destroy_session({ message, session, encode }) {
    const id = message.session_id as bigint;
    const isGone = id !== session.id && session.key.sessions.delete(id);
    session.send(
      encode({ _: isGone ? 'destroy_session_ok' : 'destroy_session_none', session_id: id }),
      'service',
    );
  },
  destroy_auth_key({ messageId, session, keys, encode }) {
    session.send(wrapResult(messageId, encode({ _: 'destroy_auth_key_ok' })), 'answer');
    keys.remove(session.key);
  },
  msgs_state_req({ message, messageId, session, encode }) {
    const ids = message.msg_ids as bigint[];
    // 4: received; 1: nothing is known of it.
    const info = Buffer.from(ids.map((id) => (session.has(id) ? 4 : 1)));
    session.send(encode({ _: 'msgs_state_info', req_msg_id: messageId, info }), 'service');
  },
  msg_resend_req({ message, messageId, session, encode }) {
    const ids = message.msg_ids as bigint[];
    const unknown = session.resend(ids);
    if (unknown.length === 0) return;
    const info = Buffer.from(ids.map((id) => (unknown.includes(id) ? 1 : 4)));
    session.send(encode({ _: 'msgs_state_info', req_msg_id: messageId, info }), 'service');
  },
  rpc_drop_answer({ messageId, session, encode }) {
    session.send(wrapResult(messageId, encode({ _: 'rpc_answer_unknown' })), 'answer');
  },
};

/** `rpc_result`: the answer to the message with this id. */
export function wrapResult(messageId: bigint, result: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(0xf35c6d01);
  head.writeBigInt64LE(messageId, 4);
  return Buffer.concat([head, result]);
}

/** Tells a client that its session is new here. */
export function sessionCreated(messageId: bigint, key: AuthKey): TlObject {
  return {
    _: 'new_session_created',
    first_msg_id: messageId,
    unique_id: randomBytes(8).readBigInt64LE(),
    server_salt: key.salt,
  };
}

function pong({ message, messageId, session, encode }: ServiceCall): void {
  session.send(encode({ _: 'pong', msg_id: messageId, ping_id: message.ping_id }), 'service');
}

const disconnectTimers = new WeakMap<DcConnection, NodeJS.Timeout>();

function setDisconnectTimer(connection: DcConnection, delayMs: number): void {
  clearTimeout(disconnectTimers.get(connection));
  const timer = setTimeout(() => connection.close(), Math.max(delayMs, 0));
  timer.unref();
  disconnectTimers.set(connection, timer);
}
