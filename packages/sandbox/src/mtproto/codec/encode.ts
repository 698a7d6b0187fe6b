import type { Combinator, Schema, TlField, TlType } from './schema.ts';
import { isTlObject, type TlObject } from './tl-object.ts';
import type { TlWriter } from './tl-writer.ts';

/** Finds a constructor by its name. */
export type NameLookup = (name: string) => Combinator | undefined;

const boolTrue = 0x997275b5;
const boolFalse = 0xbc799737;
const vector = 0x1cb5c415;

/** How constructors are found by name in a layer, the protocol's own included. */
export function nameLookup(protocol: Schema, schema: Schema): NameLookup {
  return (name) =>
    schema.constructors.get(name) ??
    protocol.constructors.get(name) ??
    schema.methods.get(name) ??
    protocol.methods.get(name);
}

/**
 * Writes an object. Fields that the layer does not have are left out; plain fields that are missing become 0, '', false or empty, so that one object
 * serves many layers. Throws for a missing object and for a constructor that the layer lacks.
 */
export function encodeObject(writer: TlWriter, object: TlObject, lookup: NameLookup): void {
  const combinator = lookup(object._);
  if (combinator === undefined) throw new Error(`the layer has no constructor ${object._}`);
  writer.id(combinator.id);
  for (const field of combinator.fields) {
    if (field.type.kind === 'flags') {
      writer.int(flagsOf(object, combinator, field.name));
      continue;
    }
    const value = object[field.name];
    if (field.condition !== undefined && !isPresent(field, value)) continue;
    if (field.type.kind === 'true') continue;
    try {
      encodeValue(writer, { type: field.type, value, lookup });
    } catch (error) {
      throw new Error(`${object._}.${field.name}: ${(error as Error).message}`);
    }
  }
}

function isPresent({ type }: TlField, value: unknown): boolean {
  return type.kind === 'true' ? value === true : value !== undefined;
}

function flagsOf(object: TlObject, combinator: Combinator, flags: string): number {
  let bits = 0;
  for (const field of combinator.fields) {
    if (field.condition?.flags !== flags || !isPresent(field, object[field.name])) continue;
    bits |= 1 << field.condition.bit;
  }
  return bits;
}

/** Writes a value of this type. */
export function encodeValue(
  writer: TlWriter,
  given: { readonly type: TlType; readonly value: unknown; readonly lookup: NameLookup },
): void {
  const { type, value, lookup } = given;
  switch (type.kind) {
    case 'int':
      writer.int(Number(value ?? 0));
      return;
    case 'long':
      writer.long(BigInt((value ?? 0) as bigint | number));
      return;
    case 'double':
      writer.double(Number(value ?? 0));
      return;
    case 'string':
      writer.bytes(Buffer.from(String(value ?? ''), 'utf8'));
      return;
    case 'bytes':
      writer.bytes((value as Uint8Array | undefined) ?? Buffer.alloc(0));
      return;
    case 'int128':
    case 'int256':
      writer.raw(value as Uint8Array);
      return;
    case 'Bool':
      writer.id(value === true ? boolTrue : boolFalse);
      return;
    case 'vector':
      encodeVector(writer, { type: type.item, value: value ?? [], lookup });
      return;
    default:
      if (!isTlObject(value)) throw new Error('an object is missing');
      encodeObject(writer, value, lookup);
  }
}

function encodeVector(
  writer: TlWriter,
  given: { readonly type: TlType; readonly value: unknown; readonly lookup: NameLookup },
): void {
  const items = given.value as readonly unknown[];
  writer.id(vector);
  writer.int(items.length);
  for (const value of items) encodeValue(writer, { ...given, value });
}
