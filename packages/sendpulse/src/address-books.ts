import type { CallOptions } from '@cartie/core';
import type { ListOptions, Loose, NoFields } from './operation.ts';
import type {
  SendPulseBook,
  SendPulseContact,
  SendPulseDone,
  SendPulseId,
  SendPulseLanguage,
  SendPulseNewContact,
  SendPulseValue,
} from './types.ts';

/** A book by its number. */
export interface BookFields {
  id: SendPulseId;
}

/** A book and addresses in it. */
export interface BookEmails extends BookFields {
  emails: readonly string[];
}

/** Contacts for a book. */
export interface NewContacts extends BookFields {
  emails: readonly SendPulseNewContact[];
  tags?: readonly number[] | undefined;
  /** Leaves contacts that are there already as they are. */
  dont_update?: boolean | undefined;
  check_emails?: boolean | undefined;
  /** Tells no webhook of new contacts. */
  disable_webhook?: boolean | undefined;
}

/** Contacts that confirm before they are active. */
export interface InvitedContacts extends NewContacts {
  /** An active sender of the account. */
  sender_email: string;
  /** A template of a letter with the link to confirm. */
  template_id: string;
  message_lang?: SendPulseLanguage | undefined;
}

/**
 * Address books and their contacts.
 * @see https://sendpulse.com/integrations/api/bulk-email#lists-list
 */
export interface AddressBooks {
  create(fields: { bookName: string }, options?: CallOptions): Promise<Loose<{ id: number }>>;
  list(fields?: NoFields, options?: ListOptions): AsyncGenerator<SendPulseBook, void, undefined>;
  get(fields: BookFields, options?: CallOptions): Promise<SendPulseBook>;
  update(fields: BookFields & { name: string }, options?: CallOptions): Promise<SendPulseDone>;
  delete(fields: BookFields, options?: CallOptions): Promise<SendPulseDone>;
  /** Names and types of the variables of a book. */
  variables(fields: BookFields, options?: CallOptions): Promise<Loose<{ name: string; type: string }>[]>;
  emails(
    fields: BookFields & { active?: boolean | undefined; not_active?: boolean | undefined },
    options?: ListOptions,
  ): AsyncGenerator<SendPulseContact, void, undefined>;
  /** Contacts whose variable has this value. */
  emailsByVariable(
    fields: BookFields & { name: string; value: SendPulseValue },
    options?: CallOptions,
  ): Promise<SendPulseContact[]>;
  total(
    fields: BookFields & { active?: boolean | undefined },
    options?: CallOptions,
  ): Promise<Loose<{ total: number }>>;
  getEmail(fields: BookFields & { email: string }, options?: CallOptions): Promise<SendPulseContact>;
  /**
   * Adds any number of contacts, or sets the variables of those that are there: it can be repeated. Sent in requests of
   * 100; `deadlineMs` is for all of them.
   */
  addEmails(fields: NewContacts, options?: CallOptions): Promise<SendPulseDone>;
  /**
   * Adds contacts who become active when they follow a link in a letter (double opt-in), 100 at a time. Is not repeated
   * after an unknown outcome: they would get a second letter.
   */
  inviteEmails(fields: InvitedContacts, options?: CallOptions): Promise<SendPulseDone>;
  /** Removes any number of contacts. */
  removeEmails(fields: BookEmails, options?: CallOptions): Promise<SendPulseDone>;
  /** Unsubscribes any number of contacts. */
  unsubscribeEmails(fields: BookEmails, options?: CallOptions): Promise<SendPulseDone>;
  /** Sets variables of one contact. */
  setVariables(
    fields: BookFields & { email: string; variables: readonly { name: string; value: SendPulseValue }[] },
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  setPhone(
    fields: BookFields & { email: string; phone: string },
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  /** What a campaign to this book would cost. */
  cost(fields: BookFields, options?: CallOptions): Promise<Loose<{ cur?: string; sent_emails_qty?: number }>>;
  campaigns(
    fields: BookFields,
    options?: ListOptions,
  ): AsyncGenerator<Loose<{ task_id: number }>, void, undefined>;
}

/**
 * An address in all books at once.
 * @see https://sendpulse.com/integrations/api/bulk-email#get-email
 */
export interface Emails {
  /** The books that an address is in. */
  get(fields: { email: string }, options?: CallOptions): Promise<Loose<{ book_id: number; email: string }>[]>;
  getMany(
    fields: { emails: readonly string[] },
    options?: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>>;
  details(
    fields: { email: string },
    options?: CallOptions,
  ): Promise<Loose<{ list_name?: string; source?: string }>[]>;
  campaigns(fields: { email: string }, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  campaignsOfMany(
    fields: { emails: readonly string[] },
    options?: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Removes an address from every book. */
  delete(fields: { email: string }, options?: CallOptions): Promise<SendPulseDone>;
}
