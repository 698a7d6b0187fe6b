import type { ProviderContext } from '../provider.ts';
import { apiFailure, statusError } from './api-failure.ts';
import { checkMessage, isRecord } from './check-message.ts';
import type { Delivery } from './delivery.ts';
import type { WhatsAppNumber, WhatsAppOptions, WhatsAppStatus } from './public.ts';
import type { Buckets } from './rate-limits.ts';
import { customerOf, newMessageId, type State, type StoredMessage, userIdOf } from './state.ts';
import { checkTemplate } from './templates.ts';

/** What sending is built from. */
export interface SendingParts {
  readonly state: State;
  readonly buckets: Buckets;
  readonly delivery: Delivery;
  readonly options: Readonly<Record<keyof WhatsAppOptions, number>>;
  /** Takes the code that the next message shall fail with, if any. */
  takeFailure(): number | undefined;
  changed(): void;
}

/** What the business's messages go through. */
export interface Sending {
  /** Takes a message, or throws; its statuses follow by webhook. */
  send(
    number: WhatsAppNumber,
    body: Readonly<Record<string, unknown>>,
    isMarketing: boolean,
  ): Record<string, unknown>;
  /** A status of a message, now. */
  status(message: StoredMessage, status: WhatsAppStatus, extra?: Record<string, unknown>): void;
  /** Statuses that are still to come. */
  readonly pending: number;
  reset(): void;
}

/** When each status comes after the message was accepted; simulated milliseconds. */
const statusAfterMs = { sent: 300, delivered: 900, read: 2_000 } as const;
/** One message to a recipient each so many simulated milliseconds, in the long run. */
const pairGapMs = 6_000;

