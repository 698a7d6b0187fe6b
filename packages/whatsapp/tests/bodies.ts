import { createHmac } from 'node:crypto';

/** Signs a body as Meta does. */
export function signed(body: string | Uint8Array, secret: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
}

/** One change of a webhook. */
export interface Change {
  field: string;
  value: Record<string, unknown>;
}

const metadata = { display_phone_number: '15550001234', phone_number_id: '1001' };
const person = (n: number) => ({ wa_id: `38067000000${n}`, user_id: `UA.1${n}` });

/** A message of customer `n`. */
export function messageChange(n: number, id: string, content: Record<string, unknown>): Change {
  const { wa_id, user_id } = person(n);
  return {
    field: 'messages',
    value: {
      messaging_product: 'whatsapp',
      metadata,
      contacts: [{ profile: { name: `Customer ${n}` }, wa_id, user_id }],
      messages: [{ from: wa_id, from_user_id: user_id, id, timestamp: '1760000000', ...content }],
    },
  };
}

/** A status of a message to customer `n`. */
export function statusChange(
  n: number,
  id: string,
  status: string,
  extra: Record<string, unknown> = {},
): Change {
  const { wa_id, user_id } = person(n);
  return {
    field: 'messages',
    value: {
      messaging_product: 'whatsapp',
      metadata,
      statuses: [
        { id, status, timestamp: '1760000001', recipient_id: wa_id, recipient_user_id: user_id, ...extra },
      ],
    },
  };
}

const file = { id: '55', mime_type: 'image/jpeg', sha256: 'abc=' };
const plain = (field: string, value: Record<string, unknown>): Change => ({ field, value });

/** 40 updates of mixed kinds, one in each change. */
export const mixedChanges: readonly Change[] = [
  ...Object.entries({
    text: { body: 'Hi' },
    image: file,
    video: file,
    audio: { ...file, voice: true },
    document: { ...file, filename: 'a.pdf' },
    sticker: { ...file, animated: true },
    location: { latitude: 50.45, longitude: 30.52 },
    contacts: [{ name: { formatted_name: 'Olena' } }],
    reaction: { message_id: 'wamid.x', emoji: '👍' },
    button: { payload: 'yes', text: 'Yes' },
    order: {
      catalog_id: 'c',
      product_items: [{ product_retailer_id: 'p', quantity: 1, item_price: 5, currency: 'UAH' }],
    },
    system: { body: 'changed', type: 'user_changed_number', wa_id: '380671111111' },
    unsupported: { type: 'poll' },
    edit: { original_message_id: 'wamid.m-text', message: { type: 'text', text: { body: 'Hello' } } },
    revoke: { original_message_id: 'wamid.m-image' },
    interactive: { type: 'list_reply', list_reply: { id: 'x5', title: 'X5' } },
    newer_than_us: { a: 1 },
  }).map(([type, content], index) => messageChange(index % 3, `wamid.m-${type}`, { type, [type]: content })),
  ...['sent', 'delivered', 'read', 'played'].map((status) => statusChange(1, 'wamid.s1', status)),
  statusChange(2, 'wamid.s2', 'failed', { errors: [{ code: 131047, title: 'Re-engagement message' }] }),
  statusChange(2, 'wamid.s3', 'delivered', {
    recipient_type: 'group',
    recipient_participant_id: '380670000007',
  }),
  statusChange(2, 'wamid.s3', 'delivered', {
    recipient_type: 'group',
    recipient_participant_id: '380670000008',
  }),
  plain('messages', {
    messaging_product: 'whatsapp',
    metadata,
    errors: [{ code: 131000, title: 'Something went wrong' }],
  }),
  plain('message_template_status_update', {
    event: 'APPROVED',
    message_template_id: 7,
    message_template_name: 'a',
    message_template_language: 'uk',
  }),
  plain('message_template_quality_update', {
    previous_quality_score: 'GREEN',
    new_quality_score: 'YELLOW',
    message_template_id: 7,
  }),
  plain('template_category_update', {
    previous_category: 'UTILITY',
    new_category: 'MARKETING',
    message_template_id: 7,
  }),
  plain('phone_number_quality_update', {
    display_phone_number: '15550001234',
    event: 'FLAGGED',
    current_limit: 'TIER_2K',
  }),
  plain('account_update', { event: 'VERIFIED_ACCOUNT' }),
  plain('account_alerts', { entity_type: 'BUSINESS', alert_type: 'OBA_APPROVED' }),
  plain('business_capability_update', { max_daily_conversation_per_phone: 2_000 }),
  plain('security', { event: 'PIN_CHANGED' }),
  plain('flows', { event: 'FLOW_STATUS_CHANGE', flow_id: '9' }),
  plain('calls', {
    messaging_product: 'whatsapp',
    metadata,
    calls: [{ id: 'wacid.1', event: 'connect', from: '380670000001', timestamp: '1' }],
  }),
  plain('user_preferences', {
    messaging_product: 'whatsapp',
    metadata,
    user_preferences: [
      { wa_id: '380670000001', category: 'marketing_messages', value: 'stop', timestamp: 1 },
    ],
  }),
  plain('user_id_update', {
    messaging_product: 'whatsapp',
    metadata,
    user_id_update: [
      { wa_id: '380670000001', user_id: { previous: 'UA.11', current: 'UA.12' }, timestamp: '1' },
    ],
  }),
  plain('smb_message_echoes', {
    messaging_product: 'whatsapp',
    metadata,
    message_echoes: [
      { id: 'wamid.e1', from: '15550001234', to: '380670000001', type: 'text', text: { body: 'x' } },
    ],
  }),
  plain('history', {
    messaging_product: 'whatsapp',
    metadata,
    history: [{ metadata: { phase: 0, chunk_order: 1 }, threads: [] }],
  }),
  plain('group_lifecycle_update', {
    messaging_product: 'whatsapp',
    metadata,
    groups: [{ group_id: 'g1', type: 'group_create', timestamp: '1' }],
  }),
];

/** The same with all messages, statuses and errors, and whom they are of, in one change. */
export function merged(changes: readonly Change[]): readonly Change[] {
  const value: Record<string, unknown> = {};
  const rest = changes.filter((change) => change.field !== 'messages');
  for (const change of changes) {
    if (change.field !== 'messages') continue;
    for (const [name, part] of Object.entries(change.value)) {
      value[name] = Array.isArray(part) ? [...((value[name] as unknown[]) ?? []), ...part] : part;
    }
  }
  return [{ field: 'messages', value }, ...rest];
}

/** A body as Meta sends it, of these changes; of several lists of them with an entry for each. */
export const bodyOf = (
  changes: readonly Change[],
  time = 1_760_000_002,
  ...more: (readonly Change[])[]
): string =>
  JSON.stringify({
    object: 'whatsapp_business_account',
    entry: [changes, ...more].map((list) => ({ id: '2002', time, changes: list })),
  });
