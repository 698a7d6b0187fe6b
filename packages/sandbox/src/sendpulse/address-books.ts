import { apiFailure, missing } from './api-failure.ts';
import { dateText, integer, page, text } from './fields.ts';
import type { Routes } from './routes.ts';
import { type Account, type Book, newNumber } from './state.ts';

/** The book that a request names. */
export function bookOf(account: Account, id: unknown): Book {
  const book = account.books.get(Number(id));
  if (book === undefined) throw missing.book();
  return book;
}

/** Books of contacts. @see https://sendpulse.com/integrations/api/bulk-email#lists-list */
export const addressBookRoutes: Routes = {
  'POST /addressbooks': ({ account, fields }) => {
    const bookName = fields.bookName;
    if (typeof bookName !== 'string' || bookName.trim() === '') throw apiFailure(400, 201, 'Empty book name');
    if ([...account.books.values()].some(({ name }) => name === bookName)) {
      throw apiFailure(400, 203, 'Book name already exists');
    }
    const id = newNumber();
    account.books.set(id, {
      id,
      name: bookName,
      createdAt: Date.now(),
      contacts: new Map(),
      phones: new Map(),
    });
    return { id };
  },
  'GET /addressbooks': ({ account, query }) => page([...account.books.values()], query).map(shown),
  'GET /addressbooks/{id}': ({ account, path }) => [shown(bookOf(account, path.id))],
  'PUT /addressbooks/{id}': ({ account, path, fields }) => {
    bookOf(account, path.id).name = text(fields, 'name');
    return { result: true };
  },
  'DELETE /addressbooks/{id}': ({ account, path }) => {
    account.books.delete(bookOf(account, path.id).id);
    return { result: true };
  },
  'GET /addressbooks/{id}/variables': ({ account, path }) => {
    const types = new Map<string, string>();
    for (const { variables } of bookOf(account, path.id).contacts.values()) {
      for (const [name, value] of variables) types.set(name, typeof value);
    }
    return [...types].map(([name, type]) => ({ name, type }));
  },
  'GET /addressbooks/{id}/cost': ({ account, path }) => ({
    cur: 'UAH',
    sent_emails_qty: bookOf(account, path.id).contacts.size,
    overdraftAllEmailsPrice: 0,
    addressesDeltaFromBalance: 0,
    addressesDeltaFromTariff: bookOf(account, path.id).contacts.size,
    max_emails_per_task: 10_000,
    result: true,
  }),
  'GET /addressbooks/{id}/campaigns': ({ account, path, query }) => {
    const { id } = bookOf(account, path.id);
    const campaigns = [...account.campaigns.values()].filter(({ list_id }) => [list_id].flat().includes(id));
    return page(campaigns, query).map((campaign) => ({ task_id: campaign.id, task_name: campaign.name }));
  },
  'PUT /addressbooks/{id}/phone': ({ account, path, fields }) => {
    const contact = bookOf(account, path.id).contacts.get(text(fields, 'email').toLowerCase());
    if (contact === undefined) throw missing.email();
    contact.variables.set('phone', text(fields, 'phone'));
    return { result: true };
  },
  'GET /addressbooks/{id}/emails/total': ({ account, path, query }) => {
    const contacts = [...bookOf(account, path.id).contacts.values()];
    const onlyActive = query.active !== undefined && integer(query, 'active') === 1;
    return { total: onlyActive ? contacts.filter(({ status }) => status <= 1).length : contacts.length };
  },
};

function shown({ id, name, createdAt, contacts, phones }: Book): Record<string, unknown> {
  const active = [...contacts.values()].filter(({ status }) => status <= 1).length;
  return {
    id,
    name,
    all_email_qty: contacts.size,
    active_email_qty: active,
    inactive_email_qty: contacts.size - active,
    active_phones_quantity: phones.size,
    creationdate: dateText(createdAt),
    status: 0,
    status_explain: 'Active',
  };
}
