import { type Cipher, createCipheriv, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type Codec, createCodec } from '../src/mtproto/codec/codec.ts';
import { findSchemas } from '../src/mtproto/codec/installed-schemas.ts';
import { isTlObject, type TlObject } from '../src/mtproto/codec/tl-object.ts';
import { createTlReader } from '../src/mtproto/codec/tl-reader.ts';
import { decryptMessage, encryptMessage } from '../src/mtproto/crypto/message-key.ts';
import type { DcAddress } from '../src/mtproto/public.ts';
import type { TransportName } from '../src/mtproto/transport/framing.ts';
import { createFraming } from '../src/mtproto/transport/framings.ts';

/** The schemas that every raw client speaks. */
export const codec: Codec = createCodec(findSchemas([]));

/** The layer it speaks. */
export const layer = 198;

const tags: Record<TransportName, Buffer> = {
  abridged: Buffer.from('ef', 'hex'),
  intermediate: Buffer.from('eeeeeeee', 'hex'),
  padded: Buffer.from('dddddddd', 'hex'),
  full: Buffer.alloc(0),
};

/** A client that does only what it is told, so that a test sees every message and can send wrong ones. */
export interface RawClient {
  readonly socket: Socket;
  /** Messages as they came, those of containers one by one. */
  readonly heard: { readonly id: bigint; readonly seq: number; readonly object: TlObject }[];
  /** Errors of the transport: -404. */
  readonly failures: number[];
  salt: bigint;
  /** Calls a method of the API and waits for its answer. */
  call(request: TlObject): Promise<TlObject>;
  /** Sends one message, without waiting; gives its id. */
  send(body: TlObject | Buffer, options?: { id?: bigint; seq?: number }): bigint;
  /** Resolves with the first message of this name. */
  hears(name: string): Promise<TlObject>;
  closed(): Promise<unknown>;
  close(): void;
}

/** Connects with a provisioned key and introduces itself by `initConnection` with the first call. */
export function createRawClient(
  at: DcAddress & { readonly authKey: Buffer },
  transport: TransportName = 'intermediate',
  { isObfuscated = false }: { readonly isObfuscated?: boolean } = {},
): RawClient {
  const hidden = isObfuscated ? obfuscation(tags[transport]) : undefined;
  const socket = connect(at.port, at.host);
  const framing = createFraming(transport);
  const sessionId = randomBytes(8).readBigInt64LE();
  const heard: RawClient['heard'] = [];
  const failures: number[] = [];
  const listeners = new Set<() => void>();
  let lastId = 0n;
  let isIntroduced = false;
  socket.on('error', () => undefined);
  socket.write(hidden?.header ?? tags[transport]);

  const hear = (id: bigint, seq: number, body: Buffer): void => {
    const reader = createTlReader(body);
    const kind = reader.id();
    if (kind === 0x73f1f8dc) {
      for (let left = reader.int(); left > 0; left -= 1)
        hear(reader.long(), reader.int(), reader.raw(reader.int()));
      return;
    }
    if (kind === 0xf35c6d01) {
      const requestId = reader.long();
      heard.push({
        id,
        seq,
        object: { _: 'rpc_result', requestId, result: resultOf(reader.raw(reader.left())) },
      });
      return;
    }
    heard.push({ id, seq, object: kind === 0xae500895 ? { _: 'future_salts' } : codec.decode(body, layer) });
  };
  socket.on('data', (bytes) => {
    for (const packet of framing.take(hidden?.incoming.update(bytes) ?? bytes)) {
      if (packet.length === 4) failures.push(packet.readInt32LE());
      else if (packet.subarray(0, 8).equals(Buffer.alloc(8))) hear(0n, 0, packet.subarray(20));
      else {
        const reader = createTlReader(decryptMessage(packet, at.authKey, 'server').subarray(16));
        hear(reader.long(), reader.int(), reader.raw(reader.int()));
      }
    }
    for (const listener of [...listeners]) listener();
  });

  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const stop = (): void => {
        listeners.delete(check);
        clearTimeout(timer);
        socket.off('close', lost);
      };
      const check = (): void => {
        const found = find();
        if (found === undefined) return;
        stop();
        resolve(found);
      };
      const lost = (): void => {
        stop();
        reject(new Error('the connection closed'));
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error('nothing came'));
      }, 20_000);
      listeners.add(check);
      socket.once('close', lost);
      check();
    });

  const client: RawClient = {
    socket,
    heard,
    failures,
    salt: 0n,
    send(body, { id, seq = 1 } = {}) {
      const now = ((BigInt(Date.now()) << 32n) / 1000n) & ~3n;
      lastId = now > lastId ? now : lastId + 4n;
      const messageId = id ?? lastId;
      const bytes = Buffer.isBuffer(body) ? body : codec.encode(body, layer);
      const head = Buffer.alloc(32);
      head.writeBigInt64LE(client.salt, 0);
      head.writeBigInt64LE(sessionId, 8);
      head.writeBigInt64LE(messageId, 16);
      head.writeInt32LE(seq, 24);
      head.writeInt32LE(bytes.length, 28);
      const frame = framing.wrap(encryptMessage(Buffer.concat([head, bytes]), at.authKey, 'client'));
      socket.write(hidden?.outgoing.update(frame) ?? frame);
      return messageId;
    },
    async call(request) {
      const query = isIntroduced ? request : introduced(request);
      isIntroduced = true;
      for (;;) {
        const id = client.send(query);
        const answer = await until(() =>
          heard.find(
            ({ object }) =>
              (object._ === 'rpc_result' && object.requestId === id) ||
              (object._ === 'bad_server_salt' && object.bad_msg_id === id),
          ),
        );
        if (answer.object._ === 'bad_server_salt') client.salt = answer.object.new_server_salt as bigint;
        else return answer.object.result as TlObject;
      }
    },
    hears: async (name) => await until(() => heard.find(({ object }) => object._ === name)?.object),
    closed: () => (socket.closed ? Promise.resolve() : once(socket, 'close')),
    close: () => socket.destroy(),
  };
  return client;
}

/** @see https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation */
function obfuscation(tag: Buffer): { header: Buffer; incoming: Cipher; outgoing: Cipher } {
  const header = randomBytes(64);
  // It must not begin as another transport does.
  header.fill(1, 0, 8);
  header.fill(tag, 56, 60);
  const reversed = Buffer.from(header.subarray(8, 56)).reverse();
  const outgoing = createCipheriv('aes-256-ctr', header.subarray(8, 40), header.subarray(40, 56));
  const incoming = createCipheriv('aes-256-ctr', reversed.subarray(0, 32), reversed.subarray(32, 48));
  outgoing.update(header).copy(header, 56, 56);
  return { header, incoming, outgoing };
}

/** The text of a refusal; undefined for an answer. */
export function errorOf(answer: TlObject): string | undefined {
  return answer._ === 'rpc_error' ? String(answer.error_message) : undefined;
}

function introduced(query: TlObject): TlObject {
  return { _: 'invokeWithLayer', layer, query: { _: 'initConnection', api_id: 1, query } };
}

function resultOf(bytes: Buffer): TlObject {
  const reader = createTlReader(bytes);
  const kind = reader.peekId();
  if (kind === 0x3072cfa1) {
    reader.id();
    return resultOf(gunzipSync(reader.bytes()));
  }
  if (kind === 0x1cb5c415) return { _: 'vector', count: bytes.readInt32LE(4) };
  if (kind === 0x7e57dc00) return { _: 'unknown' };
  const object = codec.decode(bytes, layer);
  return isTlObject(object) ? object : { _: 'none' };
}
