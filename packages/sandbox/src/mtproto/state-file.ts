import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SavedAuthKey } from './session/auth-keys.ts';
import type { WorldSnapshot } from './world/snapshot.ts';

/** What outlives the process. */
export interface DcState {
  readonly privateKeyPem: string;
  /** The main DC's. */
  readonly port: number;
  readonly keys: readonly SavedAuthKey[];
  readonly world: WorldSnapshot;
}

/** Writes the state when it has changed. */
export interface StateWriter {
  /** Something may have changed: it is looked at soon. */
  changed(): void;
  /** Writes what is not yet written, and nothing after that. Rejects where that fails. */
  close(): Promise<void>;
}

/** Of the format. */
const version = 1;
const writeAfterMs = 200;

/** Reads the state; undefined where there is no file yet. */
export async function readState(path: string): Promise<DcState | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusableState(error);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text, revive);
  } catch (error) {
    throw unusableState(error);
  }
  const { version: found, ...state } = (parsed ?? {}) as DcState & { readonly version: unknown };
  if (found === version) return state;
  throw new Error('stateFile: it is of another version of the sandbox; delete it or name another file');
}

/** What to throw where the file's content is of no use. */
export function unusableState(cause: unknown): Error {
  return new Error('stateFile: it cannot be read as a state of the test DC; delete it or name another file', {
    cause,
  });
}

/** Creates a {@link StateWriter}. Where a write fails, the next change and `close` try again. */
export function createStateWriter(path: string, take: () => DcState): StateWriter {
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let written: string | undefined;
  let writing: Promise<void> = Promise.resolve();

  const write = async (): Promise<void> => {
    const text = JSON.stringify({ version, ...take() }, replace);
    if (text === written) return;
    // A process that dies here leaves the old file whole.
    const draft = `${path}.${process.pid}.tmp`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(draft, text, { mode: 0o600 });
      await rename(draft, path);
    } catch (cause) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw new Error('stateFile: it cannot be written; name a file in a folder that can', { cause });
    }
    written = text;
  };
  return {
    changed() {
      if (isClosed || timer !== undefined) return;
      timer = setTimeout(() => {
        timer = undefined;
        writing = writing.then(write).catch(() => undefined);
      }, writeAfterMs);
    },
    async close() {
      if (isClosed) return writing;
      isClosed = true;
      clearTimeout(timer);
      writing = writing.then(write);
      await writing;
    },
  };
}

/** The same object, which tells of every call of its functions once it was made. */
export function tellingOfCalls<T extends object>(target: T, onCall: () => void): T {
  const told = Object.entries(target).flatMap(([name, part]) => {
    if (typeof part !== 'function') return [];
    const call = (...values: unknown[]): unknown => {
      try {
        return part(...values);
      } finally {
        onCall();
      }
    };
    return [[name, call]];
  });
  return { ...target, ...Object.fromEntries(told) };
}

/** Numbers of 64 bits and more become `{ "$bigint": text }`, bytes `{ "$bytes": base64 }`. */
function replace(this: unknown, name: string, value: unknown): unknown {
  // A Buffer has been through its own toJSON by now.
  const given = (this as Record<string, unknown>)[name];
  if (Buffer.isBuffer(given)) return { $bytes: given.toString('base64') };
  return typeof value === 'bigint' ? { $bigint: String(value) } : value;
}

function revive(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if ('$bigint' in value) return BigInt(String(value.$bigint));
  return '$bytes' in value ? Buffer.from(String(value.$bytes), 'base64') : value;
}
