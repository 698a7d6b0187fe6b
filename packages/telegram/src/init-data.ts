import { createHmac, createPublicKey, verify } from 'node:crypto';
import { safeEqual } from '@cartie/core';
import {
  checkAge,
  checkAgeOptions,
  checkString,
  invalidOption,
  readFields,
  refused,
  type SignedAge,
  type SignedFields,
  type SignedWhat,
} from './signed-fields.ts';
import { checkToken } from './token.ts';

/** Options of {@link verifyInitData}. */
export interface InitDataOptions extends SignedAge {
  /** The token of the bot whose Mini App it is. */
  token: string;
}

/** Options of {@link verifyInitDataSignature}. */
export interface InitDataSignatureOptions extends SignedAge {
  /** The id of the bot whose Mini App it is: the number before the colon of its token. */
  botId: number | string;
  /** The data is from Telegram's test environment, which signs with another key. @default false */
  testEnvironment?: boolean | undefined;
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
  const what = { operation: 'verifyInitData', name: 'init data' } as const;
  checkToken(options?.token);
  checkAgeOptions(options, what);
  const { hash, ...signed } = readFields(initData, what);
  const key = createHmac('sha256', 'WebAppData').update(options.token).digest();
  const expected = createHmac('sha256', key).update(checkString(signed)).digest('hex');
  if (!safeEqual(hash?.toLowerCase(), expected)) {
    throw refused('hash', 'The init data is not from Telegram, or is for another bot', what);
  }
  return dataOf(signed, checkAge(signed.auth_date, options, what), what);
}

/**
 * Checks init data of somebody else's Mini App: by Telegram's own signature (Ed25519), for which the bot's token is not
 * needed. Gives what the data says.
 *
 * @throws CartieError `invalid_signature`; `field` is `signature` for data that Telegram did not sign for this bot,
 *   `auth_date` for data that is too old or from the future. `invalid_config` for a wrong option
 * @see https://core.telegram.org/bots/webapps#validating-data-for-third-party-use
 */
export function verifyInitDataSignature(initData: string, options: InitDataSignatureOptions): InitData {
  const what = { operation: 'verifyInitDataSignature', name: 'init data' } as const;
  const { botId, testEnvironment = false } = options ?? {};
  if (!/^\d{1,20}$/.test(String(botId))) {
    throw invalidOption('botId', 'the number before the colon of the bot’s token', what);
  }
  checkAgeOptions(options, what);
  const { hash: _, signature, ...signed } = readFields(initData, what);
  const message = Buffer.from(`${botId}:WebAppData\n${checkString(signed)}`);
  const key = publicKeys[testEnvironment ? 'test' : 'production'];
  const given = /^[\w-]{86}(==)?$/.test(signature ?? '')
    ? Buffer.from(signature ?? '', 'base64url')
    : undefined;
  if (given === undefined || !verify(null, message, key, given)) {
    throw refused('signature', 'The init data is not signed by Telegram, or is for another bot', what);
  }
  return dataOf(signed, checkAge(signed.auth_date, options, what), what);
}

// https://core.telegram.org/bots/webapps#validating-data-for-third-party-use
const publicKeys = {
  production: publicKey('e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d'),
  test: publicKey('40055058a4ee38156a06562e52eece92a771bcd8346a8c4615cb7376eddf72ec'),
} as const;

function publicKey(hex: string): ReturnType<typeof createPublicKey> {
  // The bytes before the key say that it is one of Ed25519.
  const der = Buffer.from(`302a300506032b6570032100${hex}`, 'hex');
  return createPublicKey({ key: der, format: 'der', type: 'spki' });
}

function dataOf(signed: SignedFields, authDate: number, what: SignedWhat): InitData {
  const { user, receiver, chat, chat_type, chat_instance, query_id, start_param, can_send_after } = signed;
  return {
    auth_date: authDate,
    ...(user !== undefined && { user: parse<InitDataUser>(user, what) }),
    ...(receiver !== undefined && { receiver: parse<InitDataUser>(receiver, what) }),
    ...(chat !== undefined && { chat: parse<InitDataChat>(chat, what) }),
    ...(chat_type !== undefined && { chat_type }),
    ...(chat_instance !== undefined && { chat_instance }),
    ...(query_id !== undefined && { query_id }),
    ...(start_param !== undefined && { start_param }),
    ...(can_send_after !== undefined && { can_send_after: Number(can_send_after) }),
  };
}

// Signed by Telegram, so it has Telegram's form; the checks are against a token that has leaked.
function parse<T extends { id: number }>(json: string, what: SignedWhat): T {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number')
      return value as T;
  } catch {
    // Refused below, without quoting it.
  }
  throw refused('hash', 'The init data has a field that is not as Telegram writes it', what);
}
