import { randomUUID } from 'node:crypto';
import { unknownField } from '@cartie/core';
import { checkAppData } from './app-data.ts';
import { checkCustomData, plainCopy } from './custom-data.ts';
import { checkProcessing } from './data-processing.ts';
import { invalid, service } from './invalid.ts';
import { actionSources, customerSegments, maxAgeMs, maxSkewMs, tooLittle } from './limits.ts';
import { checkMessaging } from './messaging.ts';
import { createPersonalText, type PersonalText } from './personal-text.ts';
import type { EventWarning, MetaEvent, PreparedEvent, WireEvent } from './types.ts';
import { type HashedUserData, hashPerson } from './user-data.ts';

/** What a client tells about all its events. */
export interface PrepareOptions {
  defaultCountry?: string | undefined;
  messagingEvents?: readonly string[] | undefined;
}

/** An event while it is being made: Meta's keys, checked values. */
export interface EventDraft {
  readonly name: string;
  readonly source: string;
  readonly event: Record<string, unknown>;
  readonly userData: HashedUserData;
  /** How many keys `userData` has. */
  readonly size: number;
  readonly customData: Record<string, unknown> | undefined;
}

const eventFields = [
  'event_name',
  'event_time',
  'event_id',
  'action_source',
  'user_data',
  'custom_data',
  'app_data',
  'event_source_url',
  'referrer_url',
  'opt_out',
  'customer_segmentation',
  'data_processing_options',
  'data_processing_options_country',
  'data_processing_options_state',
  'original_event_data',
  'attribution_data',
  'messaging_channel',
  'messaging_outcome_data',
  'advanced_measurement_table',
  'advertiser_tracking_enabled',
] as const satisfies readonly (keyof MetaEvent)[];
const isEventField: ReadonlySet<string> = new Set(eventFields);

/**
 * Checks an event against every documented rule, and normalises and hashes what is to be hashed. The result is plain JSON
 * that shares nothing with the input.
 *
 * @throws CartieError `invalid_input` that names the field, never its value
 */
export function prepareEvent(input: MetaEvent, options: PrepareOptions = {}): PreparedEvent {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw invalid('event', 'must be an object');
  }
  for (const name in input) if (!isEventField.has(name)) throw unknown(name);
  const warnings: EventWarning[] = [];
  const { userData, personal, texts, size } = hashPerson(input.user_data, options.defaultCountry, warnings);
  const text = createPersonalText(personal, warnings);
  const now = Date.now();

  const name = nameOf(input.event_name, 'event_name');
  const source = oneOf(input.action_source, actionSources, 'action_source');
  const time = timeOf(input.event_time, 'event_time', now);
  checkAge(time, source, now);
  const event: Record<string, unknown> = {
    event_name: name,
    event_time: time,
    event_id: input.event_id == null ? randomUUID() : identifier(input.event_id, 'event_id', text),
    action_source: source,
    user_data: userData,
  };
  cleanTexts(userData, texts, text);
  const customData =
    input.custom_data == null
      ? undefined
      : checkCustomData(input.custom_data, { eventName: name, text, warnings });
  if (customData !== undefined) event.custom_data = customData;
  addRest(event, input, text, warnings, now);
  check({ name, source, event, userData, size, customData }, input, options, warnings);
  return {
    event: event as unknown as WireEvent,
    warnings,
    deduplicated: source !== 'business_messaging',
    expiresAt: time * 1_000 + ageOf(source),
  };
}

/** The age at which Meta no longer takes an event. Milliseconds. */
function ageOf(source: string): number {
  return source === 'physical_store' ? maxAgeMs.physical_store : maxAgeMs.other;
}

function check(draft: EventDraft, input: MetaEvent, options: PrepareOptions, warnings: EventWarning[]): void {
  const { name, source, event, userData, size, customData } = draft;
  if (name === 'Purchase') {
    for (const field of ['value', 'currency'] as const) {
      if (customData?.[field] === undefined)
        throw invalid(`custom_data.${field}`, 'is required for a Purchase');
    }
  }
  if (source === 'app' || input.app_data != null) event.app_data = checkAppData(input.app_data, source);
  checkProcessing(draft, input);
  checkMessaging(draft, input, options.messagingEvents);
  if (source !== 'business_messaging') checkMatchable(userData, size);
  if (source === 'website') {
    if (event.event_source_url === undefined) warnings.push(wanted('event_source_url'));
    if (userData.client_user_agent === undefined) warnings.push(wanted('user_data.client_user_agent'));
  }
}

