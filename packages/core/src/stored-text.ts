import { createHash } from 'node:crypto';
import { CartieError } from './errors.ts';

const digestPrefix = 'sha256:';
const maxBytes = 512;
const loneSurrogate = /\p{Surrogate}/u;

/**
 * The form in which an id or key is stored: itself, or a digest where PostgreSQL could not store it exactly (U+0000,
 * half a surrogate pair) or index it (over 512 bytes). Different texts always have different forms.
 */
export function storedText(text: string): string {
  const plain =
    !text.includes('\0') &&
    !text.startsWith(digestPrefix) &&
    !loneSurrogate.test(text) &&
    (text.length <= maxBytes / 3 || Buffer.byteLength(text) <= maxBytes);
  return plain ? text : digestPrefix + createHash('sha256').update(text, 'utf16le').digest('hex');
}

const maxPayloadLength = 16 * 1024 * 1024;

/**
 * `value` as JSON text, in which every character is safe to store.
 *
 * @throws CartieError `invalid_input` that names the field
 */
export function payloadText(
  value: unknown,
  context: { service: string; operation: string; field: string },
): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // The thrown message may quote a key of the payload.
  }
  if (text === undefined) {
    throw new CartieError(
      'invalid_input',
      `${context.field} must be plain JSON: no BigInt, no cycle, not undefined`,
      context,
    );
  }
  if (text.length > maxPayloadLength) {
    throw new CartieError('invalid_input', `${context.field} is longer than 16 MiB of JSON`, context);
  }
  return text;
}
