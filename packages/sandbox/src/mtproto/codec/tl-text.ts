import { type Combinator, createSchema, parseType, type Schema, type TlField } from './schema.ts';

const combinatorLine = /^([A-Za-z][\w.]*)#([0-9a-f]{1,8})\s*(.*?)\s*=\s*(.+?)\s*;/;

/**
 * Reads TL as text: `name#id field:type … = Type;` a line, `---functions---` and `---types---` between. Lines of another form
 * (comments, `vector` with its generics) are no combinators and are passed over. @see https://core.telegram.org/mtproto/TL
 */
export function parseTlText(layer: number, text: string): Schema {
  const constructors: Combinator[] = [];
  const methods: Combinator[] = [];
  let target = constructors;
  for (const line of text.split('\n')) {
    if (line.includes('---functions---')) target = methods;
    else if (line.includes('---types---')) target = constructors;
    const [, name, id, fields = '', result] = combinatorLine.exec(line.trim()) ?? [];
    if (name === undefined || id === undefined || result === undefined || name === 'vector') continue;
    target.push({
      name,
      id: Number.parseInt(id, 16),
      fields: fields.split(/\s+/).filter(Boolean).flatMap(parseField),
      result: parseType(result),
    });
  }
  return createSchema(layer, constructors, methods);
}

function parseField(text: string): TlField[] {
  const [, name, flags, bit, type] = /^(\w+):(?:(\w+)\.(\d+)\?)?(.+)$/.exec(text) ?? [];
  // {X:Type} only declares the X of a generic method.
  if (name === undefined || type === undefined) return [];
  return [
    {
      name,
      type: parseType(type),
      condition: flags === undefined ? undefined : { flags, bit: Number(bit) },
    },
  ];
}
