import { apiFailure, missing } from './api-failure.ts';
import { address, text } from './fields.ts';
import type { RouteParts, Routes } from './routes.ts';
import { type Account, newNumber } from './state.ts';

/** A second code is sent no sooner than this; simulated milliseconds. */
const codeMs = 15 * 60_000;

/** Senders of letters. @see https://sendpulse.com/integrations/api/bulk-email#senders-list */
export function senderRoutes({ clock }: RouteParts): Routes {
  return {
    'GET /senders': ({ account }) =>
      [...account.senders].map(([email, { name, isActive }]) => ({
        email,
        name,
        status: isActive ? 'Active' : 'Waiting for activation',
      })),
    'POST /senders': ({ account, fields }) => {
      if (fields.email === undefined) throw apiFailure(400, 903, 'Empty email');
      if (fields.name === undefined) throw apiFailure(400, 901, 'Empty sender name');
      const email = address(fields.email);
      if (account.senders.has(email)) throw apiFailure(400, 902, 'Email already in use');
      account.senders.set(email, {
        name: text(fields, 'name'),
        isActive: false,
        code: String(newNumber()),
        sentAt: undefined,
      });
      return { result: true };
    },
    'DELETE /senders': ({ account, fields }) => {
      if (!account.senders.delete(text(fields, 'email').toLowerCase())) throw missing.sender();
      return { result: true };
    },
    'GET /senders/{email}/code': ({ account, path }) => {
      const sender = senderOf(account, path.email);
      if (sender.sentAt !== undefined && clock.now() - sender.sentAt < clock.scaled(codeMs)) {
        throw apiFailure(400, 1004, 'The activation code has been sent. Wait 15 minutes to retry');
      }
      sender.sentAt = clock.now();
      return { result: true, email: path.email };
    },
    'POST /senders/{email}/code': ({ account, path, fields }) => {
      const sender = senderOf(account, path.email);
      if (fields.code === undefined) throw apiFailure(400, 1104, 'Empty activation code');
      if (String(fields.code) !== sender.code)
        throw apiFailure(400, 21, 'No such email address awaiting activation');
      sender.isActive = true;
      return { result: true, email: path.email };
    },
  };
}

function senderOf(account: Account, email: string | undefined) {
  const sender = account.senders.get((email ?? '').toLowerCase());
  if (sender === undefined) throw missing.sender();
  return sender;
}
