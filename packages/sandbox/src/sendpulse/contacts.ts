import { bookOf } from './address-books.ts';
import { apiFailure, invalidField, missing } from './api-failure.ts';
import { address, type Fields, isRecord, list, page, text, texts } from './fields.ts';
import type { Input, RouteParts, Routes } from './routes.ts';
import type { Account, Book, Contact } from './state.ts';
import { toldEvent } from './told-events.ts';

/** Addresses that one request may remove or unsubscribe. */
const most = 100;

const statusWords: Readonly<Record<number, string>> = {
  0: 'New',
  1: 'Active',
  2: 'Waiting for confirmation',
  6: 'Unsubscribed',
};

/** Contacts of books. @see https://sendpulse.com/integrations/api/bulk-email#add-emails */
export function contactRoutes({ clock, delivery, changed }: RouteParts): Routes {
  const tell = (account: Account, event: string, fields: Fields): void =>
    delivery.push(account, 'email', toldEvent({ family: 'email', event, fields }, clock));

  function add({ account, path, fields }: Input): object {
    const book = bookOf(account, path.id);
    const { confirmation, disable_webhook, dont_update } = fields;
    if (confirmation !== undefined && confirmation !== 'force')
      throw invalidField('confirmation', 'is invalid');
    if (confirmation === 'force') {
      if (account.senders.get(address(fields.sender_email, 'sender_email'))?.isActive !== true) {
        throw apiFailure(422, 1003, 'Sender not found');
      }
      text(fields, 'template_id');
    }
    // All of them are checked before any is kept.
    const given = list(fields, 'emails').map((item) => ({
      email: address(isRecord(item) ? item.email : item),
      variables: isRecord(item) ? variablesOf(item.variables) : [],
    }));
    for (const { email, variables } of given) {
      if (account.blacklist.has(email)) continue;
      const known = book.contacts.get(email);
      const contact: Contact = known ?? {
        email,
        status: confirmation === undefined ? 0 : 2,
        variables: new Map(),
      };
      if (known === undefined || dont_update !== true) {
        for (const [name, value] of variables) contact.variables.set(name, value);
      }
      if (known !== undefined) continue;
      book.contacts.set(email, contact);
      if (disable_webhook !== true) {
        const shown = Object.fromEntries(contact.variables);
        tell(account, 'new_emails', {
          email,
          book_id: String(book.id),
          source: 'address book',
          variables: shown,
        });
      }
    }
    changed();
    return { result: true };
  }

  function remove(account: Account, book: Book, email: string): void {
    if (book.contacts.delete(email)) tell(account, 'delete', { email, book_id: String(book.id) });
  }

  return {
    'POST /addressbooks/{id}/emails': add,
    'GET /addressbooks/{id}/emails': ({ account, path, query }) => {
      const contacts = [...bookOf(account, path.id).contacts.values()].filter(
        ({ status }) => (query.active !== '1' || status <= 1) && (query.not_active !== '1' || status > 1),
      );
      return page(contacts, query).map(shown);
    },
    'DELETE /addressbooks/{id}/emails': ({ account, path, fields }) => {
      const book = bookOf(account, path.id);
      for (const email of texts(fields, 'emails', most)) remove(account, book, email.toLowerCase());
      changed();
      return { result: true };
    },
    'POST /addressbooks/{id}/emails/unsubscribe': ({ account, path, fields }) => {
      const book = bookOf(account, path.id);
      for (const given of texts(fields, 'emails', most)) {
        const email = given.toLowerCase();
        const contact = book.contacts.get(email);
        if (contact === undefined || contact.status === 6) continue;
        contact.status = 6;
        tell(account, 'unsubscribe', {
          email,
          book_id: String(book.id),
          from_all: '0',
          reason: null,
          categories: '',
        });
      }
      changed();
      return { result: true };
    },
    'POST /addressbooks/{id}/emails/variable': ({ account, path, fields }) => {
      const contact = contactOf(account, path.id, text(fields, 'email'));
      for (const item of list(fields, 'variables')) {
        if (!isRecord(item)) throw invalidField('variables', 'is invalid');
        contact.variables.set(text(item, 'name'), scalar(item.value, 'value'));
      }
      return { result: true };
    },
    'GET /addressbooks/{id}/variables/{name}/{value}': ({ account, path }) =>
      [...bookOf(account, path.id).contacts.values()]
        .filter(({ variables }) => String(variables.get(path.name ?? '') ?? '') === path.value)
        .map(shown),
    'GET /addressbooks/{id}/emails/{email}': ({ account, path }) => {
      const contact = contactOf(account, path.id, path.email ?? '');
      return {
        ...shown(contact),
        abook_id: String(path.id),
        phone: String(contact.variables.get('phone') ?? ''),
        variables: [...contact.variables].map(([name, value]) => ({
          name,
          type: typeof value,
          value: String(value),
        })),
      };
    },
    'GET /emails/{email}': ({ account, path }) => everywhere(account, path.email ?? ''),
    'GET /emails/{email}/details': ({ account, path }) =>
      everywhere(account, path.email ?? '').map(({ book_id }) => ({
        list_name: account.books.get(book_id)?.name,
        source: 'address book',
      })),
    'GET /emails/{email}/campaigns': () => ({ statistic: { sent: 0, open: 0, link: 0 } }),
    'DELETE /emails/{email}': ({ account, path }) => {
      const email = (path.email ?? '').toLowerCase();
      everywhere(account, email);
      for (const book of account.books.values()) remove(account, book, email);
      changed();
      return { result: true };
    },
    'POST /emails': ({ account, fields }) =>
      Object.fromEntries(texts(fields, 'emails').map((email) => [email, places(account, email)])),
    'POST /emails/campaigns': ({ fields }) =>
      Object.fromEntries(texts(fields, 'emails').map((email) => [email, { sent: 0, open: 0, link: 0 }])),
  };
}

function contactOf(account: Account, bookId: unknown, email: string): Contact {
  const contact = bookOf(account, bookId).contacts.get(email.toLowerCase());
  if (contact === undefined) throw missing.email();
  return contact;
}

function places(account: Account, email: string): { book_id: number; email: string; status: number }[] {
  return [...account.books.values()].flatMap(({ id, contacts }) => {
    const contact = contacts.get(email.toLowerCase());
    return contact ? [{ book_id: id, email: contact.email, status: contact.status }] : [];
  });
}

function everywhere(account: Account, email: string): ReturnType<typeof places> {
  const found = places(account, email);
  if (found.length === 0) throw apiFailure(404, 502, 'Email not found');
  return found;
}

function variablesOf(value: unknown): [string, string | number][] {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return [];
  if (!isRecord(value)) throw invalidField('emails.*.variables', 'is invalid');
  return Object.entries(value).map(([name, one]) => [name, scalar(one, `emails.*.variables.${name}`)]);
}

function scalar(value: unknown, name: string): string | number {
  if (typeof value !== 'string' && typeof value !== 'number') throw invalidField(name, 'is invalid');
  return value;
}

function shown({ email, status, variables }: Contact): Record<string, unknown> {
  return {
    email,
    status,
    status_explain: statusWords[status],
    variables: Object.fromEntries(variables),
  };
}
