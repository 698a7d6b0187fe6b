import { badRequest } from './api-failure.ts';
import { isRecord, type Params } from './params.ts';
import type { TelegramInlineKeyboard } from './types.ts';

/** What `reply_markup` asks for, checked. Only inline keyboards become part of the message. */
export interface ReplyMarkup {
  readonly inline: TelegramInlineKeyboard | undefined;
  /** A reply keyboard, its removal or a forced reply: shown by the user's app, not part of the message. */
  readonly other: Record<string, unknown> | undefined;
}

const buttonActions = [
  'callback_data',
  'url',
  'login_url',
  'web_app',
  'switch_inline_query',
  'switch_inline_query_current_chat',
  'switch_inline_query_chosen_chat',
  'copy_text',
  'callback_game',
  'pay',
] as const;

/** Reads and checks `reply_markup`. */
export function readReplyMarkup(params: Params): ReplyMarkup {
  const markup = params.object('reply_markup', 'reply markup');
  if (!markup) return { inline: undefined, other: undefined };
  if (!('inline_keyboard' in markup)) return { inline: undefined, other: markup };
  const rows = markup.inline_keyboard;
  if (!Array.isArray(rows) || !rows.every(Array.isArray)) {
    throw badRequest('field "inline_keyboard" of the InlineKeyboardMarkup should be an Array of Arrays');
  }
  for (const button of rows.flat()) checkButton(button);
  return {
    inline:
      rows.flat().length === 0
        ? undefined
        : { inline_keyboard: rows as TelegramInlineKeyboard['inline_keyboard'] },
    other: undefined,
  };
}

function checkButton(button: unknown): void {
  if (!isRecord(button))
    throw badRequest("can't parse inline keyboard button: InlineKeyboardButton must be an Object");
  if (typeof button.text !== 'string') {
    throw badRequest('can\'t parse inline keyboard button: Can\'t find field "text"');
  }
  if (button.text.trim() === '') throw badRequest('BUTTON_TEXT_EMPTY');
  if (!buttonActions.some((action) => button[action] !== undefined)) {
    throw badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
  }
  const data = button.callback_data;
  if (data !== undefined) {
    const size = Buffer.byteLength(String(data));
    if (size < 1 || size > 64) throw badRequest('BUTTON_DATA_INVALID');
  }
  const url = button.url;
  if (url !== undefined && !/^(https?|tg|ton):\/\/.|^[^\s/]+\.[^\s/]+/i.test(String(url))) {
    throw badRequest(`inline keyboard button URL '${String(url)}' is invalid: Wrong HTTP URL`);
  }
}
