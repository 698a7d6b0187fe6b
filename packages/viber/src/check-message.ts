import { parseWith, type Schema } from '@cartie/core';
import { z } from 'zod';
import { neededVersion } from './api-version.ts';
import { keyboardSchema, richMediaSchema } from './check-keyboard.ts';
import { invalid, service } from './invalid.ts';
import { limits, type ViberLimits } from './limits.ts';
import { senderSchema } from './options.ts';
import type { ViberMessage, ViberSender } from './types.ts';

/**
 * Checks a message by Viber's limits and completes it: `sender`, `min_api_version`, and the empty text that a picture needs.
 * Throws `invalid_input` that names the field.
 */
export type MessageChecker = (operation: string, message: ViberMessage) => Readonly<Record<string, unknown>>;

/** Makes a {@link MessageChecker} for one sender. */
export function createMessageChecker(
  sender: ViberSender | undefined,
  replaced: ViberLimits = {},
): MessageChecker {
  const schemas = schemasWith(replaced);
  return (operation, message) => {
    if (typeof message !== 'object' || message === null) {
      throw invalid('message', 'must be an object', operation);
    }
    const { type } = message;
    if (type === undefined && message.keyboard === undefined) {
      throw invalid('keyboard', `must be given where there is no \`type\`: ${messageTypes}`, operation);
    }
    if (type !== undefined && !Object.hasOwn(schemas, type)) {
      throw invalid('type', `must be one of ${messageTypes}, or absent with a \`keyboard\``, operation);
    }
    // A message of a keyboard alone has no type.
    const schema: Schema<unknown> = type === undefined ? keyboardOnly : schemas[type];
    parseWith(schema, message, { service, operation, code: 'invalid_input' });
    const needed = neededVersion(message, replaced.apiVersions);
    const version = message.min_api_version ?? needed.version;
    if (version < needed.version) {
      throw invalid(
        'min_api_version',
        `must be at least ${needed.version}, which \`${needed.field}\` needs; leave it out to have it set`,
        operation,
      );
    }
    return {
      ...message,
      ...(type === 'picture' && { text: message.text ?? '' }),
      sender: message.sender ?? sender,
      min_api_version: version,
    };
  };
}

/** @throws CartieError `invalid_input` if the request is larger than Viber takes */
export function checkSize(operation: string, body: string): string {
  if (Buffer.byteLength(body) > limits.request) {
    throw invalid(
      'message',
      `must be at most ${limits.request} bytes as JSON, all its fields together`,
      operation,
    );
  }
  return body;
}

const url = z.string().min(1).max(limits.url);

const base = {
  sender: senderSchema.optional(),
  tracking_data: z.string().max(limits.trackingData).optional(),
  min_api_version: z.int().min(1).optional(),
  keyboard: keyboardSchema.optional(),
};

const keyboardOnly = z.looseObject({ ...base, keyboard: keyboardSchema });

function schemasWith({ pictureText = limits.pictureText, video = limits.video }: ViberLimits) {
  return {
    text: z.looseObject({ ...base, text: z.string().min(1).max(limits.text) }),
    picture: z.looseObject({
      ...base,
      text: z.string().max(pictureText).optional(),
      media: url,
      thumbnail: url.optional(),
    }),
    video: z.looseObject({
      ...base,
      media: url,
      size: z.int().positive().max(video),
      duration: z.int().min(1).max(limits.videoSeconds).optional(),
      thumbnail: url.optional(),
    }),
    file: z.looseObject({
      ...base,
      media: url,
      size: z.int().positive().max(limits.file),
      file_name: z.string().min(1).max(limits.fileName),
    }),
    contact: z.looseObject({
      ...base,
      contact: z.looseObject({
        name: z.string().min(1).max(limits.contactName),
        phone_number: z.string().min(1).max(limits.phoneNumber),
      }),
    }),
    location: z.looseObject({
      ...base,
      location: z.looseObject({ lat: z.number().min(-90).max(90), lon: z.number().min(-180).max(180) }),
    }),
    url: z.looseObject({ ...base, media: url }),
    sticker: z.looseObject({ ...base, sticker_id: z.int().min(0) }),
    rich_media: z.looseObject({
      ...base,
      rich_media: richMediaSchema,
      alt_text: z.string().max(limits.text).optional(),
    }),
  } satisfies Record<NonNullable<ViberMessage['type']>, Schema<unknown>>;
}

const messageTypes = Object.keys(schemasWith({})).join(', ');
