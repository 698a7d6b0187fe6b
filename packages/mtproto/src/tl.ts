/** A value of Telegram's TL schema in plain data: 64-bit numbers are `bigint`, bytes are `Uint8Array`. */
export type TlValue = string | number | bigint | boolean | Uint8Array | TlObject | readonly TlValue[];

/**
 * An object or a method call of Telegram's TL schema: `_` is its name as in the schema, fields are camelCase, those that
 * are absent are left out: `{ _: 'messages.getHistory', peer: { _: 'inputPeerSelf' }, limit: 10, … }`.
 * @see https://core.telegram.org/schema
 */
export interface TlObject {
  readonly _: string;
  readonly [field: string]: TlValue | undefined;
}

/** Is this an object of the schema, with this name if one is given? */
export function isTl(value: TlValue | undefined, name?: string): value is TlObject {
  const isObject =
    typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array) && '_' in value;
  return isObject && (name === undefined || value._ === name);
}

/** The objects of a vector; none where the value is none. */
export function tlObjects(value: TlValue | undefined): readonly TlObject[] {
  return Array.isArray(value) ? (value as readonly TlValue[]).filter((item) => isTl(item)) : [];
}

/** The object, or `undefined` for anything else. */
export function tlObject(value: TlValue | undefined): TlObject | undefined {
  return isTl(value) ? value : undefined;
}

/** The number; `undefined` for anything else. */
export function tlNumber(value: TlValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The numbers of a vector. */
export function tlNumbers(value: TlValue | undefined): readonly number[] {
  return Array.isArray(value) ? (value as readonly TlValue[]).filter((item) => typeof item === 'number') : [];
}

/** The text; `undefined` for anything else. */
export function tlText(value: TlValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The 64-bit number; `undefined` for anything else. */
export function tlLong(value: TlValue | undefined): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' ? BigInt(value) : undefined;
}

/** The bytes; `undefined` for anything else. */
export function tlBytes(value: TlValue | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}
