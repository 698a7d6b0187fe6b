import type { CallOptions } from '@cartie/core';
import { type CallPath, dataOf } from './call.ts';
import { invalid } from './invalid.ts';
import { qrCodeLimits } from './limits.ts';
import { pages } from './pages.ts';
import type { Done, ListOptions } from './types.ts';

/** A QR code and link that open a chat with a message already written. */
export interface QrCode {
  code: string;
  prefilled_message: string;
  deep_link_url: string;
  creation_time?: number;
  /** Where an image was asked for. */
  qr_image_url?: string;
}

/** QR codes of the number. @see https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/qr-codes */
export interface QrCodes {
  /** At most 140 characters. Never repeated. */
  create(
    code: { prefilled_message: string; generate_qr_image?: 'PNG' | 'SVG' },
    options?: CallOptions,
  ): Promise<QrCode>;
  list(options?: ListOptions): AsyncGenerator<QrCode, void, undefined>;
  get(code: string, options?: CallOptions): Promise<QrCode | undefined>;
  update(code: string, prefilledMessage: string, options?: CallOptions): Promise<QrCode>;
  delete(code: string, options?: CallOptions): Promise<Done>;
}

/** Builds the methods for QR codes. */
export function createQrCodes({ call }: CallPath): QrCodes {
  return {
    async create(code, options) {
      checkMessage('createQrCode', code.prefilled_message);
      return dataOf(call('createQrCode', { json: code }, options));
    },
    list: (options) => pages(call, 'listQrCodes', options),
    async get(code, options) {
      const { data } = await call<{ data?: QrCode[] } & Partial<QrCode>>('getQrCode', { id: code }, options);
      // The documentation shows both: a list of one, and the code itself.
      return data.data === undefined ? (data as QrCode) : data.data[0];
    },
    async update(code, prefilledMessage, options) {
      checkMessage('updateQrCode', prefilledMessage);
      return dataOf(call('updateQrCode', { json: { code, prefilled_message: prefilledMessage } }, options));
    },
    delete: (code, options) => dataOf(call('deleteQrCode', { id: code }, options)),
  };
}

function checkMessage(operation: string, message: string): void {
  if (typeof message !== 'string' || message === '' || message.length > qrCodeLimits.prefilledMessage) {
    throw invalid(
      operation,
      'prefilled_message',
      `must be a text of 1 to ${qrCodeLimits.prefilledMessage} characters`,
    );
  }
}
