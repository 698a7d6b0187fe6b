import type { CallOptions } from '@cartie/core';
import { z } from 'zod';
import { limits } from './limits.ts';
import type { ListOptions, Loose, NoFields } from './operation.ts';
import type { SendPulseDone, SendPulseId } from './types.ts';

/** A Viber campaign. */
export interface NewViberCampaign {
  task_name?: string | undefined;
  /** 2 advertises, 3 is transactional. */
  message_type: 2 | 3;
  /** How long it may wait for the phone, 60 to 86400. Seconds. */
  message_live_time: number;
  /** `now`, or `YYYY-MM-DD hh:mm:ss`. */
  send_date: string;
  sender_id: number;
  /** A book; or else `recipients`. */
  address_book?: number | undefined;
  recipients?: readonly number[] | undefined;
  /** Up to 1000 characters. */
  message: string;
  additional?: Readonly<Record<string, unknown>> | undefined;
  stretch_time?: number | undefined;
}

/** Rules of a {@link NewViberCampaign}. */
export const viberSchema = z
  .looseObject({
    message_type: z.union([z.literal(2), z.literal(3)]),
    message_live_time: z.int().min(limits.viberLife.min).max(limits.viberLife.max),
    send_date: z.string().min(1),
    sender_id: z.int(),
    message: z.string().min(1).max(limits.viberText),
    address_book: z.int().optional(),
    recipients: z.array(z.int()).min(1).optional(),
  })
  .refine(({ address_book, recipients }) => (address_book ?? recipients) !== undefined, {
    path: ['recipients'],
    message: 'must be given, or else `address_book`',
  });

/**
 * Viber campaigns. Viber's chatbots are under `chatbots.viber`.
 * @see https://sendpulse.com/integrations/api/viber
 */
export interface ViberCampaigns {
  /** Sends a campaign, never twice. */
  create(fields: NewViberCampaign, options?: CallOptions): Promise<Loose<{ data?: unknown }>>;
  update(
    fields: { main_task_id: number; message?: string; message_live_time?: number; send_date?: string },
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  list(fields?: NoFields, options?: ListOptions): AsyncGenerator<Loose<{ id: number }>, void, undefined>;
  get(
    fields: { id: SendPulseId },
    options?: CallOptions,
  ): Promise<Loose<{ id: number; statistic?: unknown }>>;
  recipients(
    fields: { id: SendPulseId },
    options?: CallOptions,
  ): Promise<readonly Loose<{ phone?: SendPulseId }>[]>;
  senders(fields?: NoFields, options?: CallOptions): Promise<Loose<{ id: number; name?: string }>[]>;
  getSender(
    fields: { id: SendPulseId },
    options?: CallOptions,
  ): Promise<Loose<{ id: number; name?: string }>>;
  /** Phones that no campaign is sent to. */
  exceptions(fields?: NoFields, options?: ListOptions): AsyncGenerator<Loose<object>, void, undefined>;
  addExceptions(
    fields: { phones: readonly string[]; description?: string | undefined },
    options?: CallOptions,
  ): Promise<unknown>;
  removeExceptions(fields: { phones: readonly string[] }, options?: CallOptions): Promise<unknown>;
}
