import type { CallOptions } from '@cartie/core';
import type { ListOptions, Loose, NoFields } from './operation.ts';
import type { SendPulseId } from './types.ts';

/** A subscriber of a chatbot. */
export type SendPulseSubscriber = Loose<{
  id: string;
  bot_id?: string;
  status?: number;
  tags?: readonly string[];
  variables?: unknown;
  is_chat_opened?: boolean;
}>;

/** A subscriber by its id. */
export interface SubscriberFields {
  contact_id: string;
}

/** A bot by its id. */
export interface BotFields {
  bot_id: string;
}

/** A variable to set, by its id or its name. */
export type SendPulseVariable =
  | { variable_name: string; variable_value: unknown }
  | { variable_id: string; variable_value: unknown };

/** A message in the words of the chatbot's service. */
export type SendPulseChatMessage = Readonly<Record<string, unknown>>;

/** An answer of chatbots without anything in it. */
export type SendPulseSuccess = Loose<{ success?: boolean }>;

type Act<More = object> = (
  fields: SubscriberFields & More,
  options?: CallOptions,
) => Promise<SendPulseSuccess>;
type List<Item, More = object> = (
  fields: BotFields & More,
  options?: ListOptions,
) => AsyncGenerator<Item, void, undefined>;

/**
 * What the chatbots of every service can do.
 * @see https://sendpulse.com/integrations/api/chatbot
 */
export interface Chatbot {
  bots(fields?: NoFields, options?: ListOptions): AsyncGenerator<Loose<{ id: string }>, void, undefined>;
  statistics(fields: BotFields, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  account(fields?: NoFields, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;

  getContact(fields: { id: string }, options?: CallOptions): Promise<SendPulseSubscriber>;
  contactsByTag: List<SendPulseSubscriber, { tag: string }>;
  contactsByVariable: List<
    SendPulseSubscriber,
    { variable_value: string; variable_name?: string | undefined; variable_id?: string | undefined }
  >;
  setVariables: Act<{ variables: readonly SendPulseVariable[] }>;
  deleteVariable: Act<{ variable_name?: string | undefined; variable_id?: string | undefined }>;
  setTags: Act<{ tags: readonly string[] }>;
  deleteTag: Act<{ tag: string }>;
  disableContact: Act;
  enableContact: Act;
  deleteContact: Act;
  getPause(fields: SubscriberFields, options?: CallOptions): Promise<Loose<{ minutes?: number }>>;
  /** Pauses automatic answers. */
  setPause: Act<{ minutes: number }>;
  endPause: Act;
  notes(fields: SubscriberFields & BotFields, options?: CallOptions): Promise<readonly Loose<object>[]>;
  createNote: Act<BotFields & { text: string }>;
  updateNote: Act<BotFields & { note_id: string; text: string }>;
  deleteNote: Act<BotFields & { note_id: string }>;
  assignOperator: Act<{ operator_id: number }>;
  unassignOperator: Act;
  openChat: Act;
  closeChat: Act;
  markRead: Act;
  markUnread: Act;

  flows: List<Loose<{ id: string; name?: string }>>;
  /** Starts a flow, never twice. */
  runFlow: Act<{ flow_id: string; external_data?: Readonly<Record<string, unknown>> | undefined }>;
  /** Starts the flow of a trigger, never twice. */
  runFlowByTrigger: Act<{
    trigger_keyword: string;
    external_data?: Readonly<Record<string, unknown>> | undefined;
  }>;
  triggers: List<Loose<{ id: string; name?: string }>>;
  variables: List<Loose<{ id?: SendPulseId; name?: string }>>;
  tags: List<unknown>;
  chats: List<Loose<object>>;
  messages(
    fields: SubscriberFields & { order?: 'asc' | 'desc' | undefined },
    options?: ListOptions,
  ): AsyncGenerator<Loose<{ id: string }>, void, undefined>;
  /** Sends to many subscribers, never twice. */
  sendCampaign(
    fields: BotFields & { title: string; send_at?: string | undefined } & Readonly<Record<string, unknown>>,
    options?: CallOptions,
  ): Promise<SendPulseSuccess>;
}

/** Sends one message to one subscriber, never twice. */
export type SendMessage = (
  fields: SubscriberFields & { message: SendPulseChatMessage },
  options?: CallOptions,
) => Promise<SendPulseSuccess>;

/** Sends messages to one subscriber, never twice. */
export type SendMessages = (
  fields: SubscriberFields & { messages: readonly SendPulseChatMessage[] },
  options?: CallOptions,
) => Promise<SendPulseSuccess>;

/** Chatbots of Instagram and Viber. */
export interface MessagesChatbot extends Chatbot {
  send: SendMessages;
}

/** Chatbots of Messenger. */
export interface MessengerChatbot extends Chatbot {
  send: SendMessage;
  sendText: Act<{ message_type: string; message_tag?: string | undefined; text: string }>;
  sendTyping: Act;
}

/** Chatbots of Telegram. */
export interface TelegramChatbot extends Chatbot {
  send: SendMessage;
  sendText: Act<{ text: string }>;
  react: Act<{ message_id: string; reaction: { type: string; emoji: string } }>;
  getContactByTelegramId(
    fields: BotFields & { telegram_id: SendPulseId; business_connection_id?: string | undefined },
    options?: CallOptions,
  ): Promise<SendPulseSubscriber>;
}

/** A template of WhatsApp and what fills it. */
export interface SendPulseChatTemplate {
  name: string;
  language: { code: string };
  components?: readonly Readonly<Record<string, unknown>>[] | undefined;
}

/** Chatbots of WhatsApp. */
export interface WhatsAppChatbot extends Chatbot {
  send: SendMessage;
  createContact(
    fields: BotFields & {
      phone: string;
      name?: string | undefined;
      tags?: readonly string[] | undefined;
      variables?: readonly { name: string; value: unknown }[] | undefined;
    },
    options?: CallOptions,
  ): Promise<SendPulseSubscriber>;
  getContactByPhone(
    fields: BotFields & { phone: string },
    options?: CallOptions,
  ): Promise<SendPulseSubscriber>;
  setName: Act<{ name: string }>;
  sendByPhone(
    fields: BotFields & { phone: string; message: SendPulseChatMessage },
    options?: CallOptions,
  ): Promise<SendPulseSuccess>;
  sendTemplate: Act<{ template: SendPulseChatTemplate }>;
  sendTemplateByPhone(
    fields: BotFields & { phone: string; template: SendPulseChatTemplate },
    options?: CallOptions,
  ): Promise<SendPulseSuccess>;
  sendTyping: Act;
  react(fields: { message_id: string; reaction: string }, options?: CallOptions): Promise<SendPulseSuccess>;
  sendTemplateCampaign(
    fields: BotFields & { title: string; send_at?: string | undefined; template: SendPulseChatTemplate },
    options?: CallOptions,
  ): Promise<SendPulseSuccess>;
  templates(fields: BotFields, options?: CallOptions): Promise<readonly Loose<{ name?: string }>[]>;
}

/** Chatbots by service. */
export interface Chatbots {
  readonly whatsapp: WhatsAppChatbot;
  readonly telegram: TelegramChatbot;
  readonly instagram: MessagesChatbot;
  readonly messenger: MessengerChatbot;
  readonly viber: MessagesChatbot;
}
