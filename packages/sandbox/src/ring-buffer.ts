/** Keeps the newest `capacity` items in the order they came; older ones are forgotten. */
export interface RingBuffer<T> {
  /** Gives the item that had to go. */
  push(item: T): T | undefined;
  /** Oldest first. */
  items(): T[];
  clear(): void;
}

/** Creates a {@link RingBuffer}; `push` costs the same however full it is. */
export function createRingBuffer<T>(capacity: number): RingBuffer<T> {
  let slots: T[] = [];
  let next = 0;
  return {
    push(item) {
      if (slots.length < capacity) {
        slots.push(item);
        return undefined;
      }
      const oldest = slots[next];
      slots[next] = item;
      next = (next + 1) % capacity;
      return oldest;
    },
    items: () => (slots.length < capacity ? slots.slice() : [...slots.slice(next), ...slots.slice(0, next)]),
    clear() {
      slots = [];
      next = 0;
    },
  };
}
