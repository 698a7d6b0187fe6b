import { createHash } from 'node:crypto';
import { type CallOptions, CartieError, createCaller, isCartieError } from '@cartie/core';
import { type CallPath, dataOf, defaults } from './call.ts';
import { classifyFile } from './errors.ts';
import { invalid, service } from './invalid.ts';
import { maxDownloadBytes, mediaLimits, slowestTransfer } from './limits.ts';
import { isMetaHost } from './media-hosts.ts';
import { type MediaSource, openSource, readSource, typeOfName } from './media-source.ts';
import type { WhatsAppClientOptions } from './options.ts';
import { createResumable, type Resumable } from './resumable.ts';
import type { Done } from './types.ts';

/** A file at WhatsApp. */
export interface MediaInfo {
  id: string;
  /** Works for 5 minutes, and only with the access token. */
  url: string;
  mime_type: string;
  /** Hex, or base64 in webhooks. */
  sha256: string;
  file_size?: number | string;
}

/** A file in a webhook's message. */
export interface InboundMedia {
  id: string;
  mime_type?: string | undefined;
  sha256?: string | undefined;
  url?: string | undefined;
}

/** A file that was downloaded. */
export interface DownloadedMedia {
  bytes: Uint8Array<ArrayBuffer>;
  mimeType: string | undefined;
  /** Of the bytes, hex; it is the one that WhatsApp told. */
  sha256: string;
}

/** Options of `media.upload`. */
export interface UploadOptions extends CallOptions {
  /** The type, `image/jpeg`. @default by the Blob, or by the name's ending */
  type?: string | undefined;
  /** @default the path's or Blob's own, else `file` */
  name?: string | undefined;
}

/** Options of `media.download`. */
export interface DownloadOptions extends CallOptions {
  /** A larger file is refused, before it is fetched where WhatsApp tells its size. Bytes. @default 104857600 (100 MB) */
  maxBytes?: number | undefined;
}

/** Files. @see https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media */
export interface Media extends Resumable {
  /** Uploads a file to send; its id can be used for 30 days. Type and size are checked first. */
  upload(source: MediaSource, options?: UploadOptions): Promise<{ id: string }>;
  /** Where a file is, for 5 minutes. Ids of webhooks work for 7 days. */
  info(id: string, options?: CallOptions): Promise<MediaInfo>;
  /**
   * Fetches a file by its id, or as it stands in a webhook, and checks its hash. A URL that has expired is asked for again. The token goes to
   * hosts of Meta's only; redirects are not followed.
   */
  download(media: string | InboundMedia, options?: DownloadOptions): Promise<DownloadedMedia>;
  /** Deletes an uploaded file. */
  delete(id: string, options?: CallOptions): Promise<Done>;
}

