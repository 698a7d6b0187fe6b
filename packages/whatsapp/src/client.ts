import { type CallOptions, CartieError, type HealthCheck, parseClientOptions } from '@cartie/core';
import { type BusinessAccount, createBusinessAccount } from './account.ts';
import { createCallPath } from './call.ts';
import { type Calls, createCalls } from './calls.ts';
import { createHealth } from './client-health.ts';
import { createFlows, type Flows } from './flows.ts';
import { createGroups, type Groups } from './groups.ts';
import { service } from './invalid.ts';
import { createMedia, type Media } from './media.ts';
import { ownFields, type WhatsAppClientOptions } from './options.ts';
import { createPhoneNumber, type PhoneNumber } from './phone-number.ts';
import { createQrCodes, type QrCodes } from './qr-codes.ts';
import { createSending, type Sending } from './send.ts';
import { createTemplates, type Templates } from './templates.ts';
import type { GraphRequest, WhatsAppAnswer } from './types.ts';

/** One WhatsApp number: sends, and whatever belongs to sending. */
export interface WhatsAppClient extends Sending {
  readonly phoneNumberId: string;
  readonly media: Media;
  readonly templates: Templates;
  readonly flows: Flows;
  readonly phoneNumber: PhoneNumber;
  readonly account: BusinessAccount;
  readonly groups: Groups;
  readonly calls: Calls;
  readonly qrCodes: QrCodes;
  /**
   * Any request of the Graph API that the client has no method for, under the same policies. Nothing is known of it to be safe: it is repeated
   * only as far as `options.idempotent` allows; GET always is.
   */
  call<Data = unknown>(request: GraphRequest, options?: CallOptions): Promise<WhatsAppAnswer<Data>>;
  /** The number's status and quality, and whether the token works: one request in 2 minutes, never throws. */
  health: HealthCheck;
}

/**
 * A client of the WhatsApp Cloud API that checks every message before it is sent, keeps to the rates of the number and of each recipient, and
 * never sends twice.
 *
 * ```ts
 * const whatsapp = createWhatsAppClient({ phoneNumberId, accessToken });
 * await whatsapp.send({ to: '380671234567', type: 'text', text: { body: 'Your car is ready' } });
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://developers.facebook.com/documentation/business-messaging/whatsapp/overview
 */
export function createWhatsAppClient(options: WhatsAppClientOptions): WhatsAppClient {
  const parsed = parseClientOptions(service, options, ownFields);
  const path = createCallPath(parsed);
  const phoneNumber = createPhoneNumber(path);
  return Object.freeze({
    phoneNumberId: parsed.phoneNumberId,
    ...createSending(path, parsed),
    media: createMedia(path, parsed),
    templates: createTemplates(path),
    flows: createFlows(path),
    phoneNumber,
    account: createBusinessAccount(path),
    groups: createGroups(path),
    calls: createCalls(path),
    qrCodes: createQrCodes(path),
    async call<Data>(request: GraphRequest, callOptions: CallOptions = {}) {
      const { method, path: wanted, query, json } = request ?? ({} as GraphRequest);
      if (!['GET', 'POST', 'DELETE'].includes(method))
        throw badRequest('method', "must be 'GET', 'POST' or 'DELETE'");
      if (typeof wanted !== 'string' || !/^\/[\w./-]+$/.test(wanted) || wanted.includes('..')) {
        throw badRequest('path', 'must be a path after the version, such as /1234567890/groups');
      }
      return path.request<Data>(
        'call',
        { method, path: wanted.slice(1), idempotent: method === 'GET' },
        { query, json },
        callOptions,
      );
    },
    health: createHealth(phoneNumber, path.caller.breaker),
  });
}

function badRequest(field: string, rule: string): CartieError {
  return new CartieError('invalid_input', `\`${field}\` ${rule}`, { service, operation: 'call', field });
}
