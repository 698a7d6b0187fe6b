import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { CartieError } from './errors.ts';

/**
 * Are two secrets equal? Takes the same time wherever they differ, and whatever the lengths: both are hashed first.
 * `null` and `undefined`, a header that was not sent, equal nothing.
 */
export function safeEqual(
  a: string | Uint8Array | null | undefined,
  b: string | Uint8Array | null | undefined,
): boolean {
  if (a == null || b == null) return false;
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}

/** What {@link verifyHmacSha256} compares. */
export interface HmacCheck {
  /** One secret, or several while one is being replaced: any of them may have signed. */
  secrets: string | readonly string[];
  /** The header's value: hex in any case, after `prefix`. */
  signature: string | null | undefined;
  /** The body as it was sent. */
  bytes: Uint8Array;
  /** What stands before the hex: `sha256=`. @default '' */
  prefix?: string | undefined;
}

/**
 * Is `signature` the HMAC-SHA256 of `bytes` with one of the secrets? Constant-time; all secrets are always tried.
 *
 * @throws CartieError `invalid_config` without a secret or with an empty one, with which anybody could sign.
 */
export function verifyHmacSha256({ secrets, signature, bytes, prefix = '' }: HmacCheck): boolean {
  const keys = typeof secrets === 'string' ? [secrets] : secrets;
  if (keys.length === 0 || keys.some((key) => typeof key !== 'string' || key === '')) {
    throw new CartieError(
      'invalid_config',
      '`secrets` must hold at least one secret, and none may be empty',
      {
        field: 'secrets',
      },
    );
  }
  const given = typeof signature === 'string' ? digestOf(signature, prefix) : undefined;
  if (given === undefined) return false;
  let matches = false;
  for (const key of keys) {
    if (timingSafeEqual(createHmac('sha256', key).update(bytes).digest(), given)) matches = true;
  }
  return matches;
}

function digestOf(signature: string, prefix: string): Buffer | undefined {
  if (!signature.startsWith(prefix)) return undefined;
  const hex = signature.slice(prefix.length);
  return /^[0-9a-f]{64}$/i.test(hex) ? Buffer.from(hex, 'hex') : undefined;
}
