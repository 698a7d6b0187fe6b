import { decodeObject, type Lookup } from './decode.ts';
import { encodeObject, encodeValue, nameLookup } from './encode.ts';
import { malformed } from './malformed.ts';
import { protocolSchema } from './protocol-schema.ts';
import type { Schema } from './schema.ts';
import type { TlObject } from './tl-object.ts';
import { createTlReader } from './tl-reader.ts';
import { createTlWriter } from './tl-writer.ts';

/** Speaks every layer that there is a schema of, and the protocol below them. */
export interface Codec {
  /** Highest first. */
  readonly layers: readonly number[];
  /** Reads one object; bytes after it are an error. Throws a malformed error. */
  decode(bytes: Buffer, layer: number): TlObject;
  /** Reads one object and gives what follows it. */
  decodeFirst(bytes: Buffer, layer: number): { object: TlObject; rest: Buffer };
  encode(object: TlObject, layer: number): Buffer;
  /** Writes what the method gives back: an object, a boolean, or a list, as the layer's schema says. */
  encodeResult(method: string, result: unknown, layer: number): Buffer;
}

/** Creates a {@link Codec}. A layer without a schema gets the next higher one, else the highest. */
export function createCodec(schemas: readonly Schema[]): Codec {
  const descending = schemas.toSorted((a, b) => b.layer - a.layer);
  const highest = descending[0];
  if (highest === undefined) throw new TypeError('schemas: there is none');
  const schemaOf = (layer: number): Schema =>
    descending.findLast((schema) => schema.layer >= layer) ?? highest;
  const lookup: Lookup = (id, layer) =>
    protocolSchema.byId.get(id) ??
    schemaOf(layer).byId.get(id) ??
    descending.find(({ byId }) => byId.has(id))?.byId.get(id);
  const encodeNames = new Map(descending.map((schema) => [schema, nameLookup(protocolSchema, schema)]));
  const namesOf = (layer: number): ReturnType<typeof nameLookup> =>
    encodeNames.get(schemaOf(layer)) ?? nameLookup(protocolSchema, highest);
  const decodeFirst = (bytes: Buffer, layer: number): { object: TlObject; rest: Buffer } => {
    const reader = createTlReader(bytes);
    const object = decodeObject(reader, { lookup, layer });
    return { object, rest: reader.raw(reader.left()) };
  };
  return {
    layers: descending.map(({ layer }) => layer),
    decode(bytes, layer) {
      const { object, rest } = decodeFirst(bytes, layer);
      if (rest.length > 0) throw malformed('has bytes after its end');
      return object;
    },
    decodeFirst,
    encode(object, layer) {
      const writer = createTlWriter();
      encodeObject(writer, object, namesOf(layer));
      return writer.done();
    },
    encodeResult(method, result, layer) {
      const combinator =
        schemaOf(layer).methods.get(method) ??
        descending.find((one) => one.methods.has(method))?.methods.get(method);
      if (combinator === undefined) throw new Error(`no schema has the method ${method}`);
      const writer = createTlWriter();
      encodeValue(writer, { type: combinator.result, value: result, lookup: namesOf(layer) });
      return writer.done();
    },
  };
}
