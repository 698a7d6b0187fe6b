import { createHash } from 'node:crypto';
import { parseJson, type Update } from '@cartie/core';
import { service } from './invalid.ts';
import type { Loose } from './operation.ts';

/** Which of SendPulse's services tells: campaigns, letters to single people, or chatbots. */
export type SendPulseFamily = 'email' | 'smtp' | 'chatbot';

/** Events of campaigns and books. */
export type EmailEventName =
  | 'delivered'
  | 'open'
  | 'redirect'
  | 'unsubscribe'
  | 'spam'
  | 'new_emails'
  | 'delete'
  | 'task_status_update'
  | 'soft_bounces'
  | 'hard_bounces';

/** Events of letters to single people. */
export type SmtpEventName =
  | 'delivered'
  | 'undelivered'
  | 'opened'
  | 'clicked'
  | 'unsubscribed'
  | 'resubscribed'
  | 'spam_by_user'
  | 'soft_bounces'
  | 'hard_bounces';

/** Events of chatbots. A webhook in a flow has the name that it was given there. */
export type ChatbotEventName =
  | 'new_subscriber'
  | 'run_custom_flow'
  | 'open_chat'
  | 'link_click'
  | 'bot_block'
  | 'unsubscribe'
  | 'incoming_message'
  | 'outgoing_message';

/** What the event is about, in SendPulse's own fields; numbers and times are texts in some, numbers in others. */
export type EmailEventData = Loose<{
  email?: string;
  task_id?: string | number;
  book_id?: string | number;
  timestamp?: string | number;
  /** `unsubscribe`: from all books. */
  from_all?: string | number;
  link_url?: string;
  source?: string;
  status?: string;
  smtp_server_response?: string;
}>;

/** What the event is about. Bounces name the person `email`, all others `recipient`. */
export type SmtpEventData = Loose<{
  message_id?: string | number;
  recipient?: string;
  email?: string;
  sender?: string;
  subject?: string;
  timestamp?: string | number;
  smtp_server_response?: string;
  smtp_server_response_code?: string | number;
}>;

/** What the event is about. */
export type ChatbotEventData = Loose<{
  /** `whatsapp`, `telegram`, … */
  service?: string;
  title?: string;
  bot?: Loose<{ id?: string; name?: string }>;
  contact?: Loose<{ id?: string; name?: string; phone?: string | null; email?: string | null }>;
  info?: unknown;
}>;

interface EventBase {
  /** When it happened, whatever form SendPulse wrote it in; `undefined` where it did not. Epoch milliseconds. */
  at: number | undefined;
  /** Whose address it is, in lower case. */
  email: string | undefined;
}

type Other = string & Record<never, never>;

/** What a webhook tells. An event that is newer than this package comes with its own name. */
export type SendPulseEvent =
  | (EventBase & { family: 'email'; event: EmailEventName | Other; data: EmailEventData })
  | (EventBase & { family: 'smtp'; event: SmtpEventName | Other; data: SmtpEventData })
  | (EventBase & { family: 'chatbot'; event: ChatbotEventName | Other; data: ChatbotEventData });

/** An event as the inbox takes it; its `kind` is `email.open`, `smtp.opened`, `chatbot.incoming_message`, … */
export type SendPulseUpdate = Update<SendPulseEvent>;

/**
 * The events of a batch. SendPulse gives them no ids: equal events have equal ids, so that a batch that comes again
 * changes nothing. What happens to one person or subscriber is in order.
 * @throws Error if it is no list of events
 */
export function toUpdates(
  bytes: Uint8Array,
  { source, family }: { source: string; family?: SendPulseFamily | undefined },
): SendPulseUpdate[] {
  const raw = parseJson(bytes, { service, code: 'invalid_input' });
  const items: unknown[] = Array.isArray(raw) ? raw : [raw];
  return items.map((item) => {
    if (!isRecord(item)) throw new TypeError('Not a list of events');
    return toUpdate(item, source, family ?? familyOf(item));
  });
}

function toUpdate(item: Record<string, unknown>, source: string, family: SendPulseFamily): SendPulseUpdate {
  const name = family === 'chatbot' ? item.title : item.event;
  if (typeof name !== 'string' || name === '') throw new TypeError('An event has no name');
  const email = emailOf(item, family);
  const about = subjectOf(item, family, email);
  const payload = { family, event: name, at: timeOf(item), email, data: item } as SendPulseEvent;
  return {
    source,
    id: `${family}:${name.slice(0, 40)}:${hash(canonical(item))}`,
    kind: `${family}.${name}`,
    orderKey: `${source}:${about}`,
    payload,
  };
}

// Bounces of SMTP look like those of campaigns: a webhook that is for SMTP alone says so by its `family`.
function familyOf(item: Record<string, unknown>): SendPulseFamily {
  if (item.event === undefined && (item.title !== undefined || item.bot !== undefined)) return 'chatbot';
  const isSmtp = item.message_id !== undefined || item.recipient !== undefined;
  return isSmtp ? 'smtp' : 'email';
}

function emailOf(item: Record<string, unknown>, family: SendPulseFamily): string | undefined {
  const person =
    family === 'chatbot' ? (isRecord(item.contact) ? item.contact.email : undefined) : item.email;
  const found = person ?? item.recipient;
  return typeof found === 'string' && found.includes('@') ? found.trim().toLowerCase() : undefined;
}

/** Whose order it is in, without an address in it: keys are seen by operators. */
function subjectOf(
  item: Record<string, unknown>,
  family: SendPulseFamily,
  email: string | undefined,
): string {
  if (family === 'chatbot') {
    const id = isRecord(item.contact) ? item.contact.id : undefined;
    if (isId(id)) return `subscriber:${id}`;
  }
  if (email !== undefined) return `contact:${hash(email)}`;
  return isId(item.task_id) ? `campaign:${item.task_id}` : 'account';
}

function timeOf({ timestamp, date }: Record<string, unknown>): number | undefined {
  const value = timestamp ?? date;
  const number = typeof value === 'string' && /^\d{9,14}$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number) && number > 0) {
    return number < 1e11 ? number * 1_000 : number;
  }
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** Equal for equal events: whatever order fields are in, and whether a number is written as one. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isRecord(value)) return JSON.stringify(value === null ? null : String(value));
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
  return `{${members.join(',')}}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

function isId(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '' && value.length <= 100) || typeof value === 'number';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