/** Fields that most events are without. */
function addRest(
  event: Record<string, unknown>,
  input: MetaEvent,
  text: PersonalText,
  warnings: EventWarning[],
  now: number,
): void {
  for (const field of ['event_source_url', 'referrer_url'] as const) {
    const url = input[field];
    if (url != null && url !== '') event[field] = text.cleanUrl(webAddress(url, field), field);
  }
  if (input.opt_out != null) {
    if (typeof input.opt_out !== 'boolean') throw invalid('opt_out', 'must be true or false');
    event.opt_out = input.opt_out;
  }
  if (input.customer_segmentation != null) {
    event.customer_segmentation = oneOf(
      input.customer_segmentation,
      customerSegments,
      'customer_segmentation',
    );
  }
  if (input.original_event_data != null) event.original_event_data = originalEvent(input, text, now);
  if (input.attribution_data != null) {
    event.attribution_data = plainCopy(input.attribution_data, 'attribution_data', { text, warnings }, 0);
  }
  if (input.advanced_measurement_table != null) {
    event.advanced_measurement_table = text.clean(
      String(input.advanced_measurement_table),
      'advanced_measurement_table',
    );
  }
  if (input.advertiser_tracking_enabled != null) {
    event.advertiser_tracking_enabled = Boolean(input.advertiser_tracking_enabled);
  }
}

function originalEvent(input: MetaEvent, text: PersonalText, now: number): Record<string, unknown> {
  const given = input.original_event_data;
  if (typeof given !== 'object' || given === null) throw invalid('original_event_data', 'must be an object');
  const original: Record<string, unknown> = {};
  for (const name of Object.keys(given)) {
    const field = `original_event_data.${name}`;
    const value = given[name as keyof typeof given];
    if (value == null) continue;
    if (name === 'event_name') original.event_name = nameOf(value, field);
    else if (name === 'event_time') original.event_time = timeOf(value, field, now);
    else if (name === 'order_id' || name === 'event_id') original[name] = identifier(value, field, text);
    else throw unknown(name, 'original_event_data', ['event_name', 'event_time', 'order_id', 'event_id']);
  }
  return original;
}

function cleanTexts(userData: HashedUserData, keys: readonly string[], text: PersonalText): void {
  for (const key of keys) {
    const value = userData[key] as string;
    if (!text.isHarmless(value)) userData[key] = text.clean(value, `user_data.${key}`);
  }
}

function checkMatchable(userData: HashedUserData, size: number): void {
  if (size > 6) return;
  const keys = Object.keys(userData);
  if (keys.length === 0) throw invalid('user_data', 'has nothing that Meta could match a person by');
  if (tooLittle.some((set) => keys.every((key) => set.has(key)))) {
    throw invalid(
      'user_data',
      'has too little to match a person by: add an e-mail, a phone, an IP address, fbp or fbc',
    );
  }
}

function checkAge(time: number, source: string, now: number): void {
  if (time * 1_000 < now - ageOf(source)) {
    const days = ageOf(source) / 86_400_000;
    throw invalid(
      'event_time',
      `is more than ${days} days ago: Meta does not take such an event from \`${source}\``,
    );
  }
}

function timeOf(value: unknown, field: string, now: number): number {
  if (value == null) return Math.floor(now / 1_000);
  const number = value instanceof Date ? value.getTime() / 1_000 : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) {
    throw invalid(field, 'must be a Date or Unix time in seconds');
  }
  // Seconds reach this value in the year 5138, milliseconds did in 1973.
  const seconds = Math.floor(number >= 1e11 ? number / 1_000 : number);
  if (seconds * 1_000 > now + maxSkewMs) throw invalid(field, 'is in the future');
  return Math.min(seconds, Math.floor(now / 1_000));
}

function nameOf(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.trim() === '') throw invalid(field, 'must be a text');
  if (value.includes('@')) throw invalid(field, 'must not hold personal data');
  return value;
}

// Ids must come as the browser sent them, so what is personal in one is not removed but refused.
function identifier(value: unknown, field: string, text: PersonalText): string {
  const id = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof id !== 'string' || id === '') throw invalid(field, 'must be a text that is not empty');
  if (text.clean(id, field) !== id) throw invalid(field, 'must not hold an e-mail address or a phone number');
  return id;
}

function webAddress(value: unknown, field: string): string {
  if (typeof value === 'string' && /^https?:\/\/[^\s/?#]+([/?#]\S*)?$/i.test(value)) return value;
  throw invalid(field, 'must be an http or https address');
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], field: string): T {
  if ((allowed as readonly unknown[]).includes(value)) return value as T;
  throw invalid(field, `must be one of ${allowed.join(', ')}`);
}

function wanted(field: string): EventWarning {
  return { field, message: `\`${field}\` is missing: Meta wants it of website events` };
}

function unknown(name: string, at?: string, known: readonly string[] = eventFields): Error {
  return unknownField(name, known, { service, operation: 'send', code: 'invalid_input', at });
}
