import { missing } from './api-failure.ts';
import { address, integer, list, phone, text } from './fields.ts';
import type { Input, Routes } from './routes.ts';
import { type Account, newNumber } from './state.ts';

/** Tags of contacts. @see https://sendpulse.com/integrations/api/bulk-email#tags */
export const tagRoutes: Routes = {
  'GET /tags': ({ account }) => ({
    tags: [...account.tags.values()].map(({ id, name, color }) => ({ id, name, color })),
    user_id: account.id,
    version: '1.0',
  }),
  'POST /tags': ({ account, fields }) => {
    const id = newNumber();
    account.tags.set(id, {
      id,
      name: text(fields, 'name'),
      color: text(fields, 'color'),
      pinned: new Set(),
    });
    return tagAnswer(account);
  },
  'PUT /tags/{id}': ({ account, path, fields }) => {
    Object.assign(tagOf(account, path.id), { name: text(fields, 'name'), color: text(fields, 'color') });
    return tagAnswer(account);
  },
  'DELETE /tags/{id}': ({ account, path }) => {
    account.tags.delete(tagOf(account, path.id).id);
    return tagAnswer(account);
  },
  'POST /tags/pin/email': (input) => pin(input, address(input.fields.email), true),
  'POST /tags/unpin/email': (input) => pin(input, address(input.fields.email), false),
  'POST /tags/pin/phone': (input) => pin(input, phone(input.fields.phone), true),
  'POST /tags/unpin/phone': (input) => pin(input, phone(input.fields.phone), false),
};

function tagOf(account: Account, id: unknown) {
  const tag = account.tags.get(Number(id));
  if (tag === undefined) throw missing.anything();
  return tag;
}

function pin({ account, fields }: Input, to: string, isPinned: boolean): object {
  for (const id of list(fields, 'tags')) {
    const { pinned } = tagOf(account, integer({ id }, 'id'));
    if (isPinned) pinned.add(to);
    else pinned.delete(to);
  }
  return tagAnswer(account);
}

function tagAnswer({ id }: Account): object {
  return {
    code: 'ok',
    description: '',
    failure: false,
    http_code: 200,
    queue_id: '',
    success: true,
    user_id: id,
    version: '1.0',
  };
}
