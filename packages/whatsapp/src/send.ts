import { type CallOptions, CartieError, checkCallOptions } from '@cartie/core';
import { type CallPath, defaults } from './call.ts';
import { whatsAppFailure } from './errors.ts';
import { invalid, service } from './invalid.ts';
import { messageRates, serviceWindowMs } from './limits.ts';
import { checkMessage } from './message-schema.ts';
import type { MarketingMessage, MessageEnvelope, OutgoingMessage, SentMessage } from './message-types.ts';
import type { WhatsAppClientOptions } from './options.ts';
import type { Template } from './template-types.ts';
import { createTurns } from './turns.ts';

/** A message for inside the 24-hour window, and the template for outside. */
export type SendOrTemplate = MessageEnvelope & {
  /** Sent while the window is open: any message, without its recipient. `{ type: 'text', text: { body } }` */
  message: OutgoingMessage extends infer Message
    ? Message extends OutgoingMessage
      ? Omit<Message, keyof MessageEnvelope>
      : never
    : never;
  /** Sent when it is closed. */
  template: Template;
  /**
   * When the customer wrote or called last: a date or epoch milliseconds. `null`: never. Left out, the message is tried and the
   * template sent after Meta's refusal (131047); that refusal may also come later, as a status.
   */
  lastInboundAt?: Date | number | null | undefined;
};

/** What sending gives, and which of both was sent. */
export interface SentOrTemplate extends SentMessage {
  sent: 'message' | 'template';
}

/** The methods of a client that send. */
export interface Sending {
  /**
   * Sends a message of any type. Messages to one recipient go out in the order of the calls. That it was accepted is all that is known
   * then. Never repeated when its outcome is unknown: the error then says `outcome: 'unknown'`.
   * Throws `invalid_input` naming the field where the message breaks a documented limit.
   * @see https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
   */
  send(message: OutgoingMessage, options?: CallOptions): Promise<SentMessage>;
  /** Sends a marketing template by the Marketing Messages API. @see https://developers.facebook.com/documentation/business-messaging/whatsapp/marketing-messages/overview */
  sendMarketing(message: MarketingMessage, options?: CallOptions): Promise<SentMessage>;
  /** Sends free text and the like inside the 24-hour window, and a template outside of it. */
  sendOrTemplate(choice: SendOrTemplate, options?: CallOptions): Promise<SentOrTemplate>;
  /** Shows a message as read, and with `typing` that an answer is being written, for up to 25 s. */
  markRead(messageId: string, options?: CallOptions & { typing?: boolean | undefined }): Promise<void>;
}

/** Builds the methods that send. */
export function createSending(path: CallPath, options: WhatsAppClientOptions): Sending {
  const turns = createTurns();
  const { phoneNumberId, rates } = options;

  const send = async (
    operation: 'sendMessage' | 'sendMarketing',
    message: OutgoingMessage | MarketingMessage,
    callOptions: CallOptions = {},
  ): Promise<SentMessage> => {
    const { body, recipient } = checkMessage(operation, message);
    checkCallOptions(service, operation, callOptions);
    callOptions.signal?.throwIfAborted();
    const deadlineMs = callOptions.deadlineMs ?? options.deadlineMs ?? defaults.deadlineMs;
    const { data, requestId, attempts, status } = await turns.run(
      recipient,
      (waitedMs) =>
        path.call<SendAnswer>(
          operation,
          { json: body, limits: messageRates(phoneNumberId, recipient, rates) },
          { ...callOptions, deadlineMs: Math.max(1, deadlineMs - waitedMs) },
        ),
      { signal: callOptions.signal, deadlineMs, operation },
    );
    const sent = data.messages?.[0];
    if (typeof sent?.id !== 'string') {
      throw new CartieError('invalid_response', 'The answer has no id of a message', {
        service,
        operation,
        status,
        requestId,
        attempts,
      });
    }
    const contact = data.contacts?.[0];
    return {
      id: sent.id,
      status: sent.message_status ?? 'accepted',
      contact: contact && {
        ...(contact.wa_id !== undefined && { wa_id: contact.wa_id }),
        ...(contact.user_id !== undefined && { user_id: contact.user_id }),
      },
      requestId,
      attempts,
    };
  };

  return {
    send: (message, callOptions) => send('sendMessage', message, callOptions),

    async sendMarketing(message, callOptions) {
      if (message?.type !== 'template') throw invalid('sendMarketing', 'type', "must be 'template'");
      return send('sendMarketing', message, callOptions);
    },

    async sendOrTemplate({ message, template, lastInboundAt, ...envelope }, callOptions) {
      const asTemplate = async (): Promise<SentOrTemplate> => ({
        ...(await send('sendMessage', { ...envelope, type: 'template', template }, callOptions)),
        sent: 'template',
      });
      // Both are checked now: a template that is wrong must not show only when the window happens to be closed.
      checkMessage('sendOrTemplate', { ...envelope, type: 'template', template });
      if (isClosed(lastInboundAt)) return asTemplate();
      try {
        const sent = await send('sendMessage', { ...envelope, ...message } as OutgoingMessage, callOptions);
        return { ...sent, sent: 'message' };
      } catch (error) {
        if (whatsAppFailure(error)?.action === 'template') return asTemplate();
        throw error;
      }
    },

    async markRead(messageId, { typing = false, ...callOptions } = {}) {
      if (typeof messageId !== 'string' || messageId === '') {
        throw invalid('markRead', 'messageId', 'must be the id of a message');
      }
      await path.call(
        'markRead',
        {
          json: {
            messaging_product: 'whatsapp',
            status: 'read',
            message_id: messageId,
            ...(typing && { typing_indicator: { type: 'text' } }),
          },
        },
        callOptions,
      );
    },
  };
}

interface SendAnswer {
  contacts?: { input?: string; wa_id?: string; user_id?: string }[];
  messages?: { id?: string; message_status?: string }[];
}

// The clocks of both sides differ a little: in the last minute the window counts as closed.
const clockSkewMs = 60_000;

function isClosed(lastInboundAt: Date | number | null | undefined): boolean {
  if (lastInboundAt === undefined) return false;
  if (lastInboundAt === null) return true;
  const at = Number(lastInboundAt);
  if (!Number.isFinite(at))
    throw invalid('sendOrTemplate', 'lastInboundAt', 'must be a date or epoch milliseconds');
  return Date.now() - at > serviceWindowMs - clockSkewMs;
}
