import { bookOf } from './address-books.ts';
import { missing } from './api-failure.ts';
import { address, integer } from './fields.ts';
import type { Routes } from './routes.ts';
import type { Account } from './state.ts';

/** The verifier of addresses. @see https://sendpulse.com/integrations/api/verifier */
export const verifierRoutes: Routes = {
  'POST /verifier-service/send-list-to-verify': ({ account, fields }) => {
    const { id, contacts } = bookOf(account, fields.id);
    account.verifications.set(id, { total: contacts.size, format: undefined });
    return { result: true };
  },
  'GET /verifier-service/get-progress': ({ account, query }) => {
    const { total } = verificationOf(account, query.id);
    return { result: true, data: { total, processed: total } };
  },
  'GET /verifier-service/check': ({ account, query }) => report(account, query.id),
  'GET /verifier-service/check-list': ({ account }) => ({
    total: account.verifications.size,
    list: [...account.verifications].map(([id, { total }]) => ({
      id,
      all_emails_quantity: total,
      status: 1,
    })),
  }),
  'POST /verifier-service/send-single-to-verify': ({ account, fields }) => {
    account.verifiedEmails.add(address(fields.email));
    return { result: true };
  },
  'GET /verifier-service/get-single-result': ({ account, query }) => {
    const email = address(query.email);
    if (!account.verifiedEmails.has(email)) throw missing.anything();
    return {
      result: true,
      data: { email, checks: { status: 1, valid_format: 1, disposable: 0, status_text: 'Valid' } },
    };
  },
  'POST /verifier-service/make-report': ({ account, fields }) => {
    verificationOf(account, fields.id).format = integer(fields, 'format');
    return { result: true };
  },
  'GET /verifier-service/check-report': ({ account, query }) => report(account, query.id),
  'GET /verifier-service/get-report': ({ account, query }) => {
    if (verificationOf(account, query.id).format === undefined) throw missing.anything();
    const { contacts } = bookOf(account, query.id);
    const csv = ['email,status', ...[...contacts.keys()].map((email) => `${email},valid`)].join('\n');
    return new Response(csv, { headers: { 'content-type': 'text/csv' } });
  },
};

function verificationOf(account: Account, id: unknown): { total: number; format: number | undefined } {
  const verification = account.verifications.get(Number(id));
  if (verification === undefined) throw missing.book();
  return verification;
}

function report(account: Account, id: unknown): object {
  const { total } = verificationOf(account, id);
  const { contacts, name } = bookOf(account, id);
  return {
    id: Number(id),
    address_book_name: name,
    all_emails_quantity: total,
    status: 1,
    data: { 0: 0, 1: total, 2: 0, 3: 0 },
    email_addresses: [...contacts.keys()].map((email_address, index) => ({
      id: index,
      email_address,
      status: 1,
    })),
    email_addresses_total: total,
  };
}
