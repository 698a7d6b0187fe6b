import type { AccountRecord, AccountStore } from './account-store.ts';
import type { Calls } from './calls.ts';
import type { Connections } from './connections.ts';
import { datacenterAddress } from './datacenters.ts';
import type { Datacenter } from './engine.ts';
import { connectionEndOf, type Epoch } from './epoch.ts';
import { failed, mtprotoFailure } from './errors.ts';
import type { SideConnection } from './media.ts';
import type { MtprotoServers } from './options.ts';
import { tlObject } from './tl.ts';
import { askSelf } from './users.ts';

/** What connecting elsewhere needs of the account. */
export interface SideContext {
  readonly servers: MtprotoServers | undefined;
  readonly store: Pick<AccountStore, 'readAccount'>;
  /** Those of the account itself. */
  readonly calls: Calls;
  open: Connections['openSide'];
  callsOver(epoch: Epoch): Calls;
  change(change: (record: AccountRecord) => AccountRecord): Promise<AccountRecord>;
}

/** Connects to another data centre, with a key of its own, which is kept, and lets the account in there. */
export async function connectSide(
  id: number,
  signal: AbortSignal,
  context: SideContext,
): Promise<SideConnection> {
  const datacenter = datacenterAddress(id, context.servers);
  const known = (await context.store.readAccount())?.otherKeys?.[id];
  const { side, isNew } = await openSide(datacenter, { known, signal }, context);
  const calls = context.callsOver(side);
  try {
    if (isNew || !(await isLoggedIn(calls, signal))) {
      const exporting = { _: 'auth.exportAuthorization', dcId: id };
      const exported = tlObject(await context.calls.call(exporting, { signal }));
      if (exported?.id === undefined || exported.bytes === undefined) {
        throw failed('invalid_response', 'Telegram gave no way to its other server');
      }
      const { id: userId, bytes } = exported;
      await calls.call({ _: 'auth.importAuthorization', id: userId, bytes }, { signal });
      const key = Buffer.from(side.authKey).toString('base64');
      await context.change((record) => ({ ...record, otherKeys: { ...record.otherKeys, [id]: key } }));
    }
    return { calls, destroy: side.destroy };
  } catch (error) {
    side.destroy();
    throw error;
  }
}

// A connection without policies, whose handshake fails by itself once in 256 times.
async function openSide(
  datacenter: Datacenter,
  { known, signal }: { known: string | undefined; signal: AbortSignal },
  { open }: SideContext,
): Promise<{ side: Epoch; isNew: boolean }> {
  let authKey = known;
  for (let failures = 0; ; failures += 1) {
    try {
      return { side: await open(datacenter, { authKey, signal }), isNew: authKey === undefined };
    } catch (error) {
      if (signal.aborted || failures >= 2) throw error;
      if (connectionEndOf(error) === 'key_unknown') authKey = undefined;
    }
  }
}

async function isLoggedIn(calls: Calls, signal: AbortSignal): Promise<boolean> {
  try {
    await askSelf(calls, { signal });
    return true;
  } catch (error) {
    if (mtprotoFailure(error)?.kind === 'session_lost') return false;
    throw error;
  }
}