/** Creates the way of a business's message: form, template, rates, window, then its statuses. */
export function createSending(context: ProviderContext, parts: SendingParts): Sending {
  const { clock, live } = context;
  const { state, buckets, delivery, options } = parts;
  let pending = 0;
  let epoch = 0;

  function later(ms: number, task: () => void): void {
    const own = epoch;
    pending += 1;
    clock.after(ms, () => {
      if (own !== epoch) return;
      task();
      pending -= 1;
      parts.changed();
    });
  }

  function checkRates(number: WhatsAppNumber, customer: string): void {
    if (options.rateScale === 0) return;
    const gapMs = (1_000 * options.rateScale) / number.throughput;
    if (!buckets.take(`${number.phoneNumberId} all`, number.throughput, gapMs)) {
      throw apiFailure(
        130429,
        'Message failed to send because there were too many messages sent from this phone number in a short period of time.',
      );
    }
    const pair = `${number.phoneNumberId} to ${customer}`;
    if (!buckets.take(pair, options.pairBurst, pairGapMs * options.rateScale)) {
      throw apiFailure(
        131056,
        'Message failed to send because there were too many messages sent from this phone number to the same phone number in a short period of time.',
      );
    }
  }

  function failureOf(
    number: WhatsAppNumber,
    customer: string,
    body: Readonly<Record<string, unknown>>,
    category: string | undefined,
  ): number | undefined {
    const ordered = parts.takeFailure();
    if (ordered !== undefined) return ordered;
    const person = state.customers.get(customer);
    if (person?.unreachable) return 131026;
    if (category === 'MARKETING' && person?.stopsMarketing) return 131050;
    const endsAt = state.windows.get(`${number.phoneNumberId} ${customer}`) ?? 0;
    if (body.type !== 'template' && body.recipient_type !== 'group' && endsAt <= clock.now()) return 131047;
    return undefined;
  }

  function status(message: StoredMessage, name: WhatsAppStatus, extra: Record<string, unknown> = {}): void {
    const number = state.numbers.get(message.phoneNumberId);
    if (!number) return;
    message.status = name;
    const { biz_opaque_callback_data: opaque } = message.message;
    live.emit({ provider: 'whatsapp', type: 'message' });
    delivery.push(number, {
      field: 'messages',
      value: {
        messaging_product: 'whatsapp',
        metadata: { display_phone_number: number.displayPhoneNumber, phone_number_id: number.phoneNumberId },
        statuses: [
          {
            id: message.id,
            status: name,
            timestamp: String(clock.seconds()),
            recipient_id: message.customer,
            recipient_user_id: userIdOf(message.customer),
            ...(opaque !== undefined && { biz_opaque_callback_data: opaque }),
            ...(name !== 'failed' && {
              pricing: {
                billable: message.type === 'template',
                pricing_model: 'PMP',
                category: message.type === 'template' ? 'utility' : 'service',
                type: message.type === 'template' ? 'regular' : 'free_customer_service',
              },
            }),
            ...extra,
          },
        ],
      },
    });
  }

  return {
    get pending() {
      return pending;
    },
    reset() {
      epoch += 1;
      pending = 0;
    },
    status,
    send(number, body, isMarketing) {
      checkMessage(body);
      const customer = customerOf(String(body.to ?? body.recipient), state);
      const type = body.type === undefined ? 'text' : String(body.type);
      const content = body[type];
      let category: string | undefined;
      if (type === 'template') {
        const own = [...state.templates.values()].filter(
          (one) => one.businessAccountId === number.businessAccountId,
        );
        category = checkTemplate(content as Record<string, unknown>, own).category;
        if (category === 'AUTHENTICATION' && body.to === undefined) {
          throw apiFailure(131062, 'Authentication templates need a phone number.');
        }
      }
      if (isMarketing && category !== 'MARKETING')
        throw apiFailure(131009, 'Only marketing templates are allowed here.');
      const mediaId = isRecord(content) && typeof content.id === 'string' ? content.id : undefined;
      if (
        mediaId !== undefined &&
        ['image', 'video', 'audio', 'document', 'sticker'].includes(type) &&
        !state.files.has(mediaId)
      ) {
        throw apiFailure(131009, `The media id ${type}.id does not exist.`);
      }
      checkRates(number, customer);
      const message: StoredMessage = {
        id: newMessageId(),
        at: clock.now(),
        from: 'business',
        phoneNumberId: number.phoneNumberId,
        customer,
        type,
        text: textOf(type, content),
        message: body,
        status: 'accepted',
        readByBusiness: false,
      };
      state.messages.set(message.id, message);
      if (body.recipient_type !== 'group' && !state.customers.has(customer))
        state.customers.set(customer, {});
      const oldest = state.messages.keys().next().value;
      if (state.messages.size > context.history && oldest !== undefined) state.messages.delete(oldest);
      const failure = failureOf(number, customer, body, category);
      if (failure !== undefined) {
        later(statusAfterMs.sent, () => status(message, 'failed', { errors: [statusError(failure)] }));
      } else {
        later(statusAfterMs.sent, () => status(message, 'sent'));
        later(statusAfterMs.delivered, () => status(message, 'delivered'));
        if (state.customers.get(customer)?.reads) later(statusAfterMs.read, () => status(message, 'read'));
      }
      live.emit({ provider: 'whatsapp', type: 'message' });
      const to = body.to === undefined ? {} : { input: String(body.to), wa_id: customer };
      const userId = userIdOf(customer);
      return {
        messaging_product: 'whatsapp',
        contacts: [
          { ...to, ...(body.to === undefined && { input: String(body.recipient), user_id: userId }) },
        ],
        messages: [{ id: message.id, ...(type === 'template' && { message_status: 'accepted' }) }],
      };
    },
  };
}

function textOf(type: string, content: unknown): string | undefined {
  if (!isRecord(content)) return undefined;
  const inner = isRecord(content.body) ? content.body.text : content.body;
  const text = type === 'template' ? content.name : (inner ?? content.caption ?? content.emoji);
  return typeof text === 'string' ? text : undefined;
}
