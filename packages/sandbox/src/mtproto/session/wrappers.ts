import { isTlObject, type TlObject } from '../codec/tl-object.ts';
import { authorityOf } from './auth-keys.ts';
import type { Session } from './session.ts';

/**
 * Takes off what calls are wrapped in (`invokeWithLayer`, `initConnection`, …) and remembers what it says: the layer and the device belong to the key,
 * whether updates are wanted to the session. @see https://core.telegram.org/api/invoking
 */
export function unwrapRequest(request: TlObject, session: Session): { request: TlObject; after: bigint[] } {
  const key = authorityOf(session.key);
  const after: bigint[] = [];
  let inner = request;
  let isWithoutUpdates = false;
  while (isTlObject(inner.query) && /^(invoke|initConnection$)/.test(inner._)) {
    if (inner._ === 'invokeWithLayer') key.layer = Number(inner.layer);
    if (inner._ === 'initConnection') key.device = String(inner.device_model);
    if (inner._ === 'invokeAfterMsg') after.push(inner.msg_id as bigint);
    if (inner._ === 'invokeAfterMsgs') after.push(...(inner.msg_ids as bigint[]));
    if (inner._ === 'invokeWithoutUpdates') isWithoutUpdates = true;
    inner = inner.query;
  }
  if (!isWithoutUpdates) session.wantsUpdates = true;
  return { request: inner, after };
}
