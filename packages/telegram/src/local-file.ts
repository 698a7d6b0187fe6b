import { open, realpath } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { CartieError } from '@cartie/core';

/** A Bot API server of your own that runs with `--local`: it keeps files on its disk and gives their paths. */
export interface LocalServer {
  /** Its working directory (`--dir`) as this process sees it. Nothing outside of it is read. */
  directory: string;
  /** The same directory as the server itself calls it, where that differs (a container). @default `directory` */
  serverDirectory?: string | undefined;
}

/**
 * Reads a file that the server keeps, by the path that it gave. Its errors name no path: the bot's token is part of it.
 *
 * @throws CartieError `invalid_response` for a path outside of the directory, `not_found`, `forbidden`, `invalid_input`
 *   for a file larger than `maxBytes`
 */
export async function readLocalFile(
  path: string,
  { directory, serverDirectory = directory }: LocalServer,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const wanted = resolve(directory, inside(resolve(serverDirectory), resolve(path)));
  try {
    // What a link leads to counts, not where it lies.
    const [root, real] = await Promise.all([realpath(directory), realpath(wanted)]);
    inside(root, real);
    return await readWhole(real, maxBytes);
  } catch (error) {
    throw readable(error);
  }
}

async function readWhole(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > maxBytes) throw failure('invalid_input', 'The file is larger than `maxBytes`', 'maxBytes');
    const bytes = new Uint8Array(size);
    let read = 0;
    while (read < size) {
      const { bytesRead } = await file.read(bytes, read, size - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return bytes.subarray(0, read);
  } finally {
    await file.close();
  }
}

function inside(root: string, path: string): string {
  const rest = relative(root, path);
  if (rest !== '' && rest !== '..' && !rest.startsWith(`..${sep}`) && resolve(root, rest) === path)
    return rest;
  throw failure(
    'invalid_response',
    'The server gave a path outside of its directory; check `localServer.directory` and `serverDirectory`',
    'localServer',
  );
}

function readable(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  switch (error.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return failure('not_found', 'The file is not there; check `localServer.directory`', 'localServer');
    case 'EACCES':
    case 'EPERM':
      return failure('forbidden', 'This process may not read the server’s directory', 'localServer');
    default:
      // A CartieError, or a fault of the disk, whose message holds the path.
      return error instanceof CartieError
        ? error
        : failure('storage_error', 'The file cannot be read', 'localServer');
  }
}

function failure(
  code: 'invalid_input' | 'invalid_response' | 'not_found' | 'forbidden' | 'storage_error',
  message: string,
  field: string,
): CartieError {
  return new CartieError(code, message, { service: 'telegram', operation: 'downloadFile', field });
}
