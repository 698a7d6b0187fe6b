import { missingObject, type State } from './state.ts';

/** What a request names, or Meta's refusal where it does not exist. */
export interface Found {
  number(id: string): StoredNumber;
  /** The numbers of a WhatsApp Business account. */
  ofAccount(id: string): readonly StoredNumber[];
  one<Item>(items: ReadonlyMap<string, Item>, id: string): Item;
}

type StoredNumber = ReturnType<State['number']>;

/** Creates {@link Found}. */
export function createFound(state: State): Found {
  const one = <Item>(items: ReadonlyMap<string, Item>, id: string): Item => {
    const found = items.get(id);
    if (found === undefined) throw missingObject(id);
    return found;
  };
  return {
    one,
    number: (id) => one(state.numbers, id),
    ofAccount(id) {
      const numbers = [...state.numbers.values()].filter((number) => number.businessAccountId === id);
      if (numbers.length === 0) throw missingObject(id);
      return numbers;
    },
  };
}

/** What a change is answered with. */
export const success = { success: true } as const;
