import { bookOf } from './address-books.ts';
import { apiFailure, missing } from './api-failure.ts';
import { fromBase64, page, text } from './fields.ts';
import type { RouteParts, Routes } from './routes.ts';
import { type Account, newNumber, type Row } from './state.ts';
import { toldEvent } from './told-events.ts';

/** Campaigns that the API takes in an hour; simulated milliseconds. */
const hourly = { limit: 4, intervalMs: 3_600_000 } as const;

/** Campaigns to books. @see https://sendpulse.com/integrations/api/bulk-email#create-campaign */
export function campaignRoutes({ clock, delivery, mailboxOf, changed }: RouteParts): Routes {
  function checkRate(account: Account): void {
    const now = clock.now();
    account.campaignsAt = account.campaignsAt.filter((at) => at > now - clock.scaled(hourly.intervalMs));
    if (account.campaignsAt.length >= hourly.limit) {
      throw apiFailure(400, 791, 'API-campaigns limit exceeded (4 per hour)');
    }
    account.campaignsAt.push(now);
  }

  function send(account: Account, campaign: Row): void {
    const taskId = String(campaign.id);
    const tell = (event: string, fields: Record<string, unknown>): void =>
      delivery.push(account, 'email', toldEvent({ family: 'email', event, fields }, clock));
    tell('task_status_update', {
      task_id: taskId,
      status: 'sending',
      status_explain: 'Sending',
      email: undefined,
    });
    for (const id of [campaign.list_id].flat()) {
      for (const { email, status } of bookOf(account, id).contacts.values()) {
        if (status > 1 || account.blacklist.has(email)) continue;
        const state = mailboxOf(email);
        const answer = { smtp_server_response_code: 550, smtp_server_response: 'No such mailbox' };
        tell(state === 'accepts' ? 'delivered' : state, {
          task_id: taskId,
          email,
          ...(state !== 'accepts' && answer),
        });
      }
    }
  }

  return {
    'POST /campaigns': ({ account, fields }) => {
      if (fields.sender_email === undefined || fields.sender_name === undefined) {
        throw apiFailure(400, 701, 'Sender email or name is empty');
      }
      const sender = account.senders.get(text(fields, 'sender_email').toLowerCase());
      if (sender === undefined) throw apiFailure(400, 704, 'Sender not found');
      if (fields.subject === undefined || fields.subject === '') throw apiFailure(400, 720, 'Empty subject');
      if (fields.body === undefined && fields.template_id === undefined)
        throw apiFailure(400, 721, 'Empty body');
      if (fields.list_id === undefined && fields.segment_id === undefined) {
        throw apiFailure(400, 722, 'Empty book id');
      }
      const books = [fields.list_id].flat().filter((id) => id !== undefined);
      if (books.length > 10) throw apiFailure(400, 703, 'Too many books');
      let count = 0;
      for (const id of books) {
        const book = account.books.get(Number(id));
        if (book === undefined) throw apiFailure(400, 703, 'Book not found');
        count += book.contacts.size;
      }
      if (count === 0 && books.length > 0) throw apiFailure(400, 211, 'Book is empty');
      if (account.balance <= 0) throw apiFailure(400, 707, 'Not enough money');
      checkRate(account);
      const body = fields.body === undefined ? undefined : fromBase64(fields.body, 'body');
      const status = fields.type === 'draft' ? 0 : 1;
      const campaign = { ...fields, id: newNumber(), name: fields.name ?? fields.subject, body, status };
      account.campaigns.set(campaign.id, campaign);
      if (status === 1 && fields.is_test !== true) send(account, campaign);
      changed();
      return {
        id: campaign.id,
        status,
        count,
        tariff_email_qty: count,
        overdraft_price: '0',
        ovedraft_currency: 'UAH',
      };
    },
    'GET /campaigns': ({ account, query }) => page([...account.campaigns.values()], query).map(shown),
    'GET /campaigns/{id}': ({ account, path }) => shown(campaignOf(account, path.id)),
    'PATCH /campaigns/{id}': ({ account, path, fields }) => {
      const campaign = campaignOf(account, path.id);
      if (campaign.status !== 0) throw apiFailure(400, 602, 'Campaign has been sent');
      Object.assign(campaign, fields, { id: campaign.id });
      return { result: true, id: campaign.id };
    },
    'DELETE /campaigns/{id}': ({ account, path }) => {
      account.campaigns.delete(campaignOf(account, path.id).id);
      return { result: true };
    },
    'GET /campaigns/{id}/countries': ({ account, path }) => {
      campaignOf(account, path.id);
      return { UA: 1 };
    },
    'GET /campaigns/{id}/referrals': ({ account, path }) => {
      campaignOf(account, path.id);
      return [{ link: 'https://cars.example', count: 1 }];
    },
    'GET /campaigns/{id}/email/{email}': ({ account, path }) => {
      campaignOf(account, path.id);
      return {
        sent_date: '2026-01-01 00:00:00',
        global_status: 1,
        global_status_explain: 'Sent',
        detail_status: 2,
      };
    },
  };
}

/** Templates of letters. @see https://sendpulse.com/integrations/api/bulk-email#create-template */
export const templateRoutes: Routes = {
  'POST /template': ({ account, fields }) => {
    const template = {
      id: newNumber(),
      name: fields.name ?? 'Template',
      body: fromBase64(fields.body, 'body'),
      lang: fields.lang ?? 'en',
    };
    account.templates.set(template.id, template);
    return { result: true, real_id: template.id };
  },
  'POST /template/edit/{id}': ({ account, path, fields }) => {
    Object.assign(templateOf(account, path.id), { body: fromBase64(fields.body, 'body') });
    return { result: true };
  },
  'GET /template/{id}': ({ account, path }) => shownTemplate(templateOf(account, path.id)),
  'GET /template/slug/{slug}': ({ account, path }) => {
    const found = [...account.templates.values()].find(({ name }) => slugOf(name) === path.slug);
    if (found === undefined) throw missing.template();
    return shownTemplate(found);
  },
  'GET /templates': ({ account, query }) => page([...account.templates.values()], query).map(shownTemplate),
};

function campaignOf(account: Account, id: unknown): Row {
  const campaign = account.campaigns.get(Number(id));
  if (campaign === undefined) throw missing.campaign();
  return campaign;
}

function templateOf(account: Account, id: unknown): Row {
  const template = account.templates.get(Number(id));
  if (template === undefined) throw missing.template();
  return template;
}

function shown({ id, name, status, subject, sender_email, sender_name }: Row): Record<string, unknown> {
  return { id, name, status, message: { subject, sender_email, sender_name } };
}

function shownTemplate(template: Row): Record<string, unknown> {
  const { id, name, lang, body } = template;
  return { id: String(id), real_id: id, name, name_slug: slugOf(name), lang, body };
}

function slugOf(name: unknown): string {
  return String(name).toLowerCase().replaceAll(/\W+/g, '-');
}
