/** A value of the query: lists and objects become nested brackets. What is `undefined` or `null` leaves its place free. */
export type QueryValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly QueryValue[]
  | { readonly [key: string]: QueryValue };

/** Name and value, as they are written. A name may come many times. */
export type QueryPair = readonly [name: string, value: string | number | boolean];

/**
 * Writes nested values the way AUTO.RIA reads them: `marka_id[0]`, `generation_id[0][1]`, `auto_options[477]`. A free place
 * of a list keeps its number, since lists belong together by their places.
 */
export function nestedPairs(params: { readonly [name: string]: QueryValue }): QueryPair[] {
  return Object.entries(params).flatMap(([name, value]) => pairsOf(name, value));
}

/** The query as text, without a question mark. */
export function queryText(pairs: readonly QueryPair[]): string {
  return pairs
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join('&');
}

function pairsOf(name: string, value: QueryValue): QueryPair[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== 'object') return [[name, value]];
  return Object.entries(value).flatMap(([key, inner]) => pairsOf(`${name}[${key}]`, inner as QueryValue));
}
