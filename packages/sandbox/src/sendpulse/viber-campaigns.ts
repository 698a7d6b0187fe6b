import { bookOf } from './address-books.ts';
import { invalidField } from './api-failure.ts';
import { integer, page, phone, text, texts } from './fields.ts';
import type { Routes } from './routes.ts';
import { rowOf } from './rows.ts';
import { newNumber } from './state.ts';

/** Viber campaigns. @see https://sendpulse.com/integrations/api/viber */
export const viberCampaignRoutes: Routes = {
  'POST /viber': ({ account, fields }) => {
    const type = integer(fields, 'message_type');
    if (type !== 2 && type !== 3) throw invalidField('message_type', 'is invalid');
    const life = integer(fields, 'message_live_time');
    if (life < 60 || life > 86_400) throw invalidField('message_live_time', 'is invalid');
    integer(fields, 'sender_id');
    text(fields, 'send_date');
    const message = text(fields, 'message');
    if (message.length > 1_000) throw invalidField('message', 'is too long');
    const recipients =
      fields.recipients === undefined
        ? [...bookOf(account, fields.address_book).phones.keys()]
        : texts(fields, 'recipients').map((one) => phone(one, 'recipients'));
    const id = newNumber();
    account.viberTasks.set(id, { ...fields, id, recipients });
    return { result: true, data: { task_id: id } };
  },
  'GET /viber/task': ({ account, query }) =>
    page([...account.viberTasks.values()], query).map(({ id, task_name, message }) => ({
      id,
      name: task_name,
      message,
      status: 'sent',
    })),
  'GET /viber/task/{id}': ({ account, path }) => {
    const { id, recipients } = rowOf(account.viberTasks, path.id);
    return { id, statistic: { sent: (recipients as unknown[]).length, delivered: 0, read: 0, errors: 0 } };
  },
  'GET /viber/task/{id}/recipients': ({ account, path }) => {
    const { id, recipients } = rowOf(account.viberTasks, path.id);
    return {
      task_id: id,
      recipients: (recipients as string[]).map((one) => ({ phone: one, status: 'sent' })),
    };
  },
  'POST /viber/update': ({ account, fields }) => {
    Object.assign(rowOf(account.viberTasks, fields.main_task_id), fields);
    return { result: true };
  },
  'GET /viber/senders': () => [{ id: 1, status: 'approved', name: 'Cars' }],
  'GET /viber/senders/{id}': ({ path }) => ({ id: Number(path.id), status: 'approved', name: 'Cars' }),
  'GET /v2/viber-service/phone-exception': ({ account }) => ({
    data: [...account.phoneExceptions].map((one) => ({ phone: one })),
  }),
  'POST /v2/viber-service/phone-exception': ({ account, fields }) => {
    for (const one of texts(fields, 'phones')) account.phoneExceptions.add(phone(one, 'phones'));
    return { result: true };
  },
  'DELETE /v2/viber-service/phone-exception': ({ account, fields }) => {
    for (const one of texts(fields, 'phones')) account.phoneExceptions.delete(phone(one, 'phones'));
    return { result: true };
  },
};
