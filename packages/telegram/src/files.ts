import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CartieError } from '@cartie/core';
import type { InputFile } from './types.ts';

/** A stream of bytes: a web stream, a Node stream, an async generator. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** Where a file's content comes from. A string is a path on this machine. */
export type FileSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ByteStream
  | (() => ByteStream | Promise<ByteStream>);

/** What is known about a file beside its content. */
export interface InputFileOptions {
  /** The name that the receiver sees. @default the path's or Blob's own, else `file` */
  name?: string | undefined;
  /** @default the Blob's own, else `application/octet-stream` */
  contentType?: string | undefined;
  /** How many bytes a stream has, where you know it: it is then sent with its length and checked before it is sent. */
  size?: number | undefined;
}

const brand = Symbol.for('@cartie/telegram/InputFile');

/**
 * A file to upload. Anything but a stream can be read again, so that the call can be repeated where that is safe; a
 * stream can be read once: give a function that opens it to make it replayable.
 *
 * ```ts
 * await telegram.sendDocument({ chat_id, document: inputFile('./offer.pdf') });
 * await telegram.sendPhoto({ chat_id, photo: inputFile(bytes, { name: 'car.jpg' }) });
 * await telegram.sendVideo({ chat_id, video: inputFile(() => createReadStream(path), { size }) });
 * ```
 *
 * To send a file that is on the web or already at Telegram, pass its address or `file_id` as a plain string instead.
 * @throws CartieError `invalid_input` for a source that is none of these, or a web address
 * @see https://core.telegram.org/bots/api#sending-files
 */
export function inputFile(source: FileSource, options: InputFileOptions = {}): InputFile {
  const content = contentOf(source);
  if (options.size !== undefined && !(Number.isSafeInteger(options.size) && options.size >= 0)) {
    throw invalid('size: must be a whole number of bytes', 'size');
  }
  return Object.freeze({
    [brand]: true,
    name: options.name ?? content.name ?? 'file',
    contentType: options.contentType ?? content.contentType ?? 'application/octet-stream',
    replayable: content.replayable,
    size: async () => options.size ?? (await content.size?.()),
    read: content.read,
  });
}

/** Is this made by {@link inputFile}, also by another copy of the package? */
export function isInputFile(value: unknown): value is InputFile {
  return typeof value === 'object' && value !== null && brand in value;
}

interface Content {
  name?: string | undefined;
  contentType?: string | undefined;
  replayable: boolean;
  size?: () => Promise<number>;
  read: () => ByteStream;
}

function contentOf(source: FileSource): Content {
  if (typeof source === 'string' || source instanceof URL) return onDisk(source);
  if (source instanceof Blob) {
    return {
      name: source instanceof File ? source.name : undefined,
      contentType: source.type === '' ? undefined : source.type,
      replayable: true,
      size: async () => source.size,
      read: () => source.stream(),
    };
  }
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
    return { replayable: true, size: async () => bytes.byteLength, read: () => once(bytes) };
  }
  if (typeof source === 'function') {
    return {
      replayable: true,
      read: async function* () {
        yield* await source();
      },
    };
  }
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) {
    let used = false;
    return {
      replayable: false,
      read: () => {
        if (used) throw invalid('A stream can be sent once; pass a function that opens it to send it again');
        used = true;
        return source;
      },
    };
  }
  throw invalid('inputFile: give a path, bytes, a Blob, a stream or a function that opens one');
}

function onDisk(source: string | URL): Content {
  const web = source instanceof URL ? source.protocol !== 'file:' : /^https?:/i.test(source);
  if (web)
    throw invalid(
      'inputFile takes files of this machine; pass a web address as a plain string, Telegram fetches it',
    );
  const path = source instanceof URL ? fileURLToPath(source) : source;
  return {
    name: basename(path),
    replayable: true,
    size: async () => (await stat(path)).size,
    read: () => createReadStream(path),
  };
}

async function* once(bytes: Uint8Array): ByteStream {
  yield bytes;
}

function invalid(message: string, field?: string): CartieError {
  return new CartieError('invalid_input', message, { service: 'telegram', field });
}
