import { randomUUID } from 'node:crypto';
import { CartieError, isCartieError } from '@cartie/core';
import { isInputFile } from './files.ts';
import type { InputFile } from './types.ts';

/** A file among the parameters of a call. */
interface FilePart {
  /** Where it stands: `photo`, `media[0].media`. */
  readonly field: string;
  /** The name of its part of the form. */
  readonly name: string;
  readonly file: InputFile;
  readonly maxBytes: number;
  readonly size: number | undefined;
}

/** Parameters with files, ready to be sent as often as is needed. */
export interface Form {
  readonly headers: Readonly<Record<string, string>>;
  readonly replayable: boolean;
  /** Bytes; `undefined` where a stream does not tell its length. */
  readonly size: number | undefined;
  /** The body for one attempt. */
  body(): ReadableStream<Uint8Array>;
  /** Why reading a file failed in the last attempt. */
  failure(): CartieError | undefined;
  /** Lets the files go. Call it when the call has ended: `fetch` may leave a body half read. */
  close(): void;
}

/** Telegram's limits for files. Bytes. @see https://core.telegram.org/bots/api#sending-files */
export const fileLimits = {
  upload: 50 * 1024 * 1024,
  localUpload: 2000 * 1024 * 1024,
  photo: 10 * 1024 * 1024,
  thumbnail: 200 * 1024,
  certificate: 3 * 1024 * 1024,
  download: 20 * 1024 * 1024,
} as const;

/** Does any parameter hold a file, however deep? */
export function hasFiles(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isInputFile(value) || Object.values(value).some(hasFiles);
}

/** Can every file among the parameters be read again? */
export function isReplayable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return isInputFile(value) ? value.replayable : Object.values(value).every(isReplayable);
}

/**
 * Makes a form of parameters that hold files. A file that is a parameter itself becomes a part of that name; one
 * inside a structure becomes a part of its own that the structure refers to by `attach://`.
 * @throws CartieError `invalid_input` for a file that is missing or larger than Telegram takes
 */
export async function createForm(
  operation: string,
  params: Readonly<Record<string, unknown>>,
  maxUploadBytes: number,
): Promise<Form> {
  const found: Omit<FilePart, 'size'>[] = [];
  const fields: [string, string][] = [];
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue;
    if (isInputFile(value)) {
      found.push({ field: name, name, file: value, maxBytes: limitOf(name, params, maxUploadBytes) });
    } else {
      const plain = attach(value, name, found, maxUploadBytes);
      fields.push([name, typeof plain === 'string' ? plain : JSON.stringify(plain)]);
    }
  }
  try {
    return encode(fields, await Promise.all(found.map(measure)), operation);
  } catch (error) {
    throw ofCall(operation, error);
  }
}

// Replaces each file inside `value` by a reference to its part.
function attach(
  value: unknown,
  path: string,
  found: Omit<FilePart, 'size'>[],
  maxUploadBytes: number,
): unknown {
  if (!hasFiles(value)) return value;
  if (Array.isArray(value))
    return value.map((item, i) => attach(item, `${path}[${i}]`, found, maxUploadBytes));
  return Object.fromEntries(
    Object.entries(value as object).map(([key, item]: [string, unknown]) => {
      const field = `${path}.${key}`;
      if (!isInputFile(item)) return [key, attach(item, field, found, maxUploadBytes)];
      const name = `file${found.length}`;
      found.push({ field, name, file: item, maxBytes: limitOf(key, value as object, maxUploadBytes) });
      return [key, `attach://${name}`];
    }),
  );
}

function limitOf(key: string, owner: object, maxUploadBytes: number): number {
  const photo = key === 'photo' || (key === 'media' && 'type' in owner && owner.type === 'photo');
  if (photo) return Math.min(fileLimits.photo, maxUploadBytes);
  if (key === 'thumbnail' || key === 'certificate') return fileLimits[key];
  return maxUploadBytes;
}

