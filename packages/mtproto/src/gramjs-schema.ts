import { CartieError } from '@cartie/core';
import type { TlObject, TlValue } from './tl.ts';

// What is used of GramJS's own parser of the schema; its types say `any`.
interface ParsedEntry {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly isFunction: boolean;
  readonly argsConfig: Readonly<Record<string, ArgumentSpec>>;
}

interface ArgumentSpec {
  readonly type: string | null;
  readonly isVector: boolean;
  readonly isFlag: boolean;
  readonly flagIndicator: boolean;
}

interface Entry {
  readonly isFunction: boolean;
  readonly fields: ReadonlyMap<string, ArgumentSpec>;
  /** GramJS's class. */
  readonly make: (fields: object) => GramjsObject;
}

/** An object of GramJS. */
export interface GramjsObject {
  readonly className: string;
  /** The fields as they were read. */
  readonly originalArgs: Readonly<Record<string, unknown>>;
  getBytes(): Buffer;
}

/** Between our plain data and GramJS's objects. */
export interface GramjsSchema {
  /** @throws CartieError `invalid_input` that names the field */
  toRequest(request: TlObject): GramjsObject;
  /** An object that is no request. */
  toObject(object: TlObject): GramjsObject;
  toPlain(value: unknown): TlValue;
}

/** What the schema is built from. */
export interface SchemaParts {
  /** GramJS's classes, by name and namespace. */
  readonly api: Readonly<Record<string, unknown>>;
  readonly entries: Iterable<ParsedEntry>;
  readonly toBigInteger: (value: string) => unknown;
}

/** Builds the schema that GramJS was made with. */
export function createSchema({ api, entries, toBigInteger }: SchemaParts): GramjsSchema {
  const byName = new Map<string, Entry>();
  for (const { name, namespace, isFunction, argsConfig } of entries) {
    const space = namespace === undefined ? api : (api[namespace] as Record<string, unknown> | undefined);
    const Class = space?.[name] as (new (fields: object) => GramjsObject) | undefined;
    if (Class === undefined) continue;
    const fields = new Map(Object.entries(argsConfig).filter(([, spec]) => !spec.flagIndicator));
    byName.set(plainName(namespace, name), { isFunction, fields, make: (given) => new Class(given) });
  }

  function toGramjs(object: TlObject, path: string, request: boolean): GramjsObject {
    const entry = byName.get(object._);
    if (entry === undefined || entry.isFunction !== request) {
      throw wrong(
        path === '' ? '_' : `${path}._`,
        request ? 'is no method of the schema' : 'is no constructor of the schema',
      );
    }
    const made: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(object)) {
      if (field === '_' || value === undefined) continue;
      const spec = entry.fields.get(field);
      const at = path === '' ? field : `${path}.${field}`;
      if (spec === undefined) throw wrong(at, 'does not exist in the schema');
      made[field] = toArgument(value, spec, at);
    }
    for (const [field, spec] of entry.fields) {
      if (made[field] !== undefined || spec.isFlag) continue;
      throw wrong(path === '' ? field : `${path}.${field}`, 'is missing');
    }
    return entry.make(made);
  }

  function toArgument(value: TlValue, spec: ArgumentSpec, path: string): unknown {
    if (!spec.isVector) return toSingle(value, spec.type ?? '', path);
    if (!Array.isArray(value)) throw wrong(path, 'must be a list');
    return value.map((item: TlValue, index) => toSingle(item, spec.type ?? '', `${path}[${index}]`));
  }

  function toSingle(value: TlValue, type: string, path: string): unknown {
    switch (type) {
      case 'int':
        if (value !== (Number(value) | 0)) throw wrong(path, 'must be a whole number of 32 bits');
        return value;
      case 'double':
        if (typeof value !== 'number') throw wrong(path, 'must be a number');
        return value;
      case 'long':
      case 'int128':
      case 'int256':
        if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) throw wrong(path, 'must be a bigint');
        return toBigInteger(String(value));
      case 'string':
        if (typeof value !== 'string') throw wrong(path, 'must be a text');
        return value;
      case 'bytes':
        if (!(value instanceof Uint8Array)) throw wrong(path, 'must be bytes');
        return Buffer.from(value);
      case 'true':
      case 'Bool':
        if (typeof value !== 'boolean') throw wrong(path, 'must be true or false');
        return value;
      default:
        if (!isPlainObject(value)) throw wrong(path, 'must be an object of the schema');
        // `X` is any method: what invokeWithLayer and its like carry.
        return toGramjs(value, path, type === 'X');
    }
  }

  function toPlain(value: unknown): TlValue {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
    if (value instanceof Uint8Array) return new Uint8Array(value);
    if (Array.isArray(value)) return value.map(toPlain);
    if (!isGramjsObject(value)) return BigInt(String(value));
    const name = nameOf(value.className);
    const fields = byName.get(name)?.fields;
    const plain: Record<string, TlValue> & { _: string } = { _: name };
    for (const [field, held] of Object.entries(value.originalArgs)) {
      const spec = fields?.get(field);
      if (spec === undefined || held === null || held === undefined) continue;
      if (spec.type === 'true' && held === false) continue;
      plain[field] = toPlain(held);
    }
    return plain;
  }

  return {
    toRequest: (request) => toGramjs(request, '', true),
    toObject: (object) => toGramjs(object, '', false),
    toPlain,
  };
}

function isPlainObject(value: TlValue): value is TlObject {
  return typeof value === 'object' && !Array.isArray(value) && typeof (value as TlObject)._ === 'string';
}

function isGramjsObject(value: unknown): value is GramjsObject {
  return typeof value === 'object' && value !== null && 'className' in value && 'originalArgs' in value;
}

// GramJS begins names with a capital: `messages.GetHistory`.
function plainName(namespace: string | undefined, name: string): string {
  const plain = name.charAt(0).toLowerCase() + name.slice(1);
  return namespace === undefined ? plain : `${namespace}.${plain}`;
}

function nameOf(className: string): string {
  const [first = '', second] = className.split('.');
  return second === undefined ? plainName(undefined, first) : plainName(first, second);
}

function wrong(field: string, rule: string): CartieError {
  return new CartieError('invalid_input', `\`${field}\` ${rule}`, { service: 'mtproto', field });
}
