import { createHash, createPublicKey } from 'node:crypto';
import { CartieError } from '@cartie/core';
import type {
  ConnectionEnd,
  Engine,
  EngineAnswer,
  EngineConnection,
  EngineConnectOptions,
} from './engine.ts';
import { type GramjsLibrary, loadGramjs } from './gramjs-library.ts';
import { refusalOf } from './gramjs-refusal.ts';
import { gatedSocket } from './gramjs-socket.ts';
import type { TlObject } from './tl.ts';

let library: GramjsLibrary | undefined;

/**
 * The engine over GramJS (npm `telegram`), loaded on first use. Of GramJS only the layer below its client is used: codec,
 * encryption, one sender for one socket. Its client is not: that connects again, sleeps, caches and logs by itself.
 */
export async function loadGramjsEngine(): Promise<Engine> {
  library ??= loadGramjs();
  const gramjs = library;
  return {
    layer: gramjs.layer,
    connect: (options) => connect(gramjs, options),
    async passwordCheck(question, password) {
      const check = await gramjs.computeCheck(gramjs.schema.toObject(question), password);
      return gramjs.schema.toPlain(check) as TlObject;
    },
  };
}

async function connect(gramjs: GramjsLibrary, options: EngineConnectOptions): Promise<EngineConnection> {
  const { datacenter, connectTimeoutMs } = options;
  for (const pem of options.publicKeys) trustKey(gramjs, pem);
  let ended: ConnectionEnd | undefined;
  let rejectConnect: (() => void) | undefined;
  const brokenOff = new Promise<never>((_, reject) => {
    rejectConnect = () => reject(new Error('The connection has ended'));
  });
  brokenOff.catch(() => undefined); // it may end when nobody waits for it

  function end(why: ConnectionEnd['why']): void {
    if (ended !== undefined) return;
    ended = { why };
    // At once, so that the library's own loops take this for a disconnection by the user and do not connect again.
    void sender.disconnect().catch(() => undefined);
    socket.destroy();
    rejectConnect?.();
    options.onEnd(ended);
  }

  const socket = gatedSocket(gramjs.PromisedNetSockets, {
    connectTimeoutMs,
    mayWrite: options.mayWrite,
    onEnd: end,
  });
  const authKey = new gramjs.AuthKey();
  if (options.authKey !== undefined) await authKey.setKey(Buffer.from(options.authKey));
  const sender = gramjs.createSender({
    authKey,
    datacenterId: datacenter.id,
    onUpdate(update) {
      if (update.isBroken) end('key_unknown');
      else if (update.object !== undefined)
        options.onUpdates(gramjs.schema.toPlain(update.object) as TlObject);
    },
    onReconnect: () => end('protocol'),
  });
  const connection = gramjs.createConnection({ datacenter, Socket: socket.Socket });

  const timer = setTimeout(() => end('unreachable'), connectTimeoutMs);
  const onAbort = (): void => end('closed');
  options.signal.addEventListener('abort', onAbort, { once: true });
  if (options.signal.aborted) end('closed');
  try {
    if (ended !== undefined) throw notConnected();
    const connected = await Promise.race([sender.connect(connection, false), brokenOff]);
    if (!connected) end('protocol');
  } catch {
    end('unreachable');
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', onAbort);
  }
  const key = authKey.getKey();
  if (ended !== undefined || key === undefined) throw notConnected();

  return {
    authKey: new Uint8Array(key),
    async invoke(request): Promise<EngineAnswer> {
      const made = gramjs.schema.toRequest(request);
      if (ended !== undefined) throw notConnected();
      try {
        return { kind: 'value', value: gramjs.schema.toPlain(await sender.send(made)) };
      } catch (error) {
        return refusalOf(error);
      }
    },
    destroy: () => end('closed'),
  };
}

/** Lets the handshake accept a server with this key. The table of keys is the library's and belongs to the process. */
function trustKey(gramjs: GramjsLibrary, pem: string): void {
  const { n = '', e = '' } = createPublicKey(pem).export({ format: 'jwk' });
  const modulus = Buffer.from(n, 'base64url');
  const exponent = Buffer.from(e, 'base64url');
  const digest = createHash('sha1').update(tlBytesOf(modulus)).update(tlBytesOf(exponent)).digest();
  gramjs.serverKeys.set(digest.readBigInt64LE(12).toString(), {
    n: gramjs.toBigInteger(BigInt(`0x${modulus.toString('hex')}`).toString()),
    e: Number(BigInt(`0x${exponent.toString('hex')}`)),
  });
}

function tlBytesOf(bytes: Buffer): Buffer {
  const head =
    bytes.length < 254
      ? Buffer.from([bytes.length])
      : Buffer.from([254, bytes.length & 255, bytes.length >> 8, 0]);
  const size = head.length + bytes.length;
  return Buffer.concat([head, bytes, Buffer.alloc((4 - (size % 4)) % 4)]);
}

function notConnected(): CartieError {
  return new CartieError('connection_failed', 'There is no connection to Telegram', {
    service: 'mtproto',
    outcome: 'not_executed',
  });
}
