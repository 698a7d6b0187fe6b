import { type Combinator, createSchema, parseType, type Schema, type TlField } from './schema.ts';

interface Entry {
  readonly kind: 'class' | 'method';
  readonly name: string;
  readonly id: number;
  readonly type: string;
  readonly typeModifiers?: Modifiers;
  readonly arguments: readonly {
    readonly name: string;
    readonly type: string;
    readonly typeModifiers?: Modifiers;
  }[];
}

interface Modifiers {
  readonly predicate?: string;
  readonly isVector?: boolean;
}

/** Reads the schema in the form that `@mtcute/core/tl/api-schema.json` has. */
export function parseMtcuteSchema(json: string): Schema {
  const { l: layer, e: entries } = JSON.parse(json) as { l: number; e: readonly Entry[] };
  const of = (kind: Entry['kind']): Combinator[] =>
    entries.filter((entry) => entry.kind === kind).map(toCombinator);
  return createSchema(layer, of('class'), of('method'));
}

function toCombinator(entry: Entry): Combinator {
  return {
    name: entry.name,
    id: entry.id >>> 0,
    fields: entry.arguments.map(({ name, type, typeModifiers }): TlField => {
      const [flags, bit] = typeModifiers?.predicate?.split('.') ?? [];
      return {
        name,
        type: toType(type, typeModifiers),
        condition: flags === undefined ? undefined : { flags, bit: Number(bit) },
      };
    }),
    result: toType(entry.type, entry.typeModifiers),
  };
}

function toType(type: string, modifiers: Modifiers | undefined): ReturnType<typeof parseType> {
  return parseType(modifiers?.isVector ? `Vector<${type}>` : type);
}
