import { type Breaker, type CallOptions, CartieError, createCaller } from '@cartie/core';
import type { File } from '@grammyjs/types';
import { type Call, defaults, slowestTransfer, telegramOrigin } from './call.ts';
import { classify } from './errors.ts';
import { readLocalFile } from './local-file.ts';
import { fileLimits } from './multipart.ts';
import type { TelegramClientOptions } from './options.ts';
import type { TokenReader } from './token.ts';

/** Options of `downloadFile`. */
export interface DownloadOptions extends CallOptions {
  /** A larger file is refused, before it is fetched where Telegram tells its size. Bytes. @default 20971520 (20 MB) */
  maxBytes?: number | undefined;
}

/** A file that was downloaded. */
export interface DownloadedFile {
  bytes: Uint8Array<ArrayBuffer>;
  /** What Telegram says about it. */
  file: File;
}

/** Fetches a file by its `file_id`, or as `getFile` gave it. */
export type DownloadFile = (file: string | File, options?: DownloadOptions) => Promise<DownloadedFile>;

/** Builds `downloadFile`. Its URL holds the token, so it is built here and goes nowhere else. */
export function createDownload(
  options: TelegramClientOptions,
  token: TokenReader,
  call: Call,
  breaker: Breaker | undefined,
): DownloadFile {
  const timeoutMs = options.timeoutMs ?? defaults.timeoutMs;
  const deadlineMs = options.deadlineMs ?? defaults.deadlineMs;
  const caller = createCaller({
    service: 'telegram',
    baseUrl: telegramOrigin,
    // One circuit for both: it is the same host.
    options: { ...options, breaker: breaker ?? false },
    defaults,
    // A file may be anything, also JSON that looks like a refusal.
    classify: (answer) => (answer.status === 200 ? undefined : classify(answer, token.secrets())),
    secrets: token.secrets,
  });

  // A server of one's own answers `getFile` once it has the whole file.
  function waitFor(maxBytes: number, callOptions: CallOptions): CallOptions {
    if (options.localServer === undefined) return callOptions;
    const transferMs = maxBytes / slowestTransfer;
    return {
      timeoutMs: timeoutMs + transferMs,
      deadlineMs: deadlineMs + transferMs,
      ...callOptions,
    };
  }

  return async (wanted, { maxBytes = fileLimits.download, ...callOptions } = {}) => {
    if (!(Number.isSafeInteger(maxBytes) && maxBytes > 0)) {
      throw invalid('`maxBytes` must be a whole number of bytes, more than 0', 'maxBytes');
    }
    if (typeof wanted !== 'string' && (typeof wanted !== 'object' || wanted === null)) {
      throw invalid('`file` must be a file_id, or a file as getFile gave it', 'file');
    }
    const { localServer } = options;
    const startedAt = performance.now();
    const { file_path: known } = typeof wanted === 'string' ? {} : wanted;
    const fileId = typeof wanted === 'string' ? wanted : wanted.file_id;
    const file =
      typeof wanted === 'string' || known === undefined
        ? ((await call('getFile', { file_id: fileId }, waitFor(maxBytes, callOptions))).data as File)
        : wanted;
    if (file.file_size !== undefined && file.file_size > maxBytes) throw tooLarge();
    if (localServer !== undefined && file.file_path?.startsWith('/')) {
      return { bytes: await readLocalFile(file.file_path, localServer, maxBytes), file };
    }
    const path = pathOf(file.file_path);
    const transferMs = (file.file_size ?? maxBytes) / slowestTransfer;
    const spentMs = performance.now() - startedAt;
    const result = await caller.call(
      {
        operation: 'downloadFile',
        idempotent: true,
        timeoutMs: timeoutMs + transferMs,
        deadlineMs: deadlineMs + transferMs,
        maxResponseBytes: maxBytes,
        build: async () => ({
          method: 'GET',
          path: `/file/bot${await token.read()}${options.testEnvironment ? '/test' : ''}/${path}`,
        }),
      },
      callOptions.deadlineMs === undefined
        ? callOptions
        : { ...callOptions, deadlineMs: Math.max(1, callOptions.deadlineMs - spentMs) },
    );
    return { bytes: new Uint8Array(result.data.bytes), file };
  };
}

function pathOf(filePath: string | undefined): string {
  if (filePath === undefined || filePath.startsWith('/')) {
    const message =
      filePath === undefined
        ? 'Telegram gave no path under which the file can be fetched'
        : 'The server keeps its files on its own disk: give `localServer` with its directory';
    throw new CartieError('not_found', message, { service: 'telegram', operation: 'downloadFile' });
  }
  return filePath.split('/').map(segment).join('/');
}

function segment(name: string): string {
  if (name === '.' || name === '..') throw invalid('`file_path` must not leave its folder', 'file_path');
  return encodeURIComponent(name);
}

function tooLarge(): CartieError {
  return invalid('The file is larger than `maxBytes`', 'maxBytes');
}

function invalid(message: string, field: string): CartieError {
  return new CartieError('invalid_input', message, { service: 'telegram', operation: 'downloadFile', field });
}
