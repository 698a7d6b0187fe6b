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
export async function loadGramjs(): Promise<GramjsLibrary> {
  const [network, tl, all, text, protocolText, parser, sockets, keys, rsa, password, logging, helpers] =
    await Promise.all([
      import('telegram/network/index.js'),
      import('telegram/tl/index.js'),
      import('telegram/tl/AllTLObjects.js'),
      import('telegram/tl/apiTl.js'),
      import('telegram/tl/schemaTl.js'),
      import('telegram/tl/generationHelpers.js'),
      import('telegram/extensions/PromisedNetSockets.js'),
      import('telegram/crypto/AuthKey.js'),
      import('telegram/crypto/RSA.js'),
      import('telegram/Password.js'),
      import('telegram/extensions/Logger.js'),
      import('telegram/Helpers.js'),
    ]);
  const toBigInteger = (decimal: string): unknown => helpers.returnBigInt(decimal);
  const layer = String(all.LAYER);
  const schema = createSchema({
    api: tl.Api as unknown as Record<string, unknown>,
    entries: [...parser.parseTl(text.default, layer), ...parser.parseTl(protocolText.default, layer)],
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
