import { address, fromBase64, text } from './fields.ts';
import type { RouteParts, Routes } from './routes.ts';

/** Addresses that no campaign is sent to. @see https://sendpulse.com/integrations/api/bulk-email#blacklist */
export function blacklistRoutes({ changed }: RouteParts): Routes {
  return {
    'GET /blacklist': ({ account }) => [...account.blacklist.keys()],
    'POST /blacklist': ({ account, fields }) => {
      const comment = fields.comment === undefined ? '' : text(fields, 'comment');
      for (const email of listed(fields.emails)) account.blacklist.set(email, comment);
      changed();
      return { result: true };
    },
    'DELETE /blacklist': ({ account, fields }) => {
      for (const email of listed(fields.emails)) account.blacklist.delete(email);
      changed();
      return { result: true };
    },
  };
}

function listed(emails: unknown): string[] {
  return fromBase64(emails, 'emails')
    .split(',')
    .map((email) => address(email.trim(), 'emails'));
}
