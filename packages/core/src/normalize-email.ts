import { foldText } from './normalize-text.ts';

/**
 * An e-mail as Meta hashes it: trimmed and in lower case. Dots and +tags stay, and so do international addresses in
 * their own script. `undefined` for what is no address.
 */
export function normalizeEmail(value: unknown): string | undefined {
  if (typeof value === 'string' && plain.test(value)) return value;
  const email = foldText(value);
  if (email === undefined) return undefined;
  return plain.test(email) || address.test(email) ? email : undefined;
}

// One @, a domain with a dot, nothing that cannot be typed: a check for mistaken fields, not for deliverability.
const address = /^[^\s@\p{C}]+@[^\s@\p{C}.]+(\.[^\s@\p{C}.]+)+$/u;

// What nearly all look like, and several times faster to check.
const plain = /^[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;
