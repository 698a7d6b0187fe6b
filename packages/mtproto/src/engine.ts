import type { TlObject, TlValue } from './tl.ts';

/** A server of Telegram's. */
export interface Datacenter {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/** How one connection ended. */
export interface ConnectionEnd {
  /**
   * `closed`: by the other side or the network. `unreachable`: it never came about. `key_unknown`: the server does not know
   * the authorization key. `forbidden`: {@link EngineConnectOptions.mayWrite} said no. `protocol`: the other side sent
   * what makes no sense.
   */
  readonly why: 'closed' | 'unreachable' | 'key_unknown' | 'forbidden' | 'protocol';
}

/** What one request came to. */
export type EngineAnswer =
  | { readonly kind: 'value'; readonly value: TlValue }
  /** Telegram's own error: `400 PEER_ID_INVALID`. */
  | { readonly kind: 'refusal'; readonly status: number; readonly name: string }
  /** There is an answer, and it has something that the engine's schema does not know. */
  | { readonly kind: 'unreadable' };

/** What a connection is made of. */
export interface EngineConnectOptions {
  readonly datacenter: Datacenter;
  /** 256 bytes. Without one a new key is made with the server, which takes it some CPU time. */
  readonly authKey: Uint8Array | undefined;
  /** RSA keys of servers beside Telegram's own, in PEM. */
  readonly publicKeys: readonly string[];
  /** Limit for the connection and the key. Milliseconds. */
  readonly connectTimeoutMs: number;
  /** Ends the attempt to connect. */
  readonly signal: AbortSignal;
  /** Asked right before each write to the socket; after a no nothing is written any more and the socket is destroyed. */
  mayWrite(): boolean;
  /** Called for each object of type `Updates` that the server pushes, in their order. */
  onUpdates(updates: TlObject): void;
  /** Called once, when nothing will come any more; also for a connection that did not come about. */
  onEnd(end: ConnectionEnd): void;
}

/** One connection to one server. It never connects again by itself. */
export interface EngineConnection {
  /** The key that it uses: keep it. */
  readonly authKey: Uint8Array;
  /**
   * Sends a request. May never settle when the connection ends: race it with `onEnd`. Never waits or repeats by itself.
   * @throws CartieError `invalid_input` naming the field that is not of the schema
   */
  invoke(request: TlObject): Promise<EngineAnswer>;
  /** Closes the socket at once. */
  destroy(): void;
}

/**
 * What speaks MTProto: TL objects to bytes, encryption, sessions, acknowledgements, one connection at a time. All else
 * (when to connect, what to repeat, order of updates, history) is not its business, so that another library can take its place.
 */
export interface Engine {
  /** The version of Telegram's schema that it speaks. */
  readonly layer: number;
  connect(options: EngineConnectOptions): Promise<EngineConnection>;
  /** The answer to the question for the password: `inputCheckPasswordSRP` for an `account.password`. */
  passwordCheck(question: TlObject, password: string): Promise<TlObject>;
}
