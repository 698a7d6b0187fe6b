import { invalidField } from './api-failure.ts';

/** Fields of a request as they came. */
export type Fields = Readonly<Record<string, unknown>>;

/** A text that is not empty, or a number as text. */
export function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value === '') throw invalidField(name, 'missing');
  return value;
}

/** A whole number; SendPulse takes texts of digits too. */
export function integer(fields: Fields, name: string): number {
  const value = Number(fields[name]);
  if (fields[name] === undefined || !Number.isInteger(value)) throw invalidField(name, 'must be integer');
  return value;
}

/** A list with something in it. */
export function list(fields: Fields, name: string, most = Number.POSITIVE_INFINITY): unknown[] {
  const value = fields[name];
  if (!Array.isArray(value) || value.length === 0) throw invalidField(name, 'must be array');
  if (value.length > most) throw invalidField(name, `must have at most ${most} items`);
  return value;
}

/** A list of texts. */
export function texts(fields: Fields, name: string, most?: number): string[] {
  return list(fields, name, most).map((item) => {
    if (typeof item !== 'string' && typeof item !== 'number') throw invalidField(name, 'is invalid');
    return String(item);
  });
}

/** An address, in lower case. */
export function address(value: unknown, name = 'email'): string {
  if (typeof value !== 'string' || !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value))
    throw invalidField(name, 'is invalid');
  return value.toLowerCase();
}

/** A phone's digits. */
export function phone(value: unknown, name = 'phone'): string {
  const digits =
    typeof value === 'string' || typeof value === 'number' ? String(value).replace(/\D/g, '') : '';
  if (digits.length < 7 || digits.length > 15) throw invalidField(name, 'is invalid');
  return digits;
}

/** What base64 held; refused where it is none. */
export function fromBase64(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) {
    throw invalidField(name, 'must be base64');
  }
  return Buffer.from(value, 'base64').toString();
}

/** Is this a plain object? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** One page of a list, by `limit` and `offset`. */
export function page<T>(items: readonly T[], { limit, offset }: Fields, most = 100): T[] {
  const from = Math.max(0, Number(offset) || 0);
  return items.slice(from, from + Math.min(most, Math.max(1, Number(limit) || most)));
}

/** Now, as SendPulse writes dates. */
export function dateText(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}