/** Builds the methods for files. */
export function createMedia(path: CallPath, options: WhatsAppClientOptions): Media {
  const { phoneNumberId } = options;
  const ownOrigin = options.baseUrl === undefined ? undefined : new URL(options.baseUrl).origin;
  // Files are on other hosts than the API: their trouble opens no circuit of it. The address is whole, so there is no base.
  const files = createCaller({
    service,
    baseUrl: '',
    options: { ...options, baseUrl: undefined, breaker: options.breaker === false ? false : undefined },
    defaults,
    classify: (answer) => classifyFile(answer, path.backoff),
    secrets: path.secrets,
  });

  const info: Media['info'] = (id, callOptions) =>
    dataOf(path.call<MediaInfo>('getMedia', { id, query: { phone_number_id: phoneNumberId } }, callOptions));

  const fetchFile = async (url: string, maxBytes: number, callOptions: CallOptions): Promise<Uint8Array> => {
    if (!isMetaHost(url, ownOrigin)) {
      throw new CartieError(
        'invalid_response',
        'The file’s URL is not one of Meta’s, so the token is not sent there',
        {
          service,
          operation: 'downloadMedia',
          retryable: false,
          outcome: 'not_executed',
        },
      );
    }
    const transferMs = maxBytes / slowestTransfer;
    const { data } = await files.call(
      {
        operation: 'downloadMedia',
        idempotent: true,
        maxResponseBytes: maxBytes,
        timeoutMs: (options.timeoutMs ?? defaults.timeoutMs) + transferMs,
        deadlineMs: (options.deadlineMs ?? defaults.deadlineMs) + transferMs,
        build: async () => ({
          method: 'GET',
          path: url,
          headers: { ...(await path.authorization()), 'user-agent': 'cartie' },
        }),
      },
      callOptions,
    );
    return data.bytes;
  };

  return {
    ...createResumable(path),
    info,

    async upload(source, { type: givenType, name: givenName, ...callOptions } = {}) {
      const operation = 'uploadMedia';
      const opened = openSource(operation, source);
      const name = givenName ?? opened.name ?? 'file';
      const type = (givenType ?? opened.type ?? typeOfName(name) ?? '').toLowerCase();
      const base = type.split(';')[0]?.trim() ?? '';
      const limit = Object.hasOwn(mediaLimits, base)
        ? mediaLimits[base as keyof typeof mediaLimits]
        : undefined;
      if (limit === undefined) {
        throw invalid(operation, 'type', 'must be a type that WhatsApp takes, such as image/jpeg');
      }
      const bytes = await readSource(operation, opened, limit);
      const file = new Blob([bytes as Uint8Array<ArrayBuffer>], { type });
      const answer = await path.call<{ id?: unknown }>(
        operation,
        {
          body: () => {
            const form = new FormData();
            form.set('messaging_product', 'whatsapp');
            form.set('type', type);
            form.set('file', file, name);
            return form;
          },
          transferMs: bytes.byteLength / slowestTransfer,
        },
        callOptions,
      );
      return { id: idOf(answer.data, operation) };
    },

    async download(media, { maxBytes = maxDownloadBytes, ...callOptions } = {}) {
      if (!(Number.isSafeInteger(maxBytes) && maxBytes > 0)) {
        throw invalid('downloadMedia', 'maxBytes', 'must be a whole number of bytes, more than 0');
      }
      if (typeof media !== 'string' && (typeof media !== 'object' || media === null)) {
        throw invalid('downloadMedia', 'media', 'must be the id of a file, or what the webhook told of it');
      }
      const wanted = typeof media === 'string' ? { id: media } : media;
      let known: Pick<MediaInfo, 'url' | 'sha256' | 'mime_type'> & { file_size?: number | string } =
        wanted.url !== undefined && wanted.sha256 !== undefined && isMetaHost(wanted.url, ownOrigin)
          ? { url: wanted.url, sha256: wanted.sha256, mime_type: wanted.mime_type ?? '' }
          : await info(wanted.id, callOptions);
      for (let attempt = 1; ; attempt++) {
        if (Number(known.file_size ?? 0) > maxBytes)
          throw invalid('downloadMedia', 'maxBytes', 'is less than the file has');
        try {
          const bytes = await fetchFile(known.url, maxBytes, callOptions);
          return { ...checked(bytes, [known.sha256, wanted.sha256]), mimeType: known.mime_type || undefined };
        } catch (error) {
          if (attempt > 1 || !isExpired(error)) throw error;
          known = await info(wanted.id, callOptions);
        }
      }
    },

    delete: (id, callOptions) =>
      dataOf(path.call<Done>('deleteMedia', { id, query: { phone_number_id: phoneNumberId } }, callOptions)),
  };
}

/** Compares the file's hash with what WhatsApp told: hex by the API, base64 in webhooks. */
function checked(
  bytes: Uint8Array,
  told: readonly (string | undefined)[],
): { bytes: Uint8Array<ArrayBuffer>; sha256: string } {
  const hash = createHash('sha256').update(bytes).digest();
  const hex = hash.toString('hex');
  for (const one of told) {
    if (one === undefined || one === '') continue;
    const same = /^[0-9a-f]{64}$/i.test(one) ? one.toLowerCase() === hex : one === hash.toString('base64');
    if (!same) {
      throw new CartieError(
        'invalid_response',
        'The file is not the one that WhatsApp told: its hash differs',
        {
          service,
          operation: 'downloadMedia',
        },
      );
    }
  }
  return { bytes: new Uint8Array(bytes), sha256: hex };
}

// An expired URL is answered with 404, with 401 or 403 by the file host, or with error 131052.
function isExpired(error: unknown): boolean {
  if (!isCartieError(error)) return false;
  return (
    error.code === 'not_found' ||
    error.code === 'unauthorized' ||
    error.code === 'forbidden' ||
    error.provider?.code === 131052
  );
}

function idOf(data: { id?: unknown }, operation: string): string {
  if (typeof data.id === 'string' || typeof data.id === 'number') return String(data.id);
  throw new CartieError('invalid_response', 'The answer has no id', { service, operation });
}
