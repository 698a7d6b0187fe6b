import { apiFailure, invalidField } from './api-failure.ts';
import { integer, page, text } from './fields.ts';
import type { Routes } from './routes.ts';
import { rowOf } from './rows.ts';
import { newNumber } from './state.ts';

/** Web push. @see https://sendpulse.com/integrations/api/push */
export const pushRoutes: Routes = {
  'GET /push/tasks': ({ account, query }) => page([...account.pushTasks.values()], query),
  'POST /push/tasks': ({ account, fields }) => {
    text(fields, 'title');
    text(fields, 'body');
    if (integer(fields, 'ttl') > 86_400) throw invalidField('ttl', 'is invalid');
    const site = rowOf(account.websites, integer(fields, 'website_id'));
    const last = [...account.pushTasks.values()].findLast(({ website_id }) => website_id === site.id);
    if (last !== undefined && last.body === fields.body) {
      throw apiFailure(400, 711, 'Wait before create new push campaign by this website');
    }
    const id = newNumber();
    account.pushTasks.set(id, { ...fields, id, status: 3 });
    return { result: true, id };
  },
  'GET /push/tasks/{id}': ({ account, path }) => {
    const { id, title, body } = rowOf(account.pushTasks, path.id);
    return { id, message: { title, text: body }, status: 3, send: '1', delivered: 1, redirect: 0 };
  },
  'GET /push/websites/total': ({ account }) => ({ total: account.websites.size }),
  'GET /push/websites': ({ account, query }) => page([...account.websites.values()], query),
  'GET /push/websites/info/{id}': ({ account, path }) => ({
    ...rowOf(account.websites, path.id),
    total_subscribers: 1,
    active_subscribers: 1,
  }),
  'GET /push/websites/{id}/variables': ({ account, path }) => {
    rowOf(account.websites, path.id);
    return [{ id: 1, name: 'city', type: 'string' }];
  },
  'GET /push/websites/{id}/subscriptions': ({ account, path, query }) => {
    const { id } = rowOf(account.websites, path.id);
    return page([{ id: id + 1, browser: 'Chrome', lang: 'uk', status: 1 }], query);
  },
  'GET /push/websites/{id}/subscriptions/total': ({ account, path }) => {
    rowOf(account.websites, path.id);
    return { total: 1 };
  },
  'GET /push/websites/{id}/code': ({ account, path }) => {
    rowOf(account.websites, path.id);
    return { script_url: 'https://web.webpushs.com/js/push/sandbox.js', script_code: '<script></script>' };
  },
  'POST /push/subscriptions/state': ({ fields }) => {
    integer(fields, 'id');
    if (integer(fields, 'state') > 1) throw invalidField('state', 'is invalid');
    return { result: true };
  },
};
