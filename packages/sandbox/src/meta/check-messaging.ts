import type { EventContext } from './check-event.ts';
import { checkHashes, hasValue } from './check-user-data.ts';
import { malformed } from './graph-failure.ts';
import type { ServerEvent } from './records.ts';
import { refusal } from './refusals.ts';

/** Names that Meta takes for messaging events. */
const names = [
  'Purchase',
  'LeadSubmitted',
  'InitiateCheckout',
  'AddToCart',
  'ViewContent',
  'QualifiedLead',
  'OrderCreated',
  'OrderShipped',
  'OrderDelivered',
  'OrderCanceled',
  'OrderReturned',
  'CartAbandoned',
  'RatingProvided',
  'ReviewProvided',
];

/** Seconds in which a click explains an event. */
const attributionSeconds = 7 * 86_400;

/** Who wrote, by channel. */
const identities = {
  whatsapp: ['ctwa_clid', 'whatsapp_business_account_id'],
  messenger: ['page_id', 'page_scoped_user_id'],
  instagram: ['ig_account_id', 'ig_sid'],
} as const satisfies Record<string, readonly [string, string]>;

/** Throws for what Meta would refuse in an event of `business_messaging`. */
export function checkMessaging(
  event: ServerEvent,
  userData: Readonly<Record<string, unknown>>,
  context: EventContext,
): void {
  const { index } = context;
  const channel = event.messaging_channel;
  if (typeof channel !== 'string' || !(channel in identities)) {
    throw malformed(
      `Param data[${index}][messaging_channel] must be one of {${Object.keys(identities).join(', ')}}`,
      { index, field: 'messaging_channel' },
    );
  }
  if (!names.includes(String(event.event_name))) throw refusal('messagingName', index, 'event_name');
  checkHashes(userData, index);
  if (channel === 'whatsapp') checkWhatsApp(userData, context);
  else checkAccount(channel as 'messenger' | 'instagram', userData, context);
  const custom = event.custom_data as Record<string, unknown> | undefined;
  if (['Purchase', 'OrderCreated'].includes(String(event.event_name))) {
    if (!hasValue(custom?.currency)) throw refusal('messagingCurrency', index, 'custom_data.currency');
    if (event.event_name === 'Purchase' && !hasValue(custom?.value)) {
      throw refusal('valueMissing', index, 'custom_data.value');
    }
  }
}

function checkWhatsApp(userData: Readonly<Record<string, unknown>>, context: EventContext): void {
  const { dataset, index, clicks, now } = context;
  const { ctwa_clid: clickId, whatsapp_business_account_id: account, page_id: page } = userData;
  if (hasValue(page)) {
    throw hasValue(clickId) && dataset.pageId !== undefined
      ? refusal('pageMismatch', index, 'user_data.page_id')
      : refusal('pageUnexpected', index, 'user_data.page_id');
  }
  if (!hasValue(clickId)) throw refusal('customerUnknown', index, 'user_data.ctwa_clid');
  if (!hasValue(account)) {
    throw refusal('accountMissing', index, 'user_data.whatsapp_business_account_id');
  }
  if (dataset.whatsappBusinessAccountId !== String(account)) {
    throw refusal('accountUnexpected', index, 'user_data.whatsapp_business_account_id');
  }
  const click = clicks.get(String(clickId));
  if (click?.datasetId !== dataset.id || now - click.at > attributionSeconds) {
    throw refusal('clickUnknown', index, 'user_data.ctwa_clid');
  }
}

function checkAccount(
  channel: 'messenger' | 'instagram',
  userData: Readonly<Record<string, unknown>>,
  { dataset, index }: EventContext,
): void {
  const [account, person] = identities[channel];
  for (const name of [account, person]) {
    if (!hasValue(userData[name])) throw refusal('customerUnknown', index, `user_data.${name}`);
  }
  const connected = channel === 'messenger' ? dataset.pageId : dataset.instagramAccountId;
  if (connected !== String(userData[account])) {
    throw refusal('pageUnexpected', index, `user_data.${account}`);
  }
}
