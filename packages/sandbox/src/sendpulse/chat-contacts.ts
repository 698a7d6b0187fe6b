import { invalidField } from './api-failure.ts';
import { type Account, type ChatContact, newToken } from './state.ts';

/** Makes a subscriber. */
export function newChatContact(
  account: Account,
  botId: string,
  { name = 'Olena', phone: number }: { name?: string | undefined; phone?: string | undefined } = {},
): ChatContact {
  const bot = account.bots.get(botId);
  if (bot === undefined) throw invalidField('bot_id', 'is invalid');
  const contact: ChatContact = {
    id: newToken(12),
    botId,
    channel: bot.channel,
    name,
    phone: number,
    status: 1,
    tags: new Set(),
    variables: new Map(),
    chatOpened: false,
    pausedUntil: undefined,
    notes: [],
    operator: undefined,
    messages: [],
  };
  account.chatContacts.set(contact.id, contact);
  return contact;
}

/** A subscriber as he is shown. */
export function shownContact(contact: ChatContact): Record<string, unknown> {
  const { id, botId, status, name, phone: number, tags, variables, chatOpened, operator } = contact;
  return {
    id,
    bot_id: botId,
    status,
    channel_data: { name, first_name: name, phone: number },
    tags: [...tags],
    variables: Object.fromEntries(variables),
    is_chat_opened: chatOpened,
    operator_id: operator ?? null,
  };
}

/** A bot as it is shown. */
export function shownBot({ id, name }: { id: string; name: string }): Record<string, unknown> {
  return { id, channel_data: { name }, inbox: { total: 0, unread: 0 }, status: 3 };
}
