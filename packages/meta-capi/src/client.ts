import {
  type CallOptions,
  CartieError,
  defaultOptions,
  type HealthCheck,
  isCartieError,
  parseClientOptions,
} from '@cartie/core';
import { createCallPath } from './call.ts';
import { createWatch } from './client-health.ts';
import { invalid, service } from './invalid.ts';
import { maxBatchEvents } from './limits.ts';
import { type MetaCapiClientOptions, ownFields } from './options.ts';
import { prepareEvent } from './prepare-event.ts';
import { sendPrepared } from './send-events.ts';
import type { EventResult, MetaEvent, PreparedEvent } from './types.ts';

/** Options of {@link MetaCapiClient.send}. */
export interface SendOptions extends Omit<CallOptions, 'idempotent'> {
  /** Shows these events in Events Manager's «Test events». @default the client's `testEventCode` */
  testEventCode?: string | undefined;
}

/** Sends events to one dataset. */
export interface MetaCapiClient {
  readonly datasetId: string;
  /**
   * Checks, normalises, hashes and sends events, in batches of up to 1,000, and tells what became of each: one result per
   * event, in order. `options.deadlineMs` is for all of them together. Throws only the reason of `options.signal`.
   */
  send(event: MetaEvent, options?: SendOptions): Promise<EventResult>;
  send(events: readonly MetaEvent[], options?: SendOptions): Promise<EventResult[]>;
  /**
   * Checks, normalises and hashes an event without sending it: for storing. What it gives can be sent later.
   * Throws `invalid_input` that names the field.
   */
  prepare(event: MetaEvent): PreparedEvent;
  /** The id of the dataset of a WhatsApp Business account, Page or Instagram account; makes one if there is none. */
  resolveDataset(ownerId: string, options?: CallOptions): Promise<string>;
  /** By what sending has shown; asks nobody, never throws. */
  health: HealthCheck;
}

/**
 * A client of the Conversions API that lets nothing leave unhashed that is to be hashed, divides a refused batch until
 * the bad event stands alone, and repeats only what Meta recognises.
 *
 * ```ts
 * const meta = createMetaCapiClient({ datasetId, accessToken, defaultCountry: 'UA' });
 * const result = await meta.send({
 *   event_name: 'Lead',
 *   action_source: 'website',
 *   event_source_url: 'https://cars.example/bmw-x5',
 *   user_data: { email: 'olena@example.com', phone: '067 123 45 67', fbp, client_ip_address, client_user_agent },
 * });
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option, and for a version that Meta has ended
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api
 */
export function createMetaCapiClient(options: MetaCapiClientOptions): MetaCapiClient {
  const parsed = parseClientOptions(service, options, ownFields);
  const path = createCallPath(parsed);
  const watch = createWatch({
    breaker: path.caller.breaker,
    apiVersion: parsed.apiVersion,
    otherVersion: () => path.otherVersion,
  });
  const { datasetId, batchSize = maxBatchEvents, deadlineMs = defaultOptions.deadlineMs } = parsed;

  async function sendAll(events: readonly MetaEvent[], sendOptions: SendOptions): Promise<EventResult[]> {
    const { testEventCode = parsed.testEventCode, ...callOptions } = sendOptions;
    callOptions.signal?.throwIfAborted();
    const results: EventResult[] = [];
    const prepared: PreparedEvent[] = [];
    const places: number[] = [];
    for (let index = 0; index < events.length; index++) {
      try {
        prepared.push(prepareForWire(events[index] as MetaEvent, parsed));
        places.push(index);
      } catch (error) {
        results[index] = refusedHere(events[index], error);
      }
    }
    const terms = { datasetId, batchSize, deadlineMs, extras: extrasOf(testEventCode, parsed.partnerAgent) };
    const sent = await sendPrepared(path, prepared, terms, callOptions);
    for (const [index, place] of places.entries()) results[place] = sent[index] as EventResult;
    watch.note(results);
    return results;
  }

  async function send(
    input: MetaEvent | readonly MetaEvent[],
    sendOptions: SendOptions = {},
  ): Promise<EventResult | EventResult[]> {
    if (Array.isArray(input)) return sendAll(input as readonly MetaEvent[], sendOptions);
    return (await sendAll([input as MetaEvent], sendOptions))[0] as EventResult;
  }

  return Object.freeze({
    datasetId,
    send: send as MetaCapiClient['send'],
    prepare: (event: MetaEvent) => prepareForWire(event, parsed),
    async resolveDataset(ownerId: string, callOptions: CallOptions = {}) {
      if (typeof ownerId !== 'string' || !/^\d{1,30}$/.test(ownerId)) {
        throw new CartieError('invalid_input', '`ownerId` must be an id: digits, as a string', {
          service,
          operation: 'resolveDataset',
          field: 'ownerId',
        });
      }
      const { data, status } = await path.post('resolveDataset', ownerId, [], callOptions);
      const { id } = data.json as { id?: unknown };
      if (typeof id === 'string' || typeof id === 'number') return String(id);
      throw new CartieError('invalid_response', 'The answer has no id of a dataset', {
        service,
        operation: 'resolveDataset',
        status,
      });
    },
    health: watch.health,
  });
}

/** {@link prepareEvent} that throws nothing but a `CartieError`. */
function prepareForWire(event: MetaEvent, options: MetaCapiClientOptions): PreparedEvent {
  try {
    return prepareEvent(event, options);
  } catch (error) {
    // A getter or proxy of the app may throw anything, and quote anything.
    throw isCartieError(error) ? error : invalid('event', 'cannot be read');
  }
}

function refusedHere(event: unknown, error: unknown): EventResult {
  if (!isCartieError(error)) throw error;
  return { status: 'invalid', eventId: idOf(event), warnings: [], error };
}

function idOf(event: unknown): string | undefined {
  try {
    const id = (event as MetaEvent | undefined)?.event_id;
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}

function extrasOf(testEventCode: string | undefined, partnerAgent: string | undefined): string[] {
  const extras = { test_event_code: testEventCode, partner_agent: partnerAgent };
  return Object.entries(extras).flatMap(([name, value]) =>
    value === undefined ? [] : [`"${name}":${JSON.stringify(value)}`],
  );
}