async function measure(part: Omit<FilePart, 'size'>): Promise<FilePart> {
  const size = await part.file.size().catch(() => {
    throw unreadable(part.field);
  });
  if (size !== undefined && size > part.maxBytes) throw tooLarge(part);
  return { ...part, size };
}

function encode(fields: readonly [string, string][], parts: readonly FilePart[], operation: string): Form {
  const boundary = `cartie-${randomUUID()}`;
  const text = new TextEncoder();
  const head = (disposition: string, contentType?: string): string =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n${
      contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`
    }\r\n`;
  const plain = text.encode(
    fields.map(([name, value]) => `${head(`name="${quote(name)}"`)}${value}\r\n`).join(''),
  );
  const files = parts.map((part) => ({
    part,
    head: text.encode(
      head(`name="${quote(part.name)}"; filename="${quote(part.file.name)}"`, header(part.file.contentType)),
    ),
  }));
  const lineEnd = text.encode('\r\n');
  const end = text.encode(`--${boundary}--\r\n`);

  let size: number | undefined = plain.byteLength + end.byteLength;
  for (const { part, head } of files) {
    if (size !== undefined) {
      size = part.size === undefined ? undefined : size + head.byteLength + part.size + lineEnd.byteLength;
    }
  }
  let failure: CartieError | undefined;
  let sending: AsyncGenerator<Uint8Array, void, undefined> | undefined;

  async function* write(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield plain;
      for (const { part, head } of files) {
        yield head;
        yield* content(part);
        yield lineEnd;
      }
      yield end;
    } catch (error) {
      failure = ofCall(operation, error);
      throw failure;
    }
  }

  const close = (): void => {
    sending?.return().catch(() => {});
  };

  return {
    headers: {
      'content-type': `multipart/form-data; boundary=${boundary}`,
      ...(size === undefined ? {} : { 'content-length': String(size) }),
    },
    replayable: parts.every(({ file }) => file.replayable),
    size,
    body: () => {
      close();
      failure = undefined;
      sending = write();
      return ReadableStream.from(sending);
    },
    failure: () => failure,
    close,
  };
}

// A file's bytes, as many as were promised. What its source throws may hold a path, so it is not passed on.
async function* content(part: FilePart): AsyncGenerator<Uint8Array, void, undefined> {
  let sent = 0;
  const bytes = part.file.read()[Symbol.asyncIterator]();
  let done = false;
  try {
    for (;;) {
      const next = await bytes.next().catch((error: unknown) => {
        done = true;
        throw isCartieError(error) ? error : unreadable(part.field);
      });
      if (next.done === true) {
        done = true;
        break;
      }
      if (!(next.value instanceof Uint8Array)) throw notBytes(part.field);
      sent += next.value.byteLength;
      if (sent > part.maxBytes) throw tooLarge(part);
      if (part.size !== undefined && sent > part.size) throw changed(part.field);
      yield next.value;
    }
    if (part.size !== undefined && sent !== part.size) throw changed(part.field);
  } finally {
    if (!done) await bytes.return?.();
  }
}

// The Fetch standard's way to write a name into a form.
function quote(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}

function header(value: string): string {
  return value.replaceAll(/[\r\n]/g, '');
}

function unreadable(field: string): CartieError {
  return invalid(field, 'cannot be read');
}

function notBytes(field: string): CartieError {
  return invalid(field, 'must be a stream of bytes (Uint8Array)');
}

function changed(field: string): CartieError {
  return invalid(field, 'has another length than was said');
}

function tooLarge({ field, maxBytes }: Pick<FilePart, 'field' | 'maxBytes'>): CartieError {
  return invalid(field, `is larger than the ${maxBytes} bytes that Telegram takes here`);
}

function ofCall(operation: string, error: unknown): CartieError {
  const { message, field } = isCartieError(error) ? error : unreadable('files');
  return new CartieError('invalid_input', message, { service: 'telegram', operation, field });
}

function invalid(field: string, what: string): CartieError {
  return new CartieError('invalid_input', `The file in \`${field}\` ${what}`, { service: 'telegram', field });
}
