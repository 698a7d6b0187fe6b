import { createHash } from 'node:crypto';
import type { LimitKey } from '@cartie/core';

/** How many calls fit into a time. */
export interface Rate {
  limit: number;
  /** Milliseconds. */
  intervalMs: number;
  /** How many may go at once after a pause; the rest is spread evenly. @default limit */
  burst?: number | undefined;
}

/**
 * What a number may send. A number that is also in the WhatsApp Business app (coexistence) may send 20 a second, one that Meta
 * has upgraded 1,000. Bursts to one recipient are documented up to 45 but borrowed from later, so fewer are used.
 * @see https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
 */
export const rates = {
  /** Messages of the number, to all recipients together. */
  throughput: { limit: 80, intervalMs: 1_000, burst: 20 },
  /** Messages to one recipient: one in 6 s, 600 an hour. */
  pair: { limit: 600, intervalMs: 3_600_000, burst: 10 },
} as const satisfies Record<string, Rate>;

/** Rates that replace those of `rates`. */
export type WhatsAppRates = { [Name in keyof typeof rates]?: Rate | undefined };

/** Most characters, items and bytes of what a message holds. @see https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages */
export const messageLimits = {
  textBody: 4_096,
  caption: 1_024,
  opaqueData: 512,
  bodyText: 1_024,
  listBodyText: 4_096,
  headerText: 60,
  footerText: 60,
  buttons: 3,
  buttonId: 256,
  buttonTitle: 20,
  listButton: 20,
  sections: 10,
  sectionTitle: 24,
  rows: 10,
  rowId: 200,
  rowTitle: 24,
  rowDescription: 72,
  urlText: 20,
  products: 30,
  cardsMin: 2,
  cards: 10,
  cardText: 160,
  cardLineBreaks: 2,
  authenticationCode: 15,
  pinDays: 30,
} as const;

/** Most characters of what a group shows. */
export const groupLimits = { subject: 128, description: 2_048 } as const;

/** Most characters of what a QR code writes. */
export const qrCodeLimits = { prefilledMessage: 140 } as const;

/** Most characters of what a chat offers before the customer writes. */
export const automationLimits = { prompt: 80, commandName: 30, commandDescription: 256 } as const;

const mb = 1024 * 1024;

/**
 * What may be uploaded: types and the most bytes of each.
 * @see https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
 */
export const mediaLimits = {
  'image/jpeg': 5 * mb,
  'image/png': 5 * mb,
  'image/webp': 500 * 1024,
  'audio/aac': 16 * mb,
  'audio/amr': 16 * mb,
  'audio/mpeg': 16 * mb,
  'audio/mp4': 16 * mb,
  'audio/ogg': 16 * mb,
  'video/mp4': 16 * mb,
  'video/3gpp': 16 * mb,
  'text/plain': 100 * mb,
  'application/pdf': 100 * mb,
  'application/msword': 100 * mb,
  'application/vnd.ms-excel': 100 * mb,
  'application/vnd.ms-powerpoint': 100 * mb,
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 100 * mb,
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 100 * mb,
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 100 * mb,
} as const satisfies Record<string, number>;

/** Most bytes of anything that WhatsApp delivers. */
export const maxDownloadBytes: number = 100 * mb;

/** An upload or download may be as slow as this. Bytes per millisecond (100 kB/s). */
export const slowestTransfer = 100;

/** Types of a resumable upload: a template's sample, a profile picture. */
export const resumableTypes = [
  'application/pdf',
  'image/jpeg',
  'image/jpg',
  'image/png',
  'video/mp4',
] as const;

/** How long one is free to write to a customer after their last message. Milliseconds. */
export const serviceWindowMs = 86_400_000;

/** The rates that one message must fit into. The recipient is in the key as a hash: a shared limiter's store needs no phone number. */
export function messageRates(phoneNumberId: string, recipient: string, own: WhatsAppRates = {}): LimitKey[] {
  const throughput = own.throughput ?? rates.throughput;
  const hash = createHash('sha256').update(`${phoneNumberId}:${recipient}`).digest('base64url').slice(0, 22);
  return [
    { key: `whatsapp:${phoneNumberId}:pair:${hash}`, ...(own.pair ?? rates.pair) },
    { key: `whatsapp:${phoneNumberId}:throughput`, ...throughput },
  ];
}

/** Not paced; the bucket is there for a refusal to pause. */
export function managementRate(owner: string): LimitKey {
  return { key: `whatsapp:${owner}:management`, limit: 1_000, intervalMs: 1_000 };
}

/** Is this the key of the rate to one recipient? */
export function isPairKey(key: string): boolean {
  return key.includes(':pair:');
}

/** The time between two messages to one recipient, in the long run. Milliseconds. */
export function pairGapMs(own: WhatsAppRates = {}): number {
  const { limit, intervalMs } = own.pair ?? rates.pair;
  return Math.ceil(intervalMs / limit);
}
