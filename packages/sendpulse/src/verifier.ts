import type { CallOptions } from '@cartie/core';
import type { Loose } from './operation.ts';
import type { SendPulseDone } from './types.ts';

/**
 * The verifier of addresses. A check costs money: it is never asked for twice.
 * @see https://sendpulse.com/integrations/api/verifier
 */
export interface Verifier {
  checkBook(fields: { id: number }, options?: CallOptions): Promise<SendPulseDone>;
  progress(
    fields: { id: number },
    options?: CallOptions,
  ): Promise<Loose<{ total?: number; processed?: number }>>;
  results(
    fields: { id: number; start?: number; count?: number },
    options?: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>>;
  books(
    fields?: { start?: number; count?: number },
    options?: CallOptions,
  ): Promise<Loose<{ total?: number; list?: unknown }>>;
  checkEmail(fields: { email: string }, options?: CallOptions): Promise<SendPulseDone>;
  emailResult(
    fields: { email: string },
    options?: CallOptions,
  ): Promise<Loose<{ email?: string; checks?: unknown }>>;
  makeReport(
    fields: { id: number; format: 2 | 3 | 4; status?: readonly number[]; lang?: string },
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  report(
    fields: { id: number; format?: number },
    options?: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** The report's file, as text. */
  downloadReport(fields: { id: number; format?: number }, options?: CallOptions): Promise<unknown>;
}
