import { createRequire } from 'node:module';
import type { AuthKey } from 'telegram/crypto/AuthKey.js';
import type { PromisedNetSockets } from 'telegram/extensions/PromisedNetSockets.js';
import type { Connection, MTProtoSender } from 'telegram/network/index.js';
import type { Datacenter } from './engine.ts';
import { createSchema, type GramjsObject, type GramjsSchema } from './gramjs-schema.ts';
import type { GatedSocket, NetSockets } from './gramjs-socket.ts';

/** A sender of GramJS as it is used here. */
export interface Sender {
  connect(connection: unknown, force: boolean): Promise<boolean>;
  send(request: GramjsObject): Promise<unknown>;
  disconnect(): Promise<void>;
}

/** What a sender reports. */
export interface SenderOptions {
  readonly authKey: AuthKey;
  readonly datacenterId: number;
  onUpdate(update: { readonly isBroken: boolean; readonly object: GramjsObject | undefined }): void;
  /** It wants to connect again, which it may not. */
  onReconnect(): void;
}

/** The parts of GramJS that the engine uses. */
export interface GramjsLibrary {
  readonly layer: number;
  readonly schema: GramjsSchema;
  readonly AuthKey: new () => AuthKey;
  readonly PromisedNetSockets: new (...options: never[]) => NetSockets;
  readonly serverKeys: Map<string, unknown>;
  toBigInteger(decimal: string): unknown;
  computeCheck(question: GramjsObject, password: string): Promise<unknown>;
  createSender(options: SenderOptions): Sender;
  createConnection(options: { datacenter: Datacenter; Socket: GatedSocket['Socket'] }): Connection;
}

/** Loads GramJS: about 250 ms and 35 MB, so only once something connects. */
export function loadGramjs(): GramjsLibrary {
  const { network, tl, all, text, protocolText, parser, sockets, keys, rsa, password, logging, helpers } =
    withoutWebStorage(requireParts);
  const toBigInteger = (decimal: string): unknown => helpers.returnBigInt(decimal);
  const layer = String(all.LAYER);
  const schema = createSchema({
    api: tl.Api as unknown as Record<string, unknown>,
    entries: [...parser.parseTl(text, layer), ...parser.parseTl(protocolText, layer)],
    toBigInteger,
  });

  // GramJS writes to the console wherever its logger «can send».
  class SilentLogger extends logging.Logger {
    override canSend(): boolean {
      return false;
    }
    override log(): void {}
  }

  class ContainedSender extends network.MTProtoSender {
    onReconnect: () => void = () => undefined;
    override reconnect(): void {
      this.onReconnect();
    }
  }

  return {
    layer: all.LAYER,
    schema,
    AuthKey: keys.AuthKey,
    PromisedNetSockets: sockets.PromisedNetSockets as unknown as GramjsLibrary['PromisedNetSockets'],
    serverKeys: rsa._serverKeys as Map<string, unknown>,
    toBigInteger,
    computeCheck: (question, given) =>
      password.computeCheck(question as unknown as Parameters<typeof password.computeCheck>[0], given),
    createSender({ authKey, datacenterId, onUpdate, onReconnect }) {
      const options: ConstructorParameters<typeof MTProtoSender>[1] = {
        logger: new SilentLogger(),
        dcId: datacenterId,
        retries: 1,
        reconnectRetries: 0,
        delay: 0,
        autoReconnect: false,
        connectTimeout: 0,
        authKeyCallback: undefined,
        isMainSender: true,
        // Off where GramJS's client makes a sender: replayed messages would be taken.
        securityChecks: true,
        updateCallback: (_client: unknown, update: unknown) =>
          onUpdate(
            update instanceof network.UpdateConnectionState
              ? { isBroken: update.state === network.UpdateConnectionState.broken, object: undefined }
              : { isBroken: false, object: update as GramjsObject },
          ),
        // Only its handler of errors is asked for.
        client: {} as ConstructorParameters<typeof MTProtoSender>[1]['client'],
        _exportedSenderPromises: new Map(),
      };
      const sender = new ContainedSender(authKey, options);
      sender.onReconnect = onReconnect;
      return sender as unknown as Sender;
    },
    createConnection: ({ datacenter, Socket }) =>
      new network.ConnectionTCPFull({
        ip: datacenter.host,
        port: datacenter.port,
        dcId: datacenter.id,
        loggers: new SilentLogger(),
        socket: Socket as unknown as typeof PromisedNetSockets,
        testServers: false,
      }),
  };
}

// Each part requires all of the library in the end. At once, not by `import()`: nothing else runs meanwhile.
function requireParts() {
  const require = createRequire(import.meta.url);
  return {
    network: require('telegram/network/index.js') as typeof import('telegram/network/index.js'),
    tl: require('telegram/tl/index.js') as typeof import('telegram/tl/index.js'),
    all: require('telegram/tl/AllTLObjects.js') as typeof import('telegram/tl/AllTLObjects.js'),
    text: require('telegram/tl/apiTl.js') as string,
    protocolText: require('telegram/tl/schemaTl.js') as string,
    parser: require('telegram/tl/generationHelpers.js') as typeof import('telegram/tl/generationHelpers.js'),
    sockets:
      require('telegram/extensions/PromisedNetSockets.js') as typeof import('telegram/extensions/PromisedNetSockets.js'),
    keys: require('telegram/crypto/AuthKey.js') as typeof import('telegram/crypto/AuthKey.js'),
    rsa: require('telegram/crypto/RSA.js') as typeof import('telegram/crypto/RSA.js'),
    password: require('telegram/Password.js') as typeof import('telegram/Password.js'),
    logging: require('telegram/extensions/Logger.js') as typeof import('telegram/extensions/Logger.js'),
    helpers: require('telegram/Helpers.js') as typeof import('telegram/Helpers.js'),
  };
}

// A library of GramJS's looks for browsers' storages, whereupon Node warns on the console where it has them.
function withoutWebStorage<T>(work: () => T): T {
  const held = ['localStorage', 'sessionStorage'].flatMap((name) => {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    return descriptor?.configurable === true ? [{ name, descriptor }] : [];
  });
  for (const { name } of held)
    Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
  try {
    return work();
  } finally {
    for (const { name, descriptor } of held) Object.defineProperty(globalThis, name, descriptor);
  }
}
