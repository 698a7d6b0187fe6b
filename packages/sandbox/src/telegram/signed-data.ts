import { createHash, createHmac } from 'node:crypto';
import type { Bot } from './state.ts';
import type { TelegramUser } from './types.ts';

/** What a Mini App is started with, signed with the bot's token. Telegram's own signature cannot be made here. */
export function signedInitData(
  bot: Bot,
  user: TelegramUser,
  fields: Readonly<Record<string, string>>,
  date: number,
): string {
  const secret = createHmac('sha256', 'WebAppData').update(bot.token).digest();
  const { id, first_name, last_name, username, language_code } = user;
  const shown = { id, first_name, last_name, username, language_code, allows_write_to_pm: true };
  return signed({ auth_date: String(date), user: JSON.stringify(shown), ...fields }, secret).toString();
}

/** What the legacy Login Widget sends a site. */
export function signedWidgetData(
  bot: Bot,
  { id, first_name, last_name, username }: TelegramUser,
  date: number,
): URLSearchParams {
  const secret = createHash('sha256').update(bot.token).digest();
  return signed(
    {
      id: String(id),
      first_name,
      ...(last_name !== undefined && { last_name }),
      ...(username !== undefined && { username }),
      auth_date: String(date),
    },
    secret,
  );
}

function signed(fields: Readonly<Record<string, string>>, secret: Buffer): URLSearchParams {
  const lines = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`);
  const hash = createHmac('sha256', secret).update(lines.join('\n')).digest('hex');
  return new URLSearchParams({ ...fields, hash });
}
