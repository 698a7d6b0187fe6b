import type { CallOptions } from '@cartie/core';
import type { Loose, NoFields } from './operation.ts';
import type { SendPulseDone, SendPulseId } from './types.ts';

/**
 * Money of the account.
 * @see https://sendpulse.com/integrations/api/bulk-email#balance
 */
export interface Balance {
  get(
    fields?: NoFields,
    options?: CallOptions,
  ): Promise<Loose<{ currency?: string; balance_currency?: SendPulseId }>>;
  /** @param fields `currency`: `UAH`, `USD`, … */
  getIn(
    fields: { currency: string },
    options?: CallOptions,
  ): Promise<Loose<{ currency?: string; balance_currency?: SendPulseId }>>;
  /** By service, with its plan. */
  details(fields?: NoFields, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
}

/**
 * Addresses that no campaign is sent to.
 * @see https://sendpulse.com/integrations/api/bulk-email#blacklist
 */
export interface Blacklist {
  list(fields?: NoFields, options?: CallOptions): Promise<string[]>;
  /** Base64 is done inside. */
  add(
    fields: { emails: readonly string[]; comment?: string | undefined },
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  remove(fields: { emails: readonly string[] }, options?: CallOptions): Promise<SendPulseDone>;
}

/** What tags answer. */
export type SendPulseTagAnswer = Loose<{ success?: boolean; failure?: boolean }>;

/**
 * Tags of contacts.
 * @see https://sendpulse.com/integrations/api/bulk-email#tags
 */
export interface Tags {
  list(
    fields?: NoFields,
    options?: CallOptions,
  ): Promise<Loose<{ id: number; name: string; color?: string }>[]>;
  create(fields: { name: string; color: string }, options?: CallOptions): Promise<SendPulseTagAnswer>;
  update(
    fields: { id: SendPulseId; name: string; color: string },
    options?: CallOptions,
  ): Promise<SendPulseTagAnswer>;
  delete(fields: { id: SendPulseId }, options?: CallOptions): Promise<SendPulseTagAnswer>;
  pinEmail(
    fields: { email: string; tags: readonly number[] },
    options?: CallOptions,
  ): Promise<SendPulseTagAnswer>;
  unpinEmail(
    fields: { email: string; tags: readonly number[] },
    options?: CallOptions,
  ): Promise<SendPulseTagAnswer>;
  pinPhone(
    fields: { phone: string; tags: readonly number[] },
    options?: CallOptions,
  ): Promise<SendPulseTagAnswer>;
  unpinPhone(
    fields: { phone: string; tags: readonly number[] },
    options?: CallOptions,
  ): Promise<SendPulseTagAnswer>;
}

/** A webhook of the e-mail service, for one kind of event. */
export type SendPulseWebhookRow = Loose<{ id: number; user_id?: number; url: string; action: string }>;

/**
 * Webhooks of the e-mail service. Those of SMTP and of chatbots are made in the account's settings.
 * @see https://sendpulse.com/integrations/api/bulk-email#webhooks
 */
export interface Webhooks {
  list(fields?: NoFields, options?: CallOptions): Promise<SendPulseWebhookRow[]>;
  /** One row for each action: `delivered`, `open`, `redirect`, `unsubscribe`, `spam`, `new_emails`, `delete`, … */
  create(
    fields: { url: string; actions: readonly string[] },
    options?: CallOptions,
  ): Promise<SendPulseWebhookRow[]>;
  get(fields: { id: SendPulseId }, options?: CallOptions): Promise<SendPulseWebhookRow>;
  update(
    fields: { id: SendPulseId; url: string },
    options?: CallOptions,
  ): Promise<Loose<{ success?: boolean }>>;
  delete(fields: { id: SendPulseId }, options?: CallOptions): Promise<Loose<{ success?: boolean }>>;
}
