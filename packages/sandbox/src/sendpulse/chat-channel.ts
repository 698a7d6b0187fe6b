import { apiFailure, missing } from './api-failure.ts';
import { type Fields, phone, text } from './fields.ts';
import type { SendPulseChatbotChannel } from './public.ts';
import type { Input, Route, RouteParts } from './routes.ts';
import { type ChatContact, newToken } from './state.ts';

/** A good answer of chatbots. */
export const ok = (data: unknown = true): object => ({ success: true, data });

/** What the routes of one service's chatbots are made of. */
export interface ChatChannel {
  /** The subscriber that fields name; refused where there is none. */
  contactOf(input: Input, fields: Fields): ChatContact;
  /** The subscribers of the bot that the query names. */
  contactsOf(input: Input): ChatContact[];
  /** One page as an answer. */
  paged(items: readonly unknown[], fields: Fields): object;
  byPhone(input: Input, fields: Fields): ChatContact | undefined;
  /** A route that does something to one subscriber. */
  does(work: (contact: ChatContact, fields: Fields) => unknown): Route;
  /** Keeps a message to a subscriber, and gives it as it is shown. */
  sends(contact: ChatContact, content: Record<string, unknown>): object;
}

/** Builds a {@link ChatChannel}. */
export function createChatChannel(
  { clock, changed }: RouteParts,
  channel: SendPulseChatbotChannel,
): ChatChannel {
  const contactOf = ({ account }: Input, fields: Fields): ChatContact => {
    const contact = account.chatContacts.get(text(fields, fields.id === undefined ? 'contact_id' : 'id'));
    if (contact === undefined || contact.channel !== channel) throw missing.contact();
    return contact;
  };
  const contactsOf = ({ account, query }: Input): ChatContact[] =>
    [...account.chatContacts.values()].filter(({ botId }) => botId === query.bot_id);
  const paged = (items: readonly unknown[], { size, skip }: Fields): object => {
    const from = Number(skip) || 0;
    return ok(items.slice(from, from + (Number(size) || 20)));
  };
  const byPhone = ({ account }: Input, fields: Fields): ChatContact | undefined => {
    const number = phone(fields.phone);
    return [...account.chatContacts.values()].find(
      (one) => one.botId === fields.bot_id && one.phone === number,
    );
  };
  const does =
    (work: (contact: ChatContact, fields: Fields) => unknown): Route =>
    (input) => {
      const data = work(contactOf(input, { ...input.query, ...input.fields }), input.fields);
      changed();
      return ok(data ?? true);
    };
  const sends = (contact: ChatContact, content: Record<string, unknown>): object => {
    if (contact.status === 2) throw apiFailure(400, 400, 'Contact is disabled', 'success');
    const message = {
      id: newToken(12),
      direction: 2,
      status: 1,
      created_at: new Date(clock.now()).toISOString(),
    };
    contact.messages.push({ ...message, ...content });
    return { ...message, contact_id: contact.id, bot_id: contact.botId, data: content };
  };

  return { contactOf, contactsOf, paged, byPhone, does, sends };
}
