import { invalid } from './invalid.ts';
import { messagingChannels, messagingEvents } from './limits.ts';
import type { EventDraft } from './prepare-event.ts';
import type { MetaEvent } from './types.ts';

/** What each channel needs to know the conversation by. */
const required = {
  whatsapp: ['whatsapp_business_account_id', 'ctwa_clid'],
  messenger: ['page_id', 'page_scoped_user_id'],
  instagram: ['ig_account_id', 'ig_sid'],
} as const satisfies Record<(typeof messagingChannels)[number], readonly string[]>;

const priced: ReadonlySet<string> = new Set(['Purchase', 'OrderCreated']);

/**
 * The rules of messaging events (clicks to WhatsApp, Messenger, Instagram).
 *
 * @throws CartieError `invalid_input` that names the field
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/business-messaging
 */
export function checkMessaging(
  { name, source, event, userData, customData }: EventDraft,
  input: MetaEvent,
  names: readonly string[] = messagingEvents,
): void {
  const { messaging_channel: channel, messaging_outcome_data: outcome } = input;
  if (outcome != null) {
    if (outcome.outcome_type !== 'automatic_events') {
      throw invalid('messaging_outcome_data.outcome_type', 'must be automatic_events');
    }
    event.messaging_outcome_data = { outcome_type: outcome.outcome_type };
  }
  if (source !== 'business_messaging') {
    if (channel != null) {
      throw invalid('messaging_channel', 'is for events with the `action_source` business_messaging');
    }
    if (userData.ctwa_clid !== undefined && userData.whatsapp_business_account_id === undefined) {
      throw invalid('user_data.whatsapp_business_account_id', 'is required with `ctwa_clid`');
    }
    return;
  }
  if (channel == null || !messagingChannels.includes(channel)) {
    throw invalid('messaging_channel', `must be one of ${messagingChannels.join(', ')}`);
  }
  event.messaging_channel = channel;
  if (!names.includes(name)) {
    throw invalid('event_name', `must be one that Meta takes of messaging events: ${names.join(', ')}`);
  }
  for (const key of required[channel]) {
    if (userData[key] === undefined) throw invalid(`user_data.${key}`, `is required for ${channel}`);
  }
  if (priced.has(name) && customData?.currency === undefined) {
    throw invalid('custom_data.currency', `is required for ${name}`);
  }
}
