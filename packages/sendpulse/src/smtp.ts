import type { CallOptions } from '@cartie/core';
import { z } from 'zod';
import { limits } from './limits.ts';
import type { ListOptions, Loose, NoFields } from './operation.ts';
import type {
  SendPulseDone,
  SendPulseFiles,
  SendPulseId,
  SendPulseLanguage,
  SendPulsePerson,
} from './types.ts';

/** A letter. `html` is HTML as it is: base64 is done inside. */
export interface SendPulseLetter {
  from: { email: string; name: string };
  to: readonly SendPulsePerson[];
  subject: string;
  /** `html`, `text`, both, or a `template`. */
  html?: string | undefined;
  text?: string | undefined;
  template?: { id: SendPulseId; variables?: Readonly<Record<string, unknown>> | undefined } | undefined;
  /** Makes the text from the HTML. */
  auto_plain_text?: boolean | undefined;
  cc?: readonly SendPulsePerson[] | undefined;
  bcc?: readonly SendPulsePerson[] | undefined;
  reply_to?: SendPulsePerson | undefined;
  /** By their names; bytes are sent in base64. */
  attachments?: SendPulseFiles | undefined;
}

/** A letter that was sent. */
export type SendPulseSentLetter = Loose<{
  id: string;
  sender?: string;
  recipient?: string | null;
  subject?: string;
  send_date?: string;
  smtp_answer_code?: SendPulseId;
  smtp_answer_data?: string;
}>;

/** Rules of a {@link SendPulseLetter}; what else it holds is SendPulse's to judge. */
export const letterSchema = z
  .looseObject({
    from: z.looseObject({ email: address(), name: z.string().min(1) }),
    to: z.array(person()).min(1),
    subject: z.string().min(1),
    html: z.string().min(1).optional(),
    text: z.string().min(1).optional(),
    template: z.looseObject({ id: z.union([z.string().min(1), z.number()]) }).optional(),
    cc: z.array(person()).optional(),
    bcc: z.array(person()).optional(),
    attachments: z.record(z.string().min(1), z.union([z.string(), z.instanceof(Uint8Array)])).optional(),
  })
  .refine(({ html, text, template }) => (html ?? text ?? template) !== undefined, {
    path: ['html'],
    message: 'must be given, or else `text` or `template`',
  });

/** Ids of letters to ask about. */
export const letterIdsSchema = z.looseObject({
  emails: z.array(z.string().min(1)).min(1).max(limits.letters),
});

/**
 * Letters to single people.
 * @see https://sendpulse.com/integrations/api/smtp
 */
export interface Smtp {
  /** Sends one letter, never twice. The `id` is what webhooks call `message_id`. */
  send(letter: SendPulseLetter, options?: CallOptions): Promise<Loose<{ id: string }>>;
  list(
    fields?: { from?: string; to?: string; sender?: string; recipient?: string; country?: string },
    options?: ListOptions,
  ): AsyncGenerator<SendPulseSentLetter, void, undefined>;
  total(fields?: NoFields, options?: CallOptions): Promise<Loose<{ total: number }>>;
  get(fields: { id: SendPulseId }, options?: CallOptions): Promise<SendPulseSentLetter>;
  /** Up to 500 letters at once. */
  info(fields: { emails: readonly string[] }, options?: CallOptions): Promise<SendPulseSentLetter[]>;
  /** Letters that bounced on a day, `YYYY-MM-DD`. */
  bounces(
    fields?: { date?: string },
    options?: ListOptions,
  ): AsyncGenerator<Loose<{ email_to?: string; smtp_answer_code?: SendPulseId }>, void, undefined>;
  bouncesTotal(fields?: NoFields, options?: CallOptions): Promise<Loose<{ total: number }>>;
  unsubscribe(
    fields: { emails: readonly { email: string; comment?: string | undefined }[] },
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  /** Lets letters to these addresses through again. */
  removeUnsubscribed(fields: { emails: readonly string[] }, options?: CallOptions): Promise<SendPulseDone>;
  unsubscribed(
    fields?: { date?: string },
    options?: ListOptions,
  ): AsyncGenerator<Loose<{ email: string; date?: string }>, void, undefined>;
  /** `result`: is the address unsubscribed? */
  isUnsubscribed(fields: { email: string }, options?: CallOptions): Promise<SendPulseDone>;
  /** Has a letter sent that asks to subscribe again; five a day. */
  resubscribe(
    fields: { email: string; sender: string; lang?: SendPulseLanguage | undefined },
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  ips(fields?: NoFields, options?: CallOptions): Promise<string[]>;
  senders(fields?: NoFields, options?: CallOptions): Promise<string[]>;
  domains(
    fields?: NoFields,
    options?: CallOptions,
  ): Promise<Loose<{ service_value?: string; status?: number }>[]>;
  addDomain(fields: { domain: string }, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
}

function person() {
  return z.looseObject({ email: address(), name: z.string().optional() });
}

function address() {
  return z.string().refine((text) => /^[^\s@]+@[^\s@]+$/.test(text), 'must be an e-mail address');
}
