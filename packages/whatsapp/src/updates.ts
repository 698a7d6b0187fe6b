import { createHash } from 'node:crypto';
import type { Update } from '@cartie/core';
import type { WebhookContact, WhatsAppUpdate } from './update-types.ts';

type Json = Readonly<Record<string, unknown>>;

/** Fields that hold lists: each item is an update of the kind named here. */
const lists: Readonly<Record<string, Readonly<Record<string, WhatsAppUpdate['kind']>>>> = {
  messages: { messages: 'message', statuses: 'status', errors: 'error' },
  calls: { calls: 'call', statuses: 'call_status', errors: 'error' },
  smb_message_echoes: { message_echoes: 'echo' },
  message_echoes: { message_echoes: 'echo' },
  smb_app_state_sync: { state_sync: 'contact_sync' },
  history: { history: 'history', messages: 'message', errors: 'error' },
  user_preferences: { user_preferences: 'user_preference' },
  user_id_update: { user_id_update: 'user_id_update' },
  group_lifecycle_update: { groups: 'group' },
  group_participants_update: { groups: 'group' },
  group_settings_update: { groups: 'group' },
  group_status_update: { groups: 'group' },
};

/** Fields whose whole value is one update of the field's own kind. */
const wholes: ReadonlySet<string> = new Set<WhatsAppUpdate['kind']>([
  'message_template_status_update',
  'message_template_quality_update',
  'message_template_components_update',
  'template_category_update',
  'phone_number_quality_update',
  'phone_number_name_update',
  'account_update',
  'account_alerts',
  'account_review_update',
  'business_capability_update',
  'security',
  'flows',
  'automatic_events',
  'payment_configuration_update',
  'partner_solutions',
]);

/** Parts of a value that describe its items and are no events themselves. */
const descriptive: ReadonlySet<string> = new Set(['messaging_product', 'metadata', 'contacts']);

/** All updates of a webhook's body, in its order: every entry, change and item; unknown ones are kept as `unknown`. */
export function toUpdates(body: unknown): Update<WhatsAppUpdate>[] {
  if (!isRecord(body)) throw new TypeError('The body is not an object');
  const updates: Update<WhatsAppUpdate>[] = [];
  for (const entry of records(body.entry)) {
    const accountId = textOf(entry.id) ?? '';
    for (const change of records(entry.changes)) {
      const value = isRecord(change.value) ? change.value : { value: change.value };
      const where = { accountId, field: textOf(change.field) ?? '', time: entry.time, value };
      for (const [kind, item] of itemsOf(where.field, value)) updates.push(toUpdate(kind, item, where));
    }
  }
  return updates;
}

interface Where {
  readonly accountId: string;
  readonly field: string;
  readonly time: unknown;
  readonly value: Json;
}

function* itemsOf(field: string, value: Json): Generator<[WhatsAppUpdate['kind'], Json]> {
  if (wholes.has(field)) {
    yield [field as WhatsAppUpdate['kind'], value];
    return;
  }
  const known = Object.hasOwn(lists, field) ? lists[field] : undefined;
  const rest: Record<string, unknown> = {};
  let found = false;
  for (const [name, part] of Object.entries(value)) {
    const kind =
      known !== undefined && Object.hasOwn(known, name) && Array.isArray(part) ? known[name] : undefined;
    if (kind === undefined) {
      if (!descriptive.has(name)) rest[name] = part;
      continue;
    }
    found = true;
    for (const item of part as unknown[]) yield isRecord(item) ? [kind, item] : ['unknown', { [name]: item }];
  }
  // What is newer than this package is handed on as it came.
  if (Object.keys(rest).length > 0 || !found) yield ['unknown', found ? rest : value];
}

function toUpdate(kind: WhatsAppUpdate['kind'], data: Json, where: Where): Update<WhatsAppUpdate> {
  const { accountId, field, time, value } = where;
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  const phoneNumberId = textOf(metadata.phone_number_id);
  const displayPhoneNumber = textOf(metadata.display_phone_number);
  const person = personOf(kind, data);
  const contact = contactOf(value.contacts, data);
  const source = `whatsapp:${phoneNumberId ?? accountId}`;
  return {
    source,
    id: idOf(kind, data, where),
    kind,
    orderKey: `${source}:${person ?? field}`,
    payload: {
      kind,
      accountId,
      field,
      ...(phoneNumberId !== undefined && { phoneNumberId }),
      ...(displayPhoneNumber !== undefined && { displayPhoneNumber }),
      ...(contact !== undefined && { contact }),
      ...(typeof time === 'number' && { time }),
      data,
    } as unknown as WhatsAppUpdate,
  };
}

/**
 * Whom the update is about: a group, else the customer by user id, which is always there since customers may hide their phone, else by
 * phone.
 */
function personOf(kind: WhatsAppUpdate['kind'], data: Json): string | undefined {
  const names = kind === 'echo' ? echoNames : personNames;
  for (const name of names) {
    const value = textOf(data[name]);
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

const personNames = [
  'group_id',
  'from_user_id',
  'recipient_user_id',
  'user_id',
  'from',
  'recipient_id',
  'wa_id',
];
const echoNames = ['group_id', 'to_user_id', 'recipient_user_id', 'to', 'recipient_id'];

function contactOf(contacts: unknown, data: Json): WebhookContact | undefined {
  const all = records(contacts) as WebhookContact[];
  const phone = textOf(data.from) ?? textOf(data.recipient_id) ?? textOf(data.to);
  const user = textOf(data.from_user_id) ?? textOf(data.recipient_user_id);
  return (
    all.find(
      ({ wa_id, user_id }) =>
        (user !== undefined && user_id === user) || (phone !== undefined && wa_id === phone),
    ) ?? (all.length === 1 ? all[0] : undefined)
  );
}

/** What tells an event from all others of its source, also when it comes again in another body. */
function idOf(kind: WhatsAppUpdate['kind'], data: Json, { field, time }: Where): string {
  const id = textOf(data.id);
  if (id !== undefined && id !== '') {
    const parts = eventParts[kind]?.map((name) => textOf(data[name]) ?? '') ?? [];
    return [kind, id, ...parts].join(':');
  }
  // Without an id of its own an event is its content; with a time of its own that of the entry, which a new delivery may change, does not count.
  const dated = data.timestamp !== undefined;
  const content = JSON.stringify([kind, field, dated ? undefined : time, canonical(data)]);
  return `${kind}:${createHash('sha256').update(content).digest('base64url')}`;
}

/** Beside the id: one message has several statuses, and each participant of a group its own. */
const eventParts: Partial<Record<WhatsAppUpdate['kind'], readonly string[]>> = {
  message: ['type'],
  status: ['status', 'recipient_participant_id'],
  call: ['event'],
  call_status: ['status'],
  echo: ['type'],
};

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, canonical(value[name])]),
  );
}

function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
