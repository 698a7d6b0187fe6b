/** A queue that gives its smallest item first (a binary heap). */
export interface PriorityQueue<T> {
  readonly size: number;
  peek(): T | undefined;
  push(item: T): void;
  pop(): T | undefined;
}

/** Makes a {@link PriorityQueue} ordered by `priority`, which must not change while an item is in it. */
export function createPriorityQueue<T>(priority: (item: T) => number): PriorityQueue<T> {
  const items: T[] = [];
  const isBefore = (a: number, b: number): boolean => priority(items[a] as T) < priority(items[b] as T);
  const swap = (a: number, b: number): void => {
    [items[a], items[b]] = [items[b] as T, items[a] as T];
  };
  const smallest = (a: number, b: number): number => (b < items.length && isBefore(b, a) ? b : a);
  return {
    get size() {
      return items.length;
    },
    peek: () => items[0],
    push: (item) => {
      items.push(item);
      for (let child = items.length - 1; child > 0; ) {
        const parent = (child - 1) >> 1;
        if (!isBefore(child, parent)) break;
        swap(child, parent);
        child = parent;
      }
    },
    pop: () => {
      const top = items[0];
      const last = items.pop();
      if (items.length === 0) return top;
      items[0] = last as T;
      for (let parent = 0; ; ) {
        const child = smallest(smallest(parent, 2 * parent + 1), 2 * parent + 2);
        if (child === parent) return top;
        swap(child, parent);
        parent = child;
      }
    },
  };
}
