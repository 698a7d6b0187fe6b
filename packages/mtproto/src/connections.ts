import type { AccountRecord } from './account-store.ts';
import type { Datacenter, Engine } from './engine.ts';
import { type Epoch, openEpoch } from './epoch.ts';
import type { HubSettings } from './options.ts';
import type { TlObject } from './tl.ts';

/** The connections of one account: the main one, and others to where files are. */
export interface Connections {
  /** The main one, from its opening until `close()`. */
  readonly main: Epoch | undefined;
  /** The main one while it lives. */
  readonly live: Epoch | undefined;
  open(record: AccountRecord, options: OpenOptions): Promise<Epoch>;
  /** A further connection; it ends with the others. The caller destroys it. */
  openSide(
    datacenter: Datacenter,
    options: { authKey: string | undefined; signal: AbortSignal },
  ): Promise<Epoch>;
  /** Ends the main one and forgets it. */
  close(): void;
  destroyAll(): void;
}

/** How to open a connection. */
export interface OpenOptions {
  onUpdates(updates: TlObject): void;
  readonly signal: AbortSignal;
}

/** What connections are made of. */
export interface ConnectionsOptions {
  readonly settings: HubSettings;
  engine(): Promise<Engine>;
  apiId(): Promise<number>;
  /** Asked right before each write. */
  mayWrite(): boolean;
}

/** Makes {@link Connections}, none of them open. */
export function createConnections({ settings, engine, apiId, mayWrite }: ConnectionsOptions): Connections {
  const sides = new Set<Epoch>();
  let main: Epoch | undefined;

  async function open(
    { datacenter, authKey }: Pick<AccountRecord, 'datacenter' | 'authKey'>,
    options: OpenOptions,
  ): Promise<Epoch> {
    const { device = {}, servers } = settings;
    return openEpoch(await engine(), {
      ...options,
      apiId: await apiId(),
      device: {
        model: device.model ?? 'Server',
        systemVersion: device.systemVersion ?? '1.0',
        appVersion: device.appVersion ?? '1.0',
        language: device.language ?? 'en',
      },
      datacenter,
      authKey: authKey === undefined ? undefined : Buffer.from(authKey, 'base64'),
      publicKeys: servers?.publicKeys ?? [],
      connectTimeoutMs: settings.connectTimeoutMs,
      pingMs: settings.pingMs,
      pingTimeoutMs: settings.pingTimeoutMs,
      mayWrite,
    });
  }

  return {
    get main() {
      return main;
    },
    get live() {
      return main?.ended.aborted === false ? main : undefined;
    },
    async open(record, options) {
      main = await open(record, options);
      return main;
    },
    async openSide(datacenter, { authKey, signal }) {
      const side = await open({ datacenter, authKey }, { onUpdates: () => undefined, signal });
      sides.add(side);
      side.ended.addEventListener('abort', () => sides.delete(side), { once: true });
      return side;
    },
    close() {
      main?.destroy();
      main = undefined;
    },
    destroyAll() {
      main?.destroy();
      for (const side of sides) side.destroy();
    },
  };
}
