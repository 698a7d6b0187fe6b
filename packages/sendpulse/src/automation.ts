import type { CallOptions } from '@cartie/core';
import type { ListOptions, Loose, NoFields } from './operation.ts';
import type { SendPulseDone, SendPulseId } from './types.ts';

/** Kinds of an automation's blocks that have statistics. */
export type SendPulseBlock =
  | 'main-trigger'
  | 'email'
  | 'push'
  | 'sms'
  | 'messenger'
  | 'filter'
  | 'trigger'
  | 'goal'
  | 'action';

/**
 * Automation 360.
 * @see https://sendpulse.com/integrations/api/automation360
 */
export interface Automation {
  /**
   * Tells of something that happened to a person, which starts flows. One of `email` and `phone` must be there; further
   * fields are variables of the event. Is not repeated after an unknown outcome: the flow would start twice.
   */
  sendEvent(
    fields: { event: string; email?: string | undefined; phone?: string | undefined } & Readonly<
      Record<string, unknown>
    >,
    options?: CallOptions,
  ): Promise<SendPulseDone>;
  list(fields?: NoFields, options?: ListOptions): AsyncGenerator<Loose<{ id: SendPulseId }>, void, undefined>;
  get(fields: { id: SendPulseId }, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  totalStats(
    fields: { id: SendPulseId; flow_type?: string; deleted?: boolean },
    options?: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>>;
  conversions(fields: { id: SendPulseId }, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  /** Statistics of a block. */
  blockStats(
    fields: { block: SendPulseBlock; id: SendPulseId },
    options?: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Forgets what events were told. */
  deleteEventLog(fields?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<SendPulseDone>;
}
