import { parseWith } from '@cartie/core';
import { z } from 'zod';
import { anyText, degrees, list, media, text } from './field-schemas.ts';
import { interactiveSchema } from './interactive-schema.ts';
import { invalid, service } from './invalid.ts';
import { messageLimits as limits } from './limits.ts';
import type { MessageType, OutgoingMessage } from './message-types.ts';
import { templateSchema } from './template-schema.ts';

const caption = { caption: text(limits.caption, 0).optional() };

/** What the content of each type must be like. */
const contents = {
  text: z.looseObject({ body: text(limits.textBody), preview_url: z.boolean().optional() }),
  image: media(caption),
  video: media(caption),
  document: media({ ...caption, filename: anyText.optional() }),
  audio: media({ voice: z.boolean().optional() }),
  sticker: media(),
  location: z.looseObject({
    latitude: degrees(90),
    longitude: degrees(180),
    name: anyText.optional(),
    address: anyText.optional(),
  }),
  contacts: list(
    z.looseObject({
      name: z.looseObject({ formatted_name: anyText }),
      phones: z.array(z.looseObject({ phone: anyText.optional(), wa_id: anyText.optional() })).optional(),
      emails: z.array(z.looseObject({ email: anyText.optional() })).optional(),
      urls: z.array(z.looseObject({ url: anyText.optional() })).optional(),
      addresses: z.array(z.looseObject({})).optional(),
      org: z.looseObject({}).optional(),
      birthday: z
        .custom(
          (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value),
          'must be a date such as 1990-12-31',
        )
        .optional(),
    }),
    257,
  ),
  reaction: z.looseObject({ message_id: anyText, emoji: text(32, 0) }),
  interactive: interactiveSchema,
  template: templateSchema,
  pin: z.looseObject({
    type: z.enum(['pin', 'unpin']),
    message_id: anyText,
    expiration_days: z.int().min(1).max(limits.pinDays).optional(),
  }),
} satisfies Record<MessageType, z.ZodType>;

const envelope = z.looseObject({
  type: z.enum(Object.keys(contents) as [MessageType, ...MessageType[]]),
  recipient_type: z.enum(['individual', 'group']).optional(),
  context: z.looseObject({ message_id: anyText }).optional(),
  biz_opaque_callback_data: text(limits.opaqueData).optional(),
  recipient_identity_key_hash: anyText.optional(),
  product_policy: z.enum(['CLOUD_API_FALLBACK', 'STRICT']).optional(),
  message_activity_sharing: z.boolean().optional(),
});

/** A customer's id within one business. @see https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids */
const userId = /^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$/;

/**
 * The body to send, and whom it is to: checked against the documented limits.
 * @throws CartieError `invalid_input` that names the field; never a value
 */
export function checkMessage(
  operation: string,
  message: OutgoingMessage,
): { body: Record<string, unknown>; recipient: string } {
  const context = { service, operation, code: 'invalid_input' } as const;
  const { type } = parseWith(envelope as z.ZodType<{ type: MessageType }>, message, context);
  const input = message as unknown as Record<string, unknown>;
  if (input[type] === undefined) throw invalid(operation, type, 'must be given for a message of this type');
  parseWith(contents[type], input[type], { ...context, at: type });
  const { to, recipient, recipient_type = 'individual', ...rest } = input;
  const address = recipientOf(operation, to, recipient, recipient_type === 'group');
  return {
    body: { messaging_product: 'whatsapp', recipient_type, ...address, ...rest },
    recipient: (address.to ?? address.recipient) as string,
  };
}

function recipientOf(
  operation: string,
  to: unknown,
  recipient: unknown,
  isGroup: boolean,
): { to?: string; recipient?: string } {
  if (to === undefined && recipient === undefined) {
    throw invalid(operation, 'to', 'or `recipient` must be given');
  }
  if (to !== undefined && (typeof to !== 'string' || !(isGroup ? /^\S{1,200}$/ : /^\+?\d{5,20}$/).test(to))) {
    throw invalid(
      operation,
      'to',
      isGroup ? 'must be the id of a group' : 'must be a phone number with its country code, digits only',
    );
  }
  if (recipient !== undefined && (typeof recipient !== 'string' || !userId.test(recipient))) {
    throw invalid(operation, 'recipient', 'must be a business-scoped user id such as UA.1234567890');
  }
  return {
    ...(to !== undefined && { to: isGroup ? to : to.replace('+', '') }),
    ...(recipient !== undefined && { recipient: recipient as string }),
  };
}
