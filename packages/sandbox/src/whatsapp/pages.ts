/** A page of a list; the cursor is the place of its last item. */
export function page(items: readonly object[], { limit, after }: Readonly<Record<string, unknown>>): object {
  const start = after === undefined ? 0 : Number(Buffer.from(String(after), 'base64').toString());
  const size = Math.min(100, Number(limit) || 25);
  const end = Math.min(items.length, start + size);
  const cursor = (place: number): string => Buffer.from(String(place)).toString('base64');
  return {
    data: items.slice(start, end),
    paging: {
      cursors: { before: cursor(start), after: cursor(end) },
      ...(end < items.length && { next: 'https://graph.facebook.com/next' }),
    },
  };
}
