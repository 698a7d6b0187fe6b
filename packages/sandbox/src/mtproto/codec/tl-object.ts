/** A value of a constructor, or a method's call: `_` names it, the other fields are spelt as in the schema. Longs are bigint. */
export interface TlObject {
  readonly _: string;
  readonly [field: string]: unknown;
}

/** Whether this is a {@link TlObject}, of this constructor if one is given. */
export function isTlObject(value: unknown, name?: string): value is TlObject {
  if (typeof value !== 'object' || value === null || !('_' in value)) return false;
  return name === undefined ? typeof value._ === 'string' : value._ === name;
}
