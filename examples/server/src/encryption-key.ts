import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const howToMake = 'Make one: openssl rand -base64 32';

/**
 * The keys that encrypt stored tokens and sessions, the newest first, or a sentence that says what is wrong.
 * While nothing real is at stake (`mayCreate`) a key is made and kept in the data folder, readable by its owner only.
 */
export function encryptionKeys(
  configured: string | undefined,
  options: { dataDir: string; mayCreate: boolean },
): readonly [string, ...string[]] | string {
  if (configured === undefined) {
    if (options.mayCreate) return [keptKey(options.dataDir)];
    return `CARTIE_ENCRYPTION_KEY is missing, and the server talks to a real provider. ${howToMake}`;
  }
  const [current = '', ...older] = configured.split(',').map((key) => key.trim());
  const good = [current, ...older].every((key) => Buffer.from(key, 'base64').length === 32);
  if (!good) {
    return `CARTIE_ENCRYPTION_KEY must be 32 bytes in base64 (several with commas, the newest first). ${howToMake}`;
  }
  return [current, ...older];
}

function keptKey(dataDir: string): string {
  const file = join(dataDir, 'encryption.key');
  const draft = `${file}.${process.pid}`;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  writeFileSync(draft, randomBytes(32).toString('base64'), { mode: 0o600 });
  try {
    // A link appears whole or not at all: of two processes that start at once, one makes the key for both.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, 'utf8').trim();
}
