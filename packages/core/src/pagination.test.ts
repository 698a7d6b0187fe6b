import { describe, expect, test, vi } from 'vitest';
import { type Page, paginate } from './index.ts';

const pages: Record<string, Page<number, string>> = {
  first: { items: [1, 2], next: 'second' },
  second: { items: [], next: 'third' },
  third: { items: [3, 4], next: null },
};
const fetchPage = async (cursor = 'first'): Promise<Page<number, string>> => pages[cursor] ?? { items: [] };

async function collect<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}

describe('paginate', () => {
  test('gives the items of all pages in order', async () => {
    expect(await collect(paginate(fetchPage))).toEqual([1, 2, 3, 4]);
  });

  test('begins where it is told', async () => {
    expect(await collect(paginate(fetchPage, { start: 'second' }))).toEqual([3, 4]);
  });

  test('works with numbers, 0 included', async () => {
    const byOffset = async (offset = 5) => ({ items: [offset], next: offset === 0 ? undefined : 0 });
    expect(await collect(paginate<number, number>(byOffset))).toEqual([5, 0]);
  });

  test('stops at its limit without fetching a page it does not need', async () => {
    const spy = vi.fn(fetchPage);
    expect(await collect(paginate(spy, { limit: 2 }))).toEqual([1, 2]);
    expect(await collect(paginate(spy, { limit: 0 }))).toEqual([]);
    expect(spy).toHaveBeenCalledOnce();
  });

  test('fetches nothing more once its reader stops', async () => {
    const spy = vi.fn(fetchPage);
    for await (const item of paginate(spy)) if (item === 2) break;
    expect(spy).toHaveBeenCalledOnce();
  });

  test('refuses a cursor that came before', async () => {
    const loop = async () => ({ items: [1], next: 'again' });
    await expect(collect(paginate(loop))).rejects.toMatchObject({
      code: 'invalid_response',
      retryable: false,
    });
    const toStart = async () => ({ items: [1], next: 'start' });
    await expect(collect(paginate(toStart, { start: 'start' }))).rejects.toMatchObject({
      code: 'invalid_response',
    });
  });

  test("throws the signal's reason between items", async () => {
    const controller = new AbortController();
    const got: number[] = [];
    const read = async () => {
      for await (const item of paginate(fetchPage, { signal: controller.signal })) {
        got.push(item);
        controller.abort('stop');
      }
    };
    await expect(read()).rejects.toBe('stop');
    expect(got).toEqual([1]);
  });

  test('passes on what fetching a page throws', async () => {
    const fault = new Error('failed');
    await expect(collect(paginate(() => Promise.reject(fault)))).rejects.toBe(fault);
  });
});
