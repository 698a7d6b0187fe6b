/** What a field holds. */
export type TlType =
  | {
      readonly kind:
        | 'int'
        | 'long'
        | 'double'
        | 'string'
        | 'bytes'
        | 'int128'
        | 'int256'
        | 'true'
        | 'Bool'
        | 'flags';
    }
  | { readonly kind: 'query' }
  | { readonly kind: 'vector'; readonly item: TlType }
  | { readonly kind: 'object'; readonly name: string };

/** One field of a combinator. */
export interface TlField {
  readonly name: string;
  readonly type: TlType;
  /** Present only when this bit of that flags field is set. */
  readonly condition: { readonly flags: string; readonly bit: number } | undefined;
}

/** A constructor or a method. */
export interface Combinator {
  readonly name: string;
  /** Unsigned 32 bits. */
  readonly id: number;
  readonly fields: readonly TlField[];
  readonly result: TlType;
}

/** One layer of the API. */
export interface Schema {
  readonly layer: number;
  readonly byId: ReadonlyMap<number, Combinator>;
  readonly constructors: ReadonlyMap<string, Combinator>;
  readonly methods: ReadonlyMap<string, Combinator>;
}

const plainTypes: Readonly<Record<string, TlType>> = {
  '#': { kind: 'flags' },
  int: { kind: 'int' },
  long: { kind: 'long' },
  // What JavaScript clients call a long whose values stay below 2^53.
  int53: { kind: 'long' },
  double: { kind: 'double' },
  string: { kind: 'string' },
  bytes: { kind: 'bytes' },
  int128: { kind: 'int128' },
  int256: { kind: 'int256' },
  true: { kind: 'true' },
  Bool: { kind: 'Bool' },
  X: { kind: 'query' },
  '!X': { kind: 'query' },
};

/** Reads a type as TL writes it: `long`, `Vector<InputUser>`, `User`. */
export function parseType(text: string): TlType {
  const vector = /^[Vv]ector<%?(.+)>$/.exec(text);
  if (vector) return { kind: 'vector', item: parseType(vector[1] as string) };
  return plainTypes[text] ?? { kind: 'object', name: text };
}

/** Builds a {@link Schema} from its combinators. */
export function createSchema(
  layer: number,
  constructors: readonly Combinator[],
  methods: readonly Combinator[],
): Schema {
  return {
    layer,
    byId: new Map([...constructors, ...methods].map((combinator) => [combinator.id, combinator])),
    constructors: new Map(constructors.map((combinator) => [combinator.name, combinator])),
    methods: new Map(methods.map((combinator) => [combinator.name, combinator])),
  };
}
