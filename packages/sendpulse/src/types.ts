import type { Loose } from './operation.ts';

/** An answer that says only that it was done. */
export type SendPulseDone = Loose<{ result: boolean }>;

/** An id of SendPulse: it writes some as texts. */
export type SendPulseId = number | string;

/** An address book. */
export type SendPulseBook = Loose<{
  id: number;
  name: string;
  all_email_qty?: number;
  active_email_qty?: number;
  inactive_email_qty?: number;
  creationdate?: string;
  status?: number;
  status_explain?: string;
}>;

/** A value of a contact's variable. */
export type SendPulseValue = string | number;

/** A contact of a book. */
export type SendPulseContact = Loose<{
  email: string;
  status?: number;
  status_explain?: string;
  variables?: unknown;
}>;

/** An address to add, with or without variables. */
export type SendPulseNewContact =
  | string
  | { email: string; variables?: Readonly<Record<string, SendPulseValue>> | undefined };

/** A person of a letter. */
export interface SendPulsePerson {
  email: string;
  name?: string | undefined;
}

/** Files by their names: a text, or bytes. */
export type SendPulseFiles = Readonly<Record<string, string | Uint8Array>>;

/** Languages of SendPulse's own letters. */
export type SendPulseLanguage = 'en' | 'ru' | 'ua' | 'tr' | 'es' | 'pt';
