import { malformed } from './malformed.ts';
import type { Combinator, TlType } from './schema.ts';
import type { TlObject } from './tl-object.ts';
import type { TlReader } from './tl-reader.ts';

/** Finds a combinator by its id, in a given layer first. */
export type Lookup = (id: number, layer: number) => Combinator | undefined;

const boolTrue = 0x997275b5;
const boolFalse = 0xbc799737;
const vector = 0x1cb5c415;
/** Requests of real clients nest some ten deep. */
const maxDepth = 64;

/** Reads one object or call. Throws a malformed error for an unknown constructor. */
export function decodeObject(
  reader: TlReader,
  context: { readonly lookup: Lookup; readonly layer: number },
  depth = 0,
): TlObject {
  if (depth > maxDepth) throw malformed('nests too deep');
  const id = reader.id();
  const combinator = context.lookup(id, context.layer);
  if (combinator === undefined) throw malformed(`has the unknown constructor ${id.toString(16)}`);
  const flags = new Map<string, number>();
  const object: Record<string, unknown> = {};
  let inner = context;
  for (const { name, type, condition } of combinator.fields) {
    if (condition !== undefined) {
      const isSet = ((flags.get(condition.flags) ?? 0) >>> condition.bit) & 1;
      if (!isSet) continue;
    }
    if (type.kind === 'flags') {
      flags.set(name, reader.int());
      continue;
    }
    const value = decodeValue(reader, { type, context: inner, depth });
    object[name] = value;
    // What invokeWithLayer carries is written in that layer.
    if (combinator.name === 'invokeWithLayer' && name === 'layer')
      inner = { ...context, layer: Number(value) };
  }
  return { _: combinator.name, ...object };
}

function decodeValue(
  reader: TlReader,
  given: { type: TlType; context: { readonly lookup: Lookup; readonly layer: number }; depth: number },
): unknown {
  const { type, context, depth } = given;
  switch (type.kind) {
    case 'int':
      return reader.int();
    case 'long':
      return reader.long();
    case 'double':
      return reader.double();
    case 'string':
      return reader.bytes().toString('utf8');
    case 'bytes':
      return reader.bytes();
    case 'int128':
      return reader.raw(16);
    case 'int256':
      return reader.raw(32);
    case 'true':
      return true;
    case 'Bool': {
      const id = reader.id();
      if (id !== boolTrue && id !== boolFalse) throw malformed('has a Bool that is neither');
      return id === boolTrue;
    }
    case 'vector': {
      if (reader.id() !== vector) throw malformed('lacks a vector');
      const count = reader.int();
      // Every item takes four bytes at least.
      if (count < 0 || count > reader.left() / 4) throw malformed('has a vector longer than itself');
      if (depth > maxDepth) throw malformed('nests too deep');
      return Array.from({ length: count }, () =>
        decodeValue(reader, { type: type.item, context, depth: depth + 1 }),
      );
    }
    default:
      return decodeObject(reader, context, depth + 1);
  }
}
