// In every Node that this package runs on; not in TypeScript's library yet.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** JSON in which a bigint is a number with all its digits, as Viber writes its tokens. */
export function wireJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? rawJSON(item.toString()) : item,
  );
}
