/** A user or bot, as in https://core.telegram.org/bots/api#user. */
export interface TelegramUser {
  id: number;
  is_bot: boolean;
  first_name: string;
  last_name?: string;
  username?: string;
  language_code?: string;
  [field: string]: unknown;
}

/** A chat, as in https://core.telegram.org/bots/api#chat. */
export interface TelegramChat {
  id: number;
  type: 'private' | 'group' | 'supergroup' | 'channel';
  title?: string;
  username?: string;
  first_name?: string;
  last_name?: string;
  is_forum?: boolean;
  [field: string]: unknown;
}

/** A message, as in https://core.telegram.org/bots/api#message; the fields that are read most are typed. */
export interface TelegramMessage {
  message_id: number;
  date: number;
  chat: TelegramChat;
  from?: TelegramUser;
  text?: string;
  caption?: string;
  entities?: TelegramEntity[];
  caption_entities?: TelegramEntity[];
  edit_date?: number;
  reply_to_message?: TelegramMessage;
  reply_markup?: TelegramInlineKeyboard;
  media_group_id?: string;
  message_thread_id?: number;
  [field: string]: unknown;
}

/** Part of a text with a meaning; offsets count UTF-16 units. https://core.telegram.org/bots/api#messageentity */
export interface TelegramEntity {
  type: string;
  offset: number;
  length: number;
  [field: string]: unknown;
}

/** Buttons under a message. */
export interface TelegramInlineKeyboard {
  inline_keyboard: { text: string; callback_data?: string; url?: string; [field: string]: unknown }[][];
}

/** An update, as in https://core.telegram.org/bots/api#update. `update_id` is the first key. */
export interface TelegramUpdate {
  update_id: number;
  [kind: string]: unknown;
}
