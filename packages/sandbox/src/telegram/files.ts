import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiFailure, badRequest } from './api-failure.ts';
import type { Params, Upload } from './params.ts';

/** Limits of files, bytes. https://core.telegram.org/bots/api#sending-files */
export const fileLimits = {
  download: 20 << 20,
  upload: 50 << 20,
  localUpload: 2000 * (1 << 20),
  photo: 10 << 20,
} as const;

/** A file that the simulated Telegram keeps. */
export interface StoredFile {
  readonly fileId: string;
  readonly fileUniqueId: string;
  /** Below `/file/bot<token>/`. */
  readonly path: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** Undefined once it had to make room for newer ones. */
  bytes: Uint8Array | undefined;
}

/** Files by id and by path. */
export interface Files {
  /** Keeps bytes and gives them ids. `kind` names the folder: `photos`. */
  store(upload: Upload, kind: string): StoredFile;
  byId(fileId: string): StoredFile | undefined;
  byPath(path: string): StoredFile | undefined;
  /** A server of one's own in local mode: files are on its disk. */
  readonly local: boolean;
  /** Puts a file on the disk, as such a server does for getFile; gives its path. */
  putOnDisk(file: StoredFile, token: string): string;
  /** What a parameter names: an upload, `attach://…`, a file_id or a URL. */
  input(params: Params, value: unknown, kind: string, field?: string): StoredFile;
  clear(): void;
}

/** Bytes kept in memory for all files together; the oldest lose their content first. */
const maxBytes = 256 << 20;

/** Creates {@link Files}. With `directory` they are those of a Bot API server in local mode. */
export function createFiles(directory: string | undefined): Files {
  const uploadLimit = directory === undefined ? fileLimits.upload : fileLimits.localUpload;
  const files = new Map<string, StoredFile>();
  const paths = new Map<string, StoredFile>();
  let kept = 0;
  let count = 0;

  function store(upload: Upload, kind: string): StoredFile {
    count += 1;
    const unique = Buffer.from(`cartie${String(count).padStart(6, '0')}`)
      .toString('base64url')
      .slice(0, 16);
    const extension = /\.[A-Za-z0-9]{1,8}$/.exec(upload.name)?.[0] ?? '';
    const file: StoredFile = {
      fileId: `AgACAgIAAxkBAAI${unique}_${Buffer.from(kind).toString('base64url')}AE`,
      fileUniqueId: `AQAD${unique}`,
      path: `${kind}/file_${count}${extension}`,
      name: upload.name,
      type: upload.type,
      size: upload.bytes.length,
      bytes: upload.bytes,
    };
    files.set(file.fileId, file);
    paths.set(file.path, file);
    kept += file.size;
    makeRoom(file);
    return file;
  }

  function makeRoom(newest: StoredFile): void {
    if (kept <= maxBytes) return;
    for (const file of files.values()) {
      if (kept <= maxBytes || file === newest) return;
      if (!file.bytes) continue;
      kept -= file.size;
      file.bytes = undefined;
    }
  }

  return {
    store,
    byId: (fileId) => files.get(fileId),
    byPath: (path) => paths.get(path),
    local: directory !== undefined,
    putOnDisk(file, token) {
      const path = join(directory ?? '', token, file.path);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, file.bytes ?? new Uint8Array());
      return path;
    },
    input(params, value, kind, field) {
      const upload = params.upload(value, field);
      if (upload) {
        if (upload.bytes.length > uploadLimit) throw apiFailure(413, 'Request Entity Too Large');
        if (upload.bytes.length === 0) throw badRequest('file must be non-empty');
        if (kind === 'photos' && upload.bytes.length > fileLimits.photo) throw badRequest('too big photo');
        return store(upload, kind);
      }
      const text = typeof value === 'string' ? value.trim() : '';
      if (text === '') throw badRequest(`there is no ${singular(kind)} in the request`);
      if (directory !== undefined && /^file:\/\//i.test(text)) {
        const path = fileURLToPath(text);
        return store({ name: path.split('/').at(-1) ?? 'file', type: '', bytes: readFileSync(path) }, kind);
      }
      if (/^https?:\/\//i.test(text)) {
        // No request leaves the sandbox: a file from a URL keeps its name and has no content.
        const name = new URL(text).pathname.split('/').at(-1) || 'file';
        return store({ name, type: 'application/octet-stream', bytes: new TextEncoder().encode(text) }, kind);
      }
      const file = files.get(text);
      if (!file) throw badRequest('wrong file identifier/HTTP URL specified');
      return file;
    },
    clear() {
      files.clear();
      paths.clear();
      kept = 0;
    },
  };
}

const singulars: Readonly<Record<string, string>> = {
  photos: 'photo',
  videos: 'video',
  documents: 'document',
  animations: 'animation',
  stickers: 'sticker',
  voice: 'voice',
  music: 'audio',
  video_notes: 'video note',
};

function singular(kind: string): string {
  return singulars[kind] ?? 'file';
}
