import { apiFailure, invalidField } from './api-failure.ts';
import { list } from './fields.ts';
import type { Routes } from './routes.ts';
import { type Account, newNumber, type WebhookRow } from './state.ts';

/** Webhooks of the e-mail service. @see https://sendpulse.com/integrations/api/bulk-email#webhooks */
export const webhookRoutes: Routes = {
  'GET /v2/email-service/webhook': ({ account }) => ({
    success: true,
    data: [...account.webhooks.values()].map((row) => shownWebhook(account, row)),
  }),
  'POST /v2/email-service/webhook': ({ account, fields }) => {
    const url = webhookUrl(fields.url);
    const rows = list(fields, 'actions').map((action) => ({
      id: newNumber(),
      url,
      action: String(action),
    }));
    for (const row of rows) account.webhooks.set(row.id, row);
    return { success: true, data: rows.map((row) => shownWebhook(account, row)) };
  },
  'GET /v2/email-service/webhook/{id}': ({ account, path }) => ({
    success: true,
    data: shownWebhook(account, webhookOf(account, path.id)),
  }),
  'PUT /v2/email-service/webhook/{id}': ({ account, path, fields }) => {
    webhookOf(account, path.id).url = webhookUrl(fields.url);
    return { success: true, data: [true] };
  },
  'DELETE /v2/email-service/webhook/{id}': ({ account, path }) => {
    account.webhooks.delete(webhookOf(account, path.id).id);
    return { success: true, data: [true] };
  },
};

function webhookUrl(url: unknown): string {
  if (typeof url !== 'string' || !/^https?:\/\//.test(url)) throw invalidField('url', 'is invalid');
  return url;
}

function webhookOf(account: Account, id: unknown): WebhookRow {
  const row = account.webhooks.get(Number(id));
  if (row === undefined) {
    throw apiFailure(404, 404, 'Webhook not found', 'success');
  }
  return row;
}

function shownWebhook(account: Account, { id, url, action }: WebhookRow): object {
  return { id, user_id: account.id, url, action };
}
