import { invalid } from './errors.ts';

/** A phone number as Telegram takes it. @throws CartieError `invalid_input` that does not quote it */
export function checkedPhone(phone: unknown): string {
  const digits = typeof phone === 'string' ? phone.replace(/[\s().+-]/g, '') : '';
  if (/^\d{5,18}$/.test(digits)) return `+${digits}`;
  throw invalid('phone', 'must be a phone number with its country code', 'login');
}

/** The code without what people write between its digits. @throws CartieError `invalid_input` */
export function checkedCode(code: unknown): string {
  const text = typeof code === 'string' ? code.replace(/[\s-]/g, '') : '';
  if (/^\w{1,32}$/.test(text)) return text;
  throw invalid('code', 'must be the code that Telegram sent', 'login');
}

/** @throws CartieError `invalid_input` */
export function checkedPassword(password: unknown): string {
  if (typeof password === 'string' && password !== '') return password;
  throw invalid('password', 'must be a text that is not empty', 'login');
}
