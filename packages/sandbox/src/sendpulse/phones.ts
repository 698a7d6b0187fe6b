import { bookOf } from './address-books.ts';
import { apiFailure, invalidField, missing } from './api-failure.ts';
import { type Fields, isRecord, list, phone, text, texts } from './fields.ts';
import type { Routes } from './routes.ts';
import { type Account, newNumber, type Phone, type Row } from './state.ts';

/** Phones of books and SMS to them. @see https://sendpulse.com/integrations/api/bulk-sms */
export const smsRoutes: Routes = {
  'POST /sms/numbers': ({ account, fields }) => {
    const numbers = texts(fields, 'phones').map((one) => phone(one, 'phones'));
    return { result: true, counters: add(account, fields, new Map(numbers.map((one) => [one, []]))) };
  },
  'POST /sms/numbers/variables': ({ account, fields }) => {
    if (!isRecord(fields.phones)) throw invalidField('phones', 'is invalid');
    const given = Object.entries(fields.phones).map(([number, sets]) => {
      const variables = list({ sets }, 'sets').flatMap((set) => variablesOf(set));
      return [phone(number, 'phones'), variables] as const;
    });
    return [{ result: true, counters: add(account, fields, new Map(given)) }];
  },
  'PUT /sms/numbers': ({ account, fields }) => {
    const { phones } = bookOf(account, fields.addressBookId);
    const variables = variablesOf(fields.variables);
    const known = texts(fields, 'phones').flatMap((one) => phones.get(phone(one, 'phones')) ?? []);
    for (const one of known) for (const [name, value] of variables) one.variables.set(name, value);
    return [{ result: true, counters: { updated: known.length } }];
  },
  'DELETE /sms/numbers': ({ account, fields }) => {
    const { phones } = bookOf(account, fields.addressBookId);
    const deleted = texts(fields, 'phones').filter((one) => phones.delete(phone(one, 'phones'))).length;
    return { result: true, counters: { deleted } };
  },
  'POST /addressbooks/{id}/phones/variable': ({ account, path, fields }) => {
    const found = bookOf(account, path.id).phones.get(phone(fields.phone));
    if (found === undefined) throw missing.anything();
    for (const [name, value] of variablesOf(fields.variables)) found.variables.set(name, value);
    return { result: true };
  },
  'GET /sms/numbers/info/{book}/{phone}': ({ account, path }) => {
    const found = bookOf(account, path.book).phones.get(phone(path.phone));
    if (found === undefined) throw missing.anything();
    return [{ result: true, data: { status: 1, ...shown(found) } }];
  },
  'POST /sms/black_list': ({ account, fields }) => {
    for (const one of texts(fields, 'phones')) {
      account.phoneBlacklist.set(phone(one, 'phones'), String(fields.description ?? ''));
    }
    return [{ result: true }];
  },
  'DELETE /sms/black_list': ({ account, fields }) => {
    for (const one of texts(fields, 'phones')) account.phoneBlacklist.delete(phone(one, 'phones'));
    return [{ result: true }];
  },
  'GET /sms/black_list': ({ account }) => ({
    result: true,
    data: [...account.phoneBlacklist].map(([one, description]) => ({ phone: one, description })),
  }),
  'GET /sms/black_list/by_numbers': ({ account, query }) => ({
    result: true,
    data: [query['phones[]'] ?? []]
      .flat()
      .map(String)
      .filter((one) => account.phoneBlacklist.has(one))
      .map((one) => ({ phone: one, description: account.phoneBlacklist.get(one) })),
  }),
  'POST /sms/campaigns': ({ account, fields }) => {
    const { phones } = bookOf(account, fields.addressBookId);
    return { result: true, campaign_id: send(account, fields, [...phones.keys()]) };
  },
  'POST /sms/send': ({ account, fields }) => {
    const phones = texts(fields, 'phones').map((one) => phone(one, 'phones'));
    const exceptions = phones.filter((one) => account.phoneBlacklist.has(one)).length;
    const campaign_id = send(account, fields, phones);
    return { result: true, campaign_id, counters: { exceptions, sends: phones.length - exceptions } };
  },
  'DELETE /sms/campaigns': ({ account, fields }) => {
    account.smsCampaigns.delete(campaignOf(account, fields.id).id);
    return { result: true };
  },
  'GET /sms/campaigns/list': ({ account }) => ({ result: true, data: [...account.smsCampaigns.values()] }),
  'GET /sms/campaigns/info/{id}': ({ account, path }) => [
    { result: true, data: campaignOf(account, path.id) },
  ],
  'PUT /sms/campaigns/cancel/{id}': ({ account, path }) => {
    campaignOf(account, path.id).status = 'cancelled';
    return { result: true };
  },
  'GET /sms/campaigns/cost': ({ query }) => {
    text(query, 'body');
    text(query, 'sender');
    return { result: true, data: { price: 0.5, currency: 'UAH' } };
  },
  'GET /sms/senders': () => [{ id: 1, sender: 'CARS', country: 'UA', status: 1, status_explain: 'Approved' }],
};

/** Phones as they are shown. */
export function shown({ phone: number, variables }: Phone): {
  phone: string;
  variables: Record<string, string | number>;
} {
  return { phone: number, variables: Object.fromEntries(variables) };
}

function add(
  account: Account,
  fields: Fields,
  given: ReadonlyMap<string, [string, string | number][]>,
): object {
  const { phones } = bookOf(account, fields.addressBookId);
  const counters = { added: 0, exceptions: 0, exists: 0 };
  for (const [number, variables] of given) {
    if (account.phoneBlacklist.has(number)) counters.exceptions += 1;
    else if (phones.has(number)) counters.exists += 1;
    else {
      counters.added += 1;
      phones.set(number, { phone: number, variables: new Map(variables) });
    }
  }
  return counters;
}

function send(account: Account, fields: Fields, phones: readonly string[]): number {
  const sender = text(fields, 'sender');
  if (sender.length > 11) throw invalidField('sender', 'is invalid');
  const body = text(fields, 'body');
  if (account.balance <= 0) throw apiFailure(400, 707, 'Not enough money');
  const recipients = phones.filter((one) => !account.phoneBlacklist.has(one));
  const campaign: Row = { id: newNumber(), sender, body, phones: recipients, status: 'sent' };
  account.smsCampaigns.set(campaign.id, campaign);
  return campaign.id;
}

function campaignOf(account: Account, id: unknown): Row {
  const campaign = account.smsCampaigns.get(Number(id));
  if (campaign === undefined) throw missing.campaign();
  return campaign;
}

function variablesOf(value: unknown): [string, string | number][] {
  return list({ variables: value }, 'variables').map((item) => {
    if (!isRecord(item) || (typeof item.value !== 'string' && typeof item.value !== 'number')) {
      throw invalidField('variables', 'is invalid');
    }
    return [text(item, 'name'), item.value];
  });
}
