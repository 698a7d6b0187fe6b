import type { CallOptions } from '@cartie/core';
import { z } from 'zod';
import { limits } from './limits.ts';
import type { ListOptions, Loose, NoFields } from './operation.ts';
import type { SendPulseDone, SendPulseId } from './types.ts';

/** A push campaign. */
export interface NewPush {
  title: string;
  website_id: number;
  body: string;
  /** How long it may wait for the browser, up to 86400. Seconds. */
  ttl: number;
  link?: string | undefined;
  filter_lang?: string | undefined;
  filter_browser?: string | undefined;
  filter_region?: string | undefined;
  filter_url?: string | undefined;
  filter?: Readonly<Record<string, unknown>> | undefined;
  stretch_time?: number | undefined;
  /** `YYYY-MM-DD hh:mm:ss` @default now */
  send_date?: string | undefined;
  buttons?: string | undefined;
  image?: string | undefined;
  icon?: string | undefined;
}

/** Rules of a {@link NewPush}. */
export const pushSchema = z.looseObject({
  title: z.string().min(1),
  body: z.string().min(1),
  website_id: z.int(),
  ttl: z.int().min(0).max(limits.pushLife),
});

/**
 * Web push.
 * @see https://sendpulse.com/integrations/api/push
 */
export interface Push {
  /** Sends to the subscribers of a site, never twice. */
  create(fields: NewPush, options?: CallOptions): Promise<Loose<{ id: number }>>;
  list(
    fields?: { from?: string; to?: string; website_id?: number },
    options?: ListOptions,
  ): AsyncGenerator<Loose<{ id: number }>, void, undefined>;
  get(fields: { id: SendPulseId }, options?: CallOptions): Promise<Loose<{ id: number }>>;
  websites(
    fields?: NoFields,
    options?: ListOptions,
  ): AsyncGenerator<Loose<{ id: number; url?: string }>, void, undefined>;
  websitesTotal(fields?: NoFields, options?: CallOptions): Promise<Loose<{ total: number }>>;
  getWebsite(fields: { id: SendPulseId }, options?: CallOptions): Promise<Loose<{ id: number }>>;
  variables(fields: { id: SendPulseId }, options?: CallOptions): Promise<Loose<{ name?: string }>[]>;
  subscriptions(
    fields: { id: SendPulseId; subscription_date_from?: string; subscription_date_to?: string },
    options?: ListOptions,
  ): AsyncGenerator<Loose<object>, void, undefined>;
  subscriptionsTotal(fields: { id: SendPulseId }, options?: CallOptions): Promise<Loose<{ total: number }>>;
  code(fields: { id: SendPulseId }, options?: CallOptions): Promise<Loose<{ script_code?: string }>>;
  setSubscriptionState(fields: { id: number; state: 0 | 1 }, options?: CallOptions): Promise<SendPulseDone>;
}
