import { type ApiFailure, badRequest } from '../api-failure.ts';

/** A formatting mistake in Telegram's words. */
export function parseFailure(text: string): ApiFailure {
  return badRequest(`can't parse entities: ${text}`);
}

/** Telegram counts bytes of UTF-8 where it names the place of a mistake. */
export function byteOffset(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index));
}
