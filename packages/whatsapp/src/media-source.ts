import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalid } from './invalid.ts';

/** Where a file's bytes come from. A string is a path on this machine; a function opens a stream, as often as is asked. */
export type MediaSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | AsyncIterable<Uint8Array>
  | (() => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>);

/** A file that can be read. */
export interface OpenSource {
  readonly name: string | undefined;
  readonly type: string | undefined;
  /** `false` for a stream: it can be read once. */
  readonly replayable: boolean;
  /** Bytes; `undefined` where only reading tells. */
  size(): Promise<number | undefined>;
  read(): AsyncIterable<Uint8Array>;
}

/** Opens a source. Throws `invalid_input` for what is none. */
export function openSource(operation: string, source: MediaSource): OpenSource {
  if (typeof source === 'string' || source instanceof URL) return onDisk(operation, source);
  if (source instanceof Blob) {
    return {
      name: source instanceof File ? source.name : undefined,
      type: source.type === '' ? undefined : source.type,
      replayable: true,
      size: async () => source.size,
      read: () => source.stream(),
    };
  }
  if (source instanceof Uint8Array || source instanceof ArrayBuffer) {
    const bytes = source instanceof Uint8Array ? source : new Uint8Array(source);
    return { ...unnamed, replayable: true, size: async () => bytes.byteLength, read: () => once(bytes) };
  }
  if (typeof source === 'function') {
    return {
      ...unnamed,
      replayable: true,
      size: async () => undefined,
      read: async function* () {
        yield* await source();
      },
    };
  }
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) {
    return { ...unnamed, replayable: false, size: async () => undefined, read: () => source };
  }
  throw invalid(operation, 'source', 'must be a path, bytes, a Blob, a stream or a function that opens one');
}

/** The type that a file's name tells. */
export function typeOfName(name: string | undefined): string | undefined {
  return name === undefined ? undefined : typesByEnding[extname(name).toLowerCase()];
}

/**
 * All bytes of a source, at most `maxBytes`: Meta wants the length before the body, and its limits are small.
 * @throws CartieError `invalid_input`
 */
export async function readSource(
  operation: string,
  source: OpenSource,
  maxBytes: number,
): Promise<Uint8Array> {
  const size = await source.size();
  if (size !== undefined && size > maxBytes) throw tooLarge(operation, maxBytes);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of source.read()) {
      if (!(chunk instanceof Uint8Array)) throw notBytes;
      length += chunk.byteLength;
      if (length > maxBytes) throw tooMuch;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error === tooMuch) throw tooLarge(operation, maxBytes);
    // What the source throws may hold a path, so it is not passed on.
    throw invalid(
      operation,
      'source',
      error === notBytes ? 'must be a stream of bytes (Uint8Array)' : 'cannot be read',
    );
  }
  if (length === 0) throw invalid(operation, 'source', 'must not be empty');
  return Buffer.concat(chunks, length);
}

const unnamed = { name: undefined, type: undefined } as const;
const tooMuch = Symbol('tooMuch');
const notBytes = Symbol('notBytes');

const typesByEnding: Readonly<Record<string, string>> = {
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.aac': 'audio/aac',
  '.amr': 'audio/amr',
  '.mp3': 'audio/mpeg',
  '.m4a': 'audio/mp4',
  '.ogg': 'audio/ogg',
  '.mp4': 'video/mp4',
  '.3gp': 'video/3gpp',
  '.txt': 'text/plain',
  '.pdf': 'application/pdf',
  '.doc': 'application/msword',
  '.xls': 'application/vnd.ms-excel',
  '.ppt': 'application/vnd.ms-powerpoint',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  '.pptx': 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
};

function onDisk(operation: string, source: string | URL): OpenSource {
  const web = source instanceof URL ? source.protocol !== 'file:' : /^https?:/i.test(source);
  if (web)
    throw invalid(operation, 'source', 'must be a file of this machine; a web address is sent as `link`');
  const path = source instanceof URL ? fileURLToPath(source) : source;
  return {
    name: basename(path),
    type: undefined,
    replayable: true,
    size: () =>
      stat(path).then(
        ({ size }) => size,
        () => {
          throw invalid(operation, 'source', 'cannot be read');
        },
      ),
    read: () => createReadStream(path),
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

function tooLarge(operation: string, maxBytes: number): Error {
  return invalid(operation, 'source', `must be at most ${maxBytes} bytes for a file of this type`);
}
