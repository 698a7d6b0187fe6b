import { CartieError, isCartieError } from '@cartie/core';
import type { Context, Hono } from 'hono';
import { idOf, notFound } from './api-parameters.ts';
import type { ChannelId } from './channels.ts';
import { findMedia } from './conversation-views.ts';
import type { AppDatabase } from './database.ts';
import type { StoredMedia } from './inbound.ts';

/** Keeps the files of a channel's messages. */
export interface ChannelFiles {
  upload(
    file: { bytes: Uint8Array; type: string; name: string },
    options: { signal: AbortSignal },
  ): Promise<StoredMedia>;
  download(
    media: StoredMedia,
    options: { maxBytes: number; signal: AbortSignal },
  ): Promise<Uint8Array<ArrayBuffer>>;
}

/** What files of messages need from the server. */
export interface MessageFileParts {
  readonly database: AppDatabase;
  /** Where each channel keeps its files; those that do not let us have them are missing. */
  readonly files: Partial<Record<string, ChannelFiles>>;
  readonly channels: readonly { readonly id: ChannelId; readonly account: string }[];
}

/** Most bytes of a file that is brought to the page. */
const maxDownloadBytes = 16 * 1024 * 1024;
/** What a browser shows and cannot run; everything else is saved. */
const shown = /^(image\/(jpeg|png|webp|gif)|audio\/(aac|amr|mpeg|mp4|ogg)|video\/(mp4|3gpp))$/;

/** Adds the route of a message's file: it comes through this server, so that no token and no address of the provider gets into a browser. */
export function addMessageFiles(routes: Hono, { database, files, channels }: MessageFileParts): void {
  routes.get('/conversations/:id/messages/:message/file', async (context) => {
    const conversationId = idOf(context.req.param('id')) ?? 0;
    const found = await findMedia(database.kysely, {
      conversationId,
      id: idOf(context.req.param('message')) ?? 0,
    });
    if (found === undefined) return notFound(context);
    const isOurs = channels.some(({ id, account }) => id === found.channel && account === found.account);
    const source = isOurs ? files[found.channel] : undefined;
    if (source === undefined) return context.json({ error: 'This channel is not configured.' }, 409);
    try {
      const bytes = await source.download(found.media, {
        maxBytes: maxDownloadBytes,
        signal: context.req.raw.signal,
      });
      return context.body(bytes, 200, headersOf(found.media));
    } catch (error) {
      return missingFile(context, error);
    }
  });
}

/**
 * The bytes of a request, up to a size.
 * @throws CartieError `invalid_input` for more
 */
export async function readBytes(context: Context, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of context.req.raw.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new CartieError('invalid_input', `A file may have at most ${maxBytes / 1024 / 1024} MB.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What a provider's refusal of a file or a reply means to an operator. Throws what is no provider's. */
export function refusal(context: Context, error: unknown): Response {
  if (!isCartieError(error) || error.code === 'storage_error') throw error;
  if (error.code === 'invalid_input') return context.json({ error: error.message }, 422);
  if (error.code === 'rejected')
    return context.json({ error: `The provider refused it: ${error.message}.` }, 422);
  return context.json({ error: 'The provider does not answer as it should. Try again later.' }, 502);
}

/** The same for a file that is asked for. */
function missingFile(context: Context, error: unknown): Response {
  if (isCartieError(error) && error.field === 'maxBytes') {
    return context.json({ error: 'The file is too large to be shown here: open it on the phone.' }, 422);
  }
  if (isCartieError(error) && (error.code === 'not_found' || error.code === 'rejected')) {
    return context.json({ error: 'The provider does not have this file any more.' }, 410);
  }
  return refusal(context, error);
}

function headersOf({ type, name }: StoredMedia): Record<string, string> {
  const isShown = shown.test(type);
  const disposition = isShown ? 'inline' : 'attachment';
  return {
    'content-type': isShown ? type : 'application/octet-stream',
    'content-disposition': `${disposition}; filename*=UTF-8''${encodeURIComponent(name ?? 'file').replace(/['()*]/g, escaped)}`,
    'x-content-type-options': 'nosniff',
    // A file of a message never changes; after a sign-out the cookie differs, and with it what is in the cache.
    'cache-control': 'private, max-age=3600',
    vary: 'cookie',
  };
}

const escaped = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
