import type { CallOptions } from '@cartie/core';
import { type CallPath, dataOf } from './call.ts';
import { pages } from './pages.ts';
import type { PhoneNumberInfo } from './phone-number.ts';
import type { Done, ListOptions } from './types.ts';

/** An app that gets the account's webhooks. */
export interface SubscribedApp {
  whatsapp_business_api_data?: { id?: string; name?: string; link?: string };
  override_callback_uri?: string;
}

/** The WhatsApp Business account. Needs the client's `businessAccountId`. */
export interface BusinessAccount {
  phoneNumbers(options?: ListOptions): AsyncGenerator<PhoneNumberInfo, void, undefined>;
  subscribedApps(options?: ListOptions): AsyncGenerator<SubscribedApp, void, undefined>;
  /** Has the account's webhooks sent to this app: to its own address, or to another one. */
  subscribe(
    override?: { override_callback_uri: string; verify_token: string },
    options?: CallOptions,
  ): Promise<Done>;
  unsubscribe(options?: CallOptions): Promise<Done>;
}

/** Builds the methods for the account. */
export function createBusinessAccount({ call }: CallPath): BusinessAccount {
  return {
    phoneNumbers: (options) => pages(call, 'listNumbers', options),
    subscribedApps: (options) => pages(call, 'listSubscribedApps', options),
    subscribe: (override, options) => dataOf(call('subscribeApp', { json: override }, options)),
    unsubscribe: (options) => dataOf(call('unsubscribeApp', {}, options)),
  };
}
