import type { Update } from '@cartie/core';
import type { MtprotoEvent } from './types.ts';

/** An event as plain JSON: ids are text, bytes are base64. */
export type MtprotoUpdatePayload = { readonly [field: string]: unknown };

/**
 * An event as core's inbox takes it, so that it is handled once though a crash may bring it twice:
 * `onMessage: (event) => inbox.accept(toUpdate(event))`.
 */
export function toUpdate(event: MtprotoEvent): Update<MtprotoUpdatePayload> {
  const { account, id, orderKey, kind, origin: _origin, ...payload } = event;
  return {
    source: `mtproto:${account}`,
    id,
    kind,
    orderKey,
    payload: plain(payload) as MtprotoUpdatePayload,
  };
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([field, held]) => [field, plain(held)]));
}
