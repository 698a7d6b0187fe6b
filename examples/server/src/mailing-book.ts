import { isCartieError } from '@cartie/core';
import type { SendPulseClient } from '@cartie/sendpulse';
import { defaultBookName } from './sendpulse-config.ts';

/** The address book that people are put into. */
export interface MailingBook {
  /** Its id. A book that nobody configured is made where it is missing. */
  id(): Promise<number>;
  /** SendPulse has no book with this id: the next `id()` looks for it anew. `false` where it is configured, and so stays. */
  forget(id: number): boolean;
}

/** Creates {@link MailingBook}. @param configured the id from the settings; without it the book is known by its name */
export function createMailingBook(
  { addressBooks }: Pick<SendPulseClient, 'addressBooks'>,
  configured: number | undefined,
): MailingBook {
  let current: { readonly id: Promise<number>; known?: number } | undefined;

  async function find(): Promise<number | undefined> {
    for await (const { id, name } of addressBooks.list()) if (name === defaultBookName) return Number(id);
    return undefined;
  }

  async function findOrMake(): Promise<number> {
    const found = await find();
    if (found !== undefined) return found;
    try {
      return Number((await addressBooks.create({ bookName: defaultBookName })).id);
    } catch (error) {
      // Another process made it meanwhile.
      const made = isCartieError(error) && error.code === 'conflict' ? await find() : undefined;
      if (made === undefined) throw error;
      return made;
    }
  }

  function ask(): NonNullable<typeof current> {
    const asked: NonNullable<typeof current> = { id: findOrMake() };
    asked.id.then(
      (id) => {
        asked.known = id;
      },
      () => {
        if (current === asked) current = undefined;
      },
    );
    return asked;
  }

  return {
    async id() {
      if (configured !== undefined) return configured;
      current ??= ask();
      return current.id;
    },
    forget(id) {
      if (configured !== undefined) return false;
      // Of several who learn of it the first one is enough: the others must not forget the new one.
      if (current?.known === id) current = undefined;
      return true;
    },
  };
}
