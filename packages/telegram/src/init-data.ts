import { createHmac } from 'node:crypto';
import { CartieError, safeEqual } from '@cartie/core';
import { checkToken } from './token.ts';

/** Options of {@link verifyInitData}. */
export interface InitDataOptions {
  /** The token of the bot whose Mini App it is. */
  token: string;
  /** Older data is refused. Milliseconds. @default 86400000 (24 hours) */
  maxAgeMs?: number | undefined;
  /** How far our clock may be behind: data from further in the future is refused. Milliseconds. @default 60000 */
  clockSkewMs?: number | undefined;
}

/** A user as Telegram describes him to a Mini App. @see https://core.telegram.org/bots/webapps#webappuser */
export interface InitDataUser {
  id: number;
  is_bot?: boolean;
  first_name: string;
  last_name?: string;
  username?: string;
  language_code?: string;
  is_premium?: true;
  added_to_attachment_menu?: true;
  allows_write_to_pm?: true;
  photo_url?: string;
}

/** A chat as Telegram describes it to a Mini App. @see https://core.telegram.org/bots/webapps#webappchat */
export interface InitDataChat {
  id: number;
  type: string;
  title: string;
  username?: string;
  photo_url?: string;
}

/** What a Mini App was started with, proven to come from Telegram. @see https://core.telegram.org/bots/webapps#webappinitdata */
export interface InitData {
  /** When it was opened. Unix time in seconds. */
  auth_date: number;
  user?: InitDataUser;
  /** The other side of a private chat, for an app in the attachment menu. */
  receiver?: InitDataUser;
  chat?: InitDataChat;
  chat_type?: string;
  chat_instance?: string;
  /** For `answerWebAppQuery`. */
  query_id?: string;
  start_param?: string;
  /** Seconds after which a message can be sent by `answerWebAppQuery`. */
  can_send_after?: number;
}

/**
 * Checks the init data that a Mini App sends to your server (`Telegram.WebApp.initData`, as it is) and gives what it
 * says. Whoever has the data can use it as its user until `maxAgeMs` is over, so exchange it for a session soon.
 *
 * @throws CartieError `invalid_signature`; `field` is `hash` for data that is not from Telegram or was changed,
 *   `auth_date` for data that is too old or from the future. `invalid_config` for a wrong option
 * @see https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
 */
export function verifyInitData(initData: string, options: InitDataOptions): InitData {
  const { token, maxAgeMs = 24 * 60 * 60 * 1000, clockSkewMs = 60_000 } = options;
  checkToken(token);
  if (!(maxAgeMs > 0)) throw invalidConfig('maxAgeMs', 'more than 0');
  if (!(clockSkewMs >= 0)) throw invalidConfig('clockSkewMs', '0 or more');

  const fields = fieldsOf(initData);
  const { hash, ...signed } = fields;
  const checked = Object.entries(signed)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
  const key = createHmac('sha256', 'WebAppData').update(token).digest();
  const expected = createHmac('sha256', key).update(checked).digest('hex');
  if (!safeEqual(hash?.toLowerCase(), expected)) {
    throw refused('hash', 'The init data is not from Telegram, or is for another bot');
  }

  const authDate = /^\d{1,12}$/.test(signed.auth_date ?? '') ? Number(signed.auth_date) : undefined;
  if (authDate === undefined) throw refused('auth_date', 'The init data does not say when it was made');
  const ageMs = Date.now() - authDate * 1000;
  if (ageMs > maxAgeMs) throw refused('auth_date', 'The init data is older than `maxAgeMs`');
  if (ageMs < -clockSkewMs) throw refused('auth_date', 'The init data is from the future; check the clocks');
  return dataOf(signed, authDate);
}

function fieldsOf(initData: string): Record<string, string | undefined> {
  if (typeof initData !== 'string' || initData.length > maxLength) {
    throw refused('hash', 'The init data is not a query string as Telegram.WebApp.initData gives it');
  }
  const fields: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of new URLSearchParams(initData)) {
    // Readers would not agree on which of the two counts.
    if (name in fields) throw refused('hash', 'The init data has a field twice');
    fields[name] = value;
  }
  return fields;
}

function dataOf(signed: Readonly<Record<string, string | undefined>>, authDate: number): InitData {
  const { user, receiver, chat, chat_type, chat_instance, query_id, start_param, can_send_after } = signed;
  return {
    auth_date: authDate,
    ...(user !== undefined && { user: parse<InitDataUser>(user) }),
    ...(receiver !== undefined && { receiver: parse<InitDataUser>(receiver) }),
    ...(chat !== undefined && { chat: parse<InitDataChat>(chat) }),
    ...(chat_type !== undefined && { chat_type }),
    ...(chat_instance !== undefined && { chat_instance }),
    ...(query_id !== undefined && { query_id }),
    ...(start_param !== undefined && { start_param }),
    ...(can_send_after !== undefined && { can_send_after: Number(can_send_after) }),
  };
}

// Signed by Telegram, so it has Telegram's form; the checks are against a token that has leaked.
function parse<T extends { id: number }>(json: string): T {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number')
      return value as T;
  } catch {
    // Refused below, without quoting it.
  }
  throw refused('hash', 'The init data has a field that is not as Telegram writes it');
}

const maxLength = 16 * 1024;

function refused(field: 'hash' | 'auth_date', message: string): CartieError {
  return new CartieError('invalid_signature', message, {
    service: 'telegram',
    operation: 'verifyInitData',
    field,
  });
}

function invalidConfig(field: string, what: string): CartieError {
  return new CartieError('invalid_config', `\`${field}\` must be a number of milliseconds, ${what}`, {
    service: 'telegram',
    operation: 'verifyInitData',
    field,
  });
}
