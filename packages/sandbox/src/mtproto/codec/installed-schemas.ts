import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { SchemaText } from '../public.ts';
import { parseMtcuteSchema } from './mtcute-schema.ts';
import type { Schema } from './schema.ts';
import { parseTlText } from './tl-text.ts';

/**
 * The schemas of the MTProto clients that are installed (`telegram`, `@mtcute/core`), as seen from here or from the working directory, and those given.
 * Their files are read as text: none of their code runs. Throws when there is none.
 */
export function findSchemas(given: readonly SchemaText[]): Schema[] {
  const schemas = given.map(({ layer, text }) => parseTlText(layer, text));
  const isNew = ({ layer }: Schema): boolean => !schemas.some((schema) => schema.layer === layer);
  for (const found of [cached('telegram', gramjsSchema), cached('mtcute', mtcuteSchema)])
    if (found && isNew(found)) schemas.push(found);
  if (schemas.length === 0) {
    throw new Error(
      'startTestDc found no TL schema: install the client under test («telegram» or «@mtcute/core»), or give schemas: [{ layer, text }]',
    );
  }
  return schemas;
}

// Reading and parsing takes a fifth of a second, and tests start many DCs.
const cache = new Map<string, Schema>();

function cached(name: string, read: () => Schema | undefined): Schema | undefined {
  const schema = cache.get(name) ?? read();
  if (schema !== undefined) cache.set(name, schema);
  return schema;
}

function gramjsSchema(): Schema | undefined {
  const text = readInstalled('telegram/tl/apiTl.js');
  const layer = /\bLAYER\s*=\s*(\d+)/.exec(readInstalled('telegram/tl/AllTLObjects.js') ?? '')?.[1];
  const schema = /`([^`]+)`/.exec(text ?? '')?.[1];
  return schema === undefined || layer === undefined ? undefined : parseTlText(Number(layer), schema);
}

function mtcuteSchema(): Schema | undefined {
  const json = readInstalled('@mtcute/core/tl/api-schema.json');
  return json === undefined ? undefined : parseMtcuteSchema(json);
}

function readInstalled(file: string): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return readFileSync(createRequire(from).resolve(file), 'utf8');
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}
