import type { Update } from '@cartie/core';
import type { SendPulseEvent } from '@cartie/sendpulse';
import type { InboundEvent } from './inbound.ts';

/** What the events of SendPulse mean for a person, by family and name. */
const meanings: Readonly<Record<string, 'bounced' | 'unsubscribed' | 'subscribed'>> = {
  'email.hard_bounces': 'bounced',
  'email.unsubscribe': 'unsubscribed',
  'email.spam': 'unsubscribed',
  'smtp.hard_bounces': 'bounced',
  'smtp.unsubscribed': 'unsubscribed',
  'smtp.spam_by_user': 'unsubscribed',
  'smtp.resubscribed': 'subscribed',
};

/** Reads an event of SendPulse. `undefined` for the kinds that change nothing about a person. */
export function readSendPulseUpdate({ kind, payload }: Update): InboundEvent | undefined {
  const { email, at } = payload as SendPulseEvent;
  const state = Object.hasOwn(meanings, kind) ? meanings[kind] : undefined;
  if (state === undefined || email === undefined) return undefined;
  return { type: 'mailing', address: email, state, at: at ?? Date.now() };
}
