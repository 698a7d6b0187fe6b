import type { CallOptions } from '@cartie/core';
import { z } from 'zod';
import { limits } from './limits.ts';
import type { ListOptions, Loose, NoFields } from './operation.ts';
import type { SendPulseDone, SendPulseFiles, SendPulseId, SendPulseLanguage } from './types.ts';

/** A campaign to books. `body` and `body_amp` are HTML: base64 is done inside. */
export interface NewCampaign {
  sender_name: string;
  sender_email: string;
  subject: string;
  /** HTML; or else `template_id`. */
  body?: string | undefined;
  template_id?: SendPulseId | undefined;
  /** One book, or up to ten. */
  list_id?: number | readonly number[] | undefined;
  segment_id?: number | undefined;
  /** `YYYY-MM-DD hh:mm:ss` @default now */
  send_date?: string | undefined;
  name?: string | undefined;
  /** Up to five. */
  attachments?: SendPulseFiles | undefined;
  /** `draft` is not sent. */
  type?: 'draft' | undefined;
  is_test?: boolean | undefined;
  use_dynamic_list?: boolean | undefined;
  body_amp?: string | undefined;
  stats?: { clicks?: boolean; opens?: boolean; utm_campaign?: string } | undefined;
}

/** Rules of a {@link NewCampaign}; what else it holds is SendPulse's to judge. */
export const campaignSchema = z
  .looseObject({
    sender_name: z.string().min(1),
    sender_email: z.string().regex(/^[^\s@]+@[^\s@]+$/, 'must be an e-mail address'),
    subject: z.string().min(1),
    body: z.string().min(1).optional(),
    template_id: z.union([z.string().min(1), z.number()]).optional(),
    list_id: z.union([z.int(), z.array(z.int()).min(1).max(limits.campaignBooks)]).optional(),
    segment_id: z.int().optional(),
    attachments: z
      .record(z.string().min(1), z.union([z.string(), z.instanceof(Uint8Array)]))
      .refine((files) => Object.keys(files).length <= limits.campaignFiles, {
        message: `must be ${limits.campaignFiles} at most`,
      })
      .optional(),
  })
  .refine(({ body, template_id }) => (body ?? template_id) !== undefined, {
    path: ['body'],
    message: 'must be given, or else `template_id`',
  })
  .refine(({ list_id, segment_id }) => (list_id ?? segment_id) !== undefined, {
    path: ['list_id'],
    message: 'must be given, or else `segment_id`',
  });

/** A campaign. */
export type SendPulseCampaign = Loose<{ id: number; name?: string; status?: number }>;

/**
 * Campaigns to address books; four in an hour.
 * @see https://sendpulse.com/integrations/api/bulk-email#create-campaign
 */
export interface Campaigns {
  create(
    fields: NewCampaign,
    options?: CallOptions,
  ): Promise<Loose<{ id: number; status?: number; count?: number }>>;
  list(
    fields?: { order?: 'asc' | 'desc'; status?: number },
    options?: ListOptions,
  ): AsyncGenerator<SendPulseCampaign, void, undefined>;
  get(fields: { id: SendPulseId }, options?: CallOptions): Promise<SendPulseCampaign>;
  update(
    fields: { id: SendPulseId; name?: string | undefined; subject?: string | undefined },
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  cancel(fields: { id: SendPulseId }, options?: CallOptions): Promise<SendPulseDone>;
  countries(fields: { id: SendPulseId }, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  referrals(
    fields: { id: SendPulseId },
    options?: CallOptions,
  ): Promise<Loose<{ link?: string; count?: number }>[]>;
  /** What became of the letter to one address. */
  email(
    fields: { id: SendPulseId; email: string },
    options?: CallOptions,
  ): Promise<Loose<{ global_status?: number; detail_status?: number }>>;
}

/** A template. */
export type SendPulseTemplate = Loose<{ id: SendPulseId; name?: string }>;

/**
 * Templates of letters. `body` is HTML: base64 is done inside.
 * @see https://sendpulse.com/integrations/api/bulk-email#create-template
 */
export interface Templates {
  create(
    fields: { name?: string | undefined; body: string; lang?: SendPulseLanguage | undefined },
    options?: CallOptions,
  ): Promise<Loose<{ real_id: number }>>;
  update(
    fields: { id: SendPulseId; body: string; lang?: SendPulseLanguage | undefined },
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  get(
    fields: { id: SendPulseId; owner?: string; lang?: string },
    options?: CallOptions,
  ): Promise<SendPulseTemplate>;
  getBySlug(
    fields: { slug: string; owner?: string; lang?: string },
    options?: CallOptions,
  ): Promise<SendPulseTemplate>;
  list(
    fields?: { owner?: 'me' | 'sendpulse'; only_active?: boolean },
    options?: ListOptions,
  ): AsyncGenerator<SendPulseTemplate, void, undefined>;
}

/**
 * Senders of letters.
 * @see https://sendpulse.com/integrations/api/bulk-email#senders-list
 */
export interface Senders {
  list(
    fields?: NoFields,
    options?: CallOptions,
  ): Promise<Loose<{ email: string; name?: string; status?: string }>[]>;
  add(fields: { email: string; name: string }, options?: CallOptions): Promise<SendPulseDone>;
  delete(fields: { email: string }, options?: CallOptions): Promise<SendPulseDone>;
  /** Has a letter with a code sent to the sender; once in 15 minutes. */
  requestCode(fields: { email: string }, options?: CallOptions): Promise<SendPulseDone>;
  activate(fields: { email: string; code: string }, options?: CallOptions): Promise<SendPulseDone>;
}
