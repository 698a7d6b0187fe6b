import type { CallOptions } from '@cartie/core';
import { z } from 'zod';
import { limits } from './limits.ts';
import type { Loose, NoFields } from './operation.ts';
import type { SendPulseDone, SendPulseId, SendPulseValue } from './types.ts';

/** A variable of a phone. */
export interface SendPulsePhoneVariable {
  name: string;
  type: 'string' | 'number' | 'date';
  value: SendPulseValue;
}

/** What every SMS has. */
export interface SmsText {
  /** Up to eleven characters. */
  sender: string;
  body: string;
  /** `YYYY-MM-DD hh:mm:ss` @default now */
  date?: string | undefined;
  /** Routes by country: `{ UA: 'national' }`. */
  route?: Readonly<Record<string, string>> | undefined;
  /** Counts what it would cost and sends nothing. */
  emulate?: boolean | undefined;
  transliterate?: boolean | undefined;
  stat_link_tracking?: boolean | undefined;
  stat_link_need_protocol?: boolean | undefined;
}

/** Rules of an SMS. */
export const smsSchema = z.looseObject({
  sender: z.string().min(1).max(limits.smsSender),
  body: z.string().min(1),
  phones: z
    .array(
      z.union([
        z.string().refine((text) => /^\+?[\d\s().-]{7,24}$/.test(text), 'must be a phone number'),
        z.number(),
      ]),
    )
    .min(1),
});

/**
 * SMS, and phones of address books.
 * @see https://sendpulse.com/integrations/api/bulk-sms
 */
export interface Sms {
  addPhones(
    fields: { addressBookId: number; phones: readonly string[] },
    options?: CallOptions,
  ): Promise<Loose<{ counters?: unknown }>>;
  /** @param fields `phones`: each phone's variables, as SendPulse nests them: `{ '380…': [[{ name, type, value }]] }` */
  addPhonesWithVariables(
    fields: {
      addressBookId: number;
      phones: Readonly<Record<string, readonly (readonly SendPulsePhoneVariable[])[]>>;
    },
    options?: CallOptions,
  ): Promise<unknown>;
  /** Sets the same variables of all these phones. */
  setVariables(
    fields: {
      addressBookId: number;
      phones: readonly string[];
      variables: readonly SendPulsePhoneVariable[];
    },
    options?: CallOptions,
  ): Promise<unknown>;
  /** Sets variables of one phone. */
  setPhoneVariables(
    fields: { id: SendPulseId; phone: string; variables: readonly { name: string; value: SendPulseValue }[] },
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  removePhones(
    fields: { addressBookId: number; phones: readonly string[] },
    options?: CallOptions,
  ): Promise<Loose<{ counters?: unknown }>>;
  getPhone(fields: { addressBookId: number; phone: string }, options?: CallOptions): Promise<unknown>;
  addToBlacklist(
    fields: { phones: readonly string[]; description?: string | undefined },
    options?: CallOptions,
  ): Promise<unknown>;
  removeFromBlacklist(fields: { phones: readonly string[] }, options?: CallOptions): Promise<unknown>;
  blacklist(fields?: NoFields, options?: CallOptions): Promise<readonly Loose<{ phone?: string }>[]>;
  findInBlacklist(
    fields: { phones: readonly string[] },
    options?: CallOptions,
  ): Promise<readonly Loose<{ phone?: string }>[]>;
  /** Sends to all phones of a book, never twice. */
  createCampaign(
    fields: SmsText & { addressBookId: number; use_dynamic_list?: boolean | undefined },
    options?: CallOptions,
  ): Promise<Loose<{ campaign_id: number }>>;
  /** Sends to these phones, never twice. */
  send(
    fields: SmsText & { phones: readonly (string | number)[] },
    options?: CallOptions,
  ): Promise<Loose<{ campaign_id: number; counters?: unknown }>>;
  /** Campaigns between two dates, `YYYY-MM-DD hh:mm:ss`. */
  campaigns(
    fields?: { dateFrom?: string; dateTo?: string },
    options?: CallOptions,
  ): Promise<readonly Loose<{ id: number }>[]>;
  getCampaign(fields: { id: SendPulseId }, options?: CallOptions): Promise<unknown>;
  cancelCampaign(fields: { id: SendPulseId }, options?: CallOptions): Promise<SendPulseDone>;
  deleteCampaign(fields: { id: SendPulseId }, options?: CallOptions): Promise<SendPulseDone>;
  cost(
    fields: { body: string; sender: string; addressBookId?: number; phones?: readonly string[] },
    options?: CallOptions,
  ): Promise<Loose<{ price?: number; currency?: string }>>;
  senders(fields?: NoFields, options?: CallOptions): Promise<Loose<{ id: number; sender?: string }>[]>;
}
