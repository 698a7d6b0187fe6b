import { createHash } from 'node:crypto';
import type { ProviderContext } from '../provider.ts';
import { isRecord } from './check-message.ts';
import type { Delivery } from './delivery.ts';
import type { CustomerMessage, WhatsAppCustomer, WhatsAppNumber } from './public.ts';
import { newId, newMessageId, type State, userIdOf } from './state.ts';

type Json = Readonly<Record<string, unknown>>;

/** How long the business may write freely after a customer's message; simulated milliseconds. */
const windowMs = 86_400_000;

/** What customers do on their phones. */
export interface Customers {
  sends(number: WhatsAppNumber, input: CustomerMessage): string;
  taps(number: WhatsAppNumber, from: string, title: string): string;
  list(number: WhatsAppNumber): WhatsAppCustomer[];
}

/** Creates {@link Customers}. */
export function createCustomers(context: ProviderContext, state: State, delivery: Delivery): Customers {
  const { clock, live } = context;

  function contentOf(number: WhatsAppNumber, input: CustomerMessage): Json {
    if (input.raw) return input.raw;
    if (input.text !== undefined) return { type: 'text', text: { body: input.text } };
    if (input.location) return { type: 'location', location: input.location };
    if (input.reaction) {
      const { messageId, emoji } = input.reaction;
      return { type: 'reaction', reaction: { message_id: messageId, ...(emoji !== '' && { emoji }) } };
    }
    if (!input.file) throw new TypeError('a message needs a text, file, location, reaction or raw content');
    const { type: mimeType, name, caption } = input.file;
    const bytes = typeof input.file.bytes === 'string' ? Buffer.from(input.file.bytes) : input.file.bytes;
    const id = newId();
    state.files.set(id, { id, phoneNumberId: number.phoneNumberId, bytes, type: mimeType, urls: new Map() });
    const main = mimeType.split('/')[0] ?? '';
    const type =
      mimeType === 'image/webp' ? 'sticker' : ['image', 'audio', 'video'].includes(main) ? main : 'document';
    return {
      type,
      [type]: {
        id,
        mime_type: mimeType,
        sha256: createHash('sha256').update(bytes).digest('base64'),
        ...(caption !== undefined && { caption }),
        ...(type === 'document' && { filename: name ?? 'file' }),
        ...(type === 'audio' && { voice: false }),
      },
    };
  }

  function receive(number: WhatsAppNumber, input: CustomerMessage, content: Json): string {
    const { from, hidePhone = false, replyTo } = input;
    const known = state.customers.get(from);
    const name = input.name ?? known?.name ?? `Customer ${from}`;
    state.customers.set(from, { ...known, name });
    const id = newMessageId();
    const userId = userIdOf(from);
    state.windows.set(`${number.phoneNumberId} ${from}`, clock.now() + clock.scaled(windowMs));
    const inner = content[String(content.type)];
    const text = isRecord(inner) ? (inner.body ?? inner.caption ?? inner.text) : undefined;
    state.messages.set(id, {
      id,
      at: clock.now(),
      from: 'customer',
      phoneNumberId: number.phoneNumberId,
      customer: from,
      type: String(content.type),
      text: typeof text === 'string' ? text : undefined,
      message: content,
      status: 'delivered',
      readByBusiness: false,
    });
    live.emit({ provider: 'whatsapp', type: 'message' });
    delivery.push(number, {
      field: 'messages',
      value: {
        messaging_product: 'whatsapp',
        metadata: { display_phone_number: number.displayPhoneNumber, phone_number_id: number.phoneNumberId },
        contacts: [{ profile: { name }, ...(!hidePhone && { wa_id: from }), user_id: userId }],
        messages: [
          {
            ...(!hidePhone && { from }),
            from_user_id: userId,
            id,
            timestamp: String(clock.seconds()),
            ...(replyTo !== undefined && { context: { from: number.displayPhoneNumber, id: replyTo } }),
            ...content,
          },
        ],
      },
    });
    return id;
  }

  function list({ phoneNumberId }: WhatsAppNumber): WhatsAppCustomer[] {
    const lastAt = new Map<string, number>();
    const elsewhere = new Set<string>();
    for (const message of state.messages.values()) {
      if (message.phoneNumberId === phoneNumberId) lastAt.set(message.customer, message.at);
      else elsewhere.add(message.customer);
    }
    return [...state.customers]
      .filter(([id]) => lastAt.has(id) || !elsewhere.has(id))
      .map(([id, customer]) => {
        const endsAt = state.windows.get(`${phoneNumberId} ${id}`) ?? 0;
        return {
          id,
          userId: userIdOf(id),
          name: customer.name ?? `Customer ${id}`,
          unreachable: customer.unreachable ?? false,
          stopsMarketing: customer.stopsMarketing ?? false,
          reads: customer.reads ?? false,
          windowEndsAt: endsAt > clock.now() ? endsAt : undefined,
          lastAt: lastAt.get(id),
        };
      })
      .sort((one, other) => (other.lastAt ?? Infinity) - (one.lastAt ?? Infinity));
  }

  return {
    list,
    sends: (number, input) => receive(number, input, contentOf(number, input)),
    taps(number, from, title) {
      const sent = [...state.messages.values()].filter(
        (message) =>
          message.from === 'business' &&
          message.customer === from &&
          message.phoneNumberId === number.phoneNumberId,
      );
      for (const message of sent.reverse()) {
        const content = tapOf(message.message, title, state);
        if (content) return receive(number, { from, replyTo: message.id }, content);
      }
      throw new Error(`tap: no message to this customer has a button or row «${title}»`);
    },
  };
}

/** What comes back when a customer taps what is titled so in a message; undefined where it has no such thing. */
function tapOf(message: Json, title: string, state: State): Json | undefined {
  if (isRecord(message.interactive)) {
    const action = isRecord(message.interactive.action) ? message.interactive.action : {};
    for (const button of listOf(action.buttons)) {
      const reply = button.reply as Json;
      if (reply?.title === title) {
        return {
          type: 'interactive',
          interactive: { type: 'button_reply', button_reply: { id: reply.id, title } },
        };
      }
    }
    for (const row of listOf(action.sections).flatMap((section) => listOf(section.rows))) {
      if (row.title === title) {
        const { id, description } = row;
        const list_reply = { id, title, ...(description !== undefined && { description }) };
        return { type: 'interactive', interactive: { type: 'list_reply', list_reply } };
      }
    }
  }
  if (isRecord(message.template)) {
    const { name, components } = message.template;
    const template = [...state.templates.values()].find((one) => one.name === name);
    const buttons = template?.components.flatMap((component) => listOf(component.buttons)) ?? [];
    const index = buttons.findIndex((button) => button.text === title && button.type === 'QUICK_REPLY');
    if (index >= 0) {
      const filled = listOf(components).find(
        (one) => one.type === 'button' && String(one.index) === String(index),
      );
      const payload = listOf(filled?.parameters)[0]?.payload ?? title;
      return { type: 'button', button: { payload, text: title } };
    }
  }
  return undefined;
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
