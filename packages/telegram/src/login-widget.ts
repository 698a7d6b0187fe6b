import { createHash, createHmac } from 'node:crypto';
import { safeEqual } from '@cartie/core';
import {
  checkAge,
  checkAgeOptions,
  checkString,
  readFields,
  refused,
  type SignedAge,
  type SignedFields,
  type SignedWhat,
} from './signed-fields.ts';
import { checkToken } from './token.ts';

/** Options of {@link verifyLoginWidget}. */
export interface LoginWidgetOptions extends SignedAge {
  /** The token of the bot whose widget it is. */
  token: string;
}

/** Who logged in. @see https://core.telegram.org/widgets/login-legacy#receiving-authorization-data */
export interface LoginWidgetUser {
  id: number;
  first_name?: string;
  last_name?: string;
  username?: string;
  photo_url?: string;
  /** When the user logged in. Unix time in seconds. */
  auth_date: number;
}

/** What the widget gives: the query of the redirect, or the object of its JavaScript callback. */
export type LoginWidgetData =
  | string
  | URLSearchParams
  | Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * Checks what the legacy Login Widget gives and tells who logged in. Give it what came from Telegram, all of it, and
 * nothing else: every field is part of what is signed, so take parameters of your own off the redirect's query first.
 * New sites use {@link createTelegramLogin}.
 *
 * @throws CartieError `invalid_signature`; `field` is `hash` for data that is not from Telegram or was changed,
 *   `auth_date` for data that is too old or from the future. `invalid_config` for a wrong option
 * @see https://core.telegram.org/widgets/login-legacy#checking-authorization
 */
export function verifyLoginWidget(data: LoginWidgetData, options: LoginWidgetOptions): LoginWidgetUser {
  checkToken(options?.token);
  checkAgeOptions(options, what);
  const { hash, ...signed } = fieldsOf(data);
  const key = createHash('sha256').update(options.token).digest();
  const expected = createHmac('sha256', key).update(checkString(signed)).digest('hex');
  if (!safeEqual(hash?.toLowerCase(), expected)) {
    throw refused('hash', 'The login data is not from Telegram, or is for another bot', what);
  }
  const auth_date = checkAge(signed.auth_date, options, what);
  const { id, first_name, last_name, username, photo_url } = signed;
  if (!/^\d{1,16}$/.test(id ?? '')) throw refused('id', 'The login data does not say who logged in', what);
  return {
    id: Number(id),
    auth_date,
    ...(first_name !== undefined && { first_name }),
    ...(last_name !== undefined && { last_name }),
    ...(username !== undefined && { username }),
    ...(photo_url !== undefined && { photo_url }),
  };
}

const what: SignedWhat = { operation: 'verifyLoginWidget', name: 'login data' };

function fieldsOf(data: LoginWidgetData): SignedFields {
  if (typeof data === 'string') return readFields(data.replace(/^\?/, ''), what);
  if (data instanceof URLSearchParams) return readFields(data.toString(), what);
  if (typeof data !== 'object' || data === null) {
    throw refused('hash', 'The login data is not what the widget gives', what);
  }
  const fields: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(data)) {
    if (value !== undefined && value !== null) fields[name] = String(value);
  }
  return fields;
}
