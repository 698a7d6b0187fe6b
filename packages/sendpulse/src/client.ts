import { type CallOptions, defaultOptions, type HealthCheck, type OutgoingRequest } from '@cartie/core';
import type { Balance, Blacklist, Tags, Webhooks } from './account.ts';
import type { AddressBooks, Emails } from './address-books.ts';
import { createArea, createRunner } from './area.ts';
import type { Automation } from './automation.ts';
import { createCallPath } from './call.ts';
import type { Campaigns, Senders, Templates } from './campaigns.ts';
import type { Chatbots } from './chatbots.ts';
import { createHealth, createTestConnection, type SendPulseConnection } from './client-health.ts';
import { invalid } from './invalid.ts';
import type { Fields } from './operation.ts';
import { operations } from './operations.ts';
import { parseSendPulseOptions, type SendPulseClientOptions } from './options.ts';
import type { Push } from './push.ts';
import { queryOf } from './request.ts';
import type { Sms } from './sms.ts';
import type { Smtp } from './smtp.ts';
import { createSyncContact, type SyncedContact } from './sync-contact.ts';
import type { Verifier } from './verifier.ts';
import type { ViberCampaigns } from './viber-campaigns.ts';

/** A request of {@link SendPulseClient.call}. */
export interface SendPulseRequest {
  method: OutgoingRequest['method'];
  /** Begins with `/`; encode what you put into it. */
  path: string;
  query?: Fields | undefined;
  json?: unknown;
}

/** An answer of {@link SendPulseClient.call}. */
export interface SendPulseCallResult<Data> {
  /** `undefined` for an answer without a body. */
  data: Data;
  status: number;
  attempts: number;
}

/**
 * An account. Methods are grouped by the areas of SendPulse's documentation; each takes its fields, then `CallOptions`.
 * Each throws a `CartieError`; `sendPulseFailure()` says what SendPulse meant by it.
 */
export interface SendPulseClient {
  /**
   * Makes a contact of a book, or brings it up to date. It can be repeated at will: the contact is there once.
   * @throws CartieError `invalid_input` without both address and phone
   */
  syncContact(contact: SyncedContact, options?: CallOptions): Promise<void>;
  readonly addressBooks: AddressBooks;
  readonly emails: Emails;
  readonly blacklist: Blacklist;
  readonly campaigns: Campaigns;
  readonly templates: Templates;
  readonly senders: Senders;
  readonly tags: Tags;
  readonly smtp: Smtp;
  readonly automation: Automation;
  readonly sms: Sms;
  readonly viber: ViberCampaigns;
  readonly push: Push;
  readonly verifier: Verifier;
  readonly balance: Balance;
  readonly webhooks: Webhooks;
  readonly chatbots: Chatbots;
  /**
   * Anything else of the API, under the same policies. Nothing is known to be safe: it is repeated only as far as
   * `options.idempotent` allows.
   */
  call<Data = unknown>(request: SendPulseRequest, options?: CallOptions): Promise<SendPulseCallResult<Data>>;
  /** Are the credentials right? Asks for a token that nothing stores, so that they can be tested before they are saved. Never throws. */
  testConnection(options?: { signal?: AbortSignal | undefined }): Promise<SendPulseConnection>;
  /** Asks for the balance: `down` if SendPulse does not take the credentials or does not answer. Cached for 30 s, never throws. */
  health: HealthCheck;
}

/**
 * A client of SendPulse's REST API with one token for all callers and, with `tokens` and `leases`, for all processes.
 *
 * ```ts
 * const sendpulse = createSendPulseClient({ clientId, clientSecret });
 * await sendpulse.syncContact({ addressBookId, email, phone, name });
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://sendpulse.com/integrations/api
 */
export function createSendPulseClient(options: SendPulseClientOptions): SendPulseClient {
  const parsed = parseSendPulseOptions(options);
  const path = createCallPath(parsed);
  const { deadlineMs = defaultOptions.deadlineMs, retries = defaultOptions.retries } = parsed;
  const runner = createRunner(path, { deadlineMs, retries });
  const { chatbots } = operations;
  return Object.freeze({
    syncContact: createSyncContact(runner, deadlineMs),
    addressBooks: createArea<AddressBooks>('addressBooks', operations.addressBooks, runner),
    emails: createArea<Emails>('emails', operations.emails, runner),
    blacklist: createArea<Blacklist>('blacklist', operations.blacklist, runner),
    campaigns: createArea<Campaigns>('campaigns', operations.campaigns, runner),
    templates: createArea<Templates>('templates', operations.templates, runner),
    senders: createArea<Senders>('senders', operations.senders, runner),
    tags: createArea<Tags>('tags', operations.tags, runner),
    smtp: createArea<Smtp>('smtp', operations.smtp, runner),
    automation: createArea<Automation>('automation', operations.automation, runner),
    sms: createArea<Sms>('sms', operations.sms, runner),
    viber: createArea<ViberCampaigns>('viber', operations.viber, runner),
    push: createArea<Push>('push', operations.push, runner),
    verifier: createArea<Verifier>('verifier', operations.verifier, runner),
    balance: createArea<Balance>('balance', operations.balance, runner),
    webhooks: createArea<Webhooks>('webhooks', operations.webhooks, runner),
    chatbots: Object.freeze({
      whatsapp: createArea<Chatbots['whatsapp']>('chatbots.whatsapp', chatbots.whatsapp, runner),
      telegram: createArea<Chatbots['telegram']>('chatbots.telegram', chatbots.telegram, runner),
      instagram: createArea<Chatbots['instagram']>('chatbots.instagram', chatbots.instagram, runner),
      messenger: createArea<Chatbots['messenger']>('chatbots.messenger', chatbots.messenger, runner),
      viber: createArea<Chatbots['viber']>('chatbots.viber', chatbots.viber, runner),
    }),
    async call<Data>(
      wanted: SendPulseRequest,
      callOptions: CallOptions = {},
    ): Promise<SendPulseCallResult<Data>> {
      const { method, path: address, query, json } = wanted ?? ({} as SendPulseRequest);
      if (!['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method)) {
        throw invalid('method', 'must be GET, POST, PUT, PATCH or DELETE', 'call');
      }
      if (typeof address !== 'string' || !/^\/[^?#\s\\]*$/.test(address) || address.startsWith('//')) {
        throw invalid('path', 'must begin with one slash, without query: that is `query`', 'call');
      }
      const request = { method, path: address + queryOf(query ?? {}), ...(json !== undefined && { json }) };
      const { data, status, attempts } = await path.call(
        { operation: 'call', idempotent: false, request },
        callOptions,
      );
      return {
        data: (data.json ?? (data.bytes.length > 0 ? data.text : undefined)) as Data,
        status,
        attempts,
      };
    },
    testConnection: createTestConnection(path),
    health: createHealth(path),
  } satisfies SendPulseClient);
}
