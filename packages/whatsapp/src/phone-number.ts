import { type CallOptions, CartieError } from '@cartie/core';
import { type Automation, checkAutomation } from './automation.ts';
import { type CallPath, dataOf } from './call.ts';
import { invalid, service } from './invalid.ts';
import { pages } from './pages.ts';
import type { Done, ListOptions } from './types.ts';

/** The number as Meta knows it. */
export interface PhoneNumberInfo {
  id: string;
  display_phone_number?: string;
  verified_name?: string;
  quality_rating?: 'GREEN' | 'YELLOW' | 'RED' | 'UNKNOWN' | (string & {});
  status?: string;
  name_status?: string;
  code_verification_status?: string;
  platform_type?: string;
  throughput?: { level?: string };
  whatsapp_business_manager_messaging_limit?: string;
}

/** What customers see of the business. */
export interface BusinessProfile {
  about?: string;
  address?: string;
  description?: string;
  email?: string;
  websites?: readonly string[];
  vertical?: string;
  profile_picture_url?: string;
  /** From `media.uploadResumable`; to set only. */
  profile_picture_handle?: string;
}

/** What customers see of the catalogue. */
export interface CommerceSettings {
  id?: string;
  is_cart_enabled?: boolean;
  is_catalog_visible?: boolean;
}

/** The number of the client. */
export interface PhoneNumber {
  info(options?: CallOptions & { fields?: string }): Promise<PhoneNumberInfo>;
  /** Registers the number with the Cloud API. Ten times in 72 hours at most, so it is never repeated. */
  register(
    registration: { pin: string; data_localization_region?: string },
    options?: CallOptions,
  ): Promise<Done>;
  deregister(options?: CallOptions): Promise<Done>;
  /** Has a verification code sent to the number. */
  requestCode(
    request: { code_method: 'SMS' | 'VOICE'; language: string },
    options?: CallOptions,
  ): Promise<Done>;
  verifyCode(code: string, options?: CallOptions): Promise<Done>;
  /** Sets the PIN of the two-step verification. */
  setPin(pin: string, options?: CallOptions): Promise<Done>;
  settings(options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  updateSettings(settings: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<Done>;
  profile(options?: CallOptions): Promise<BusinessProfile>;
  updateProfile(profile: Omit<BusinessProfile, 'profile_picture_url'>, options?: CallOptions): Promise<Done>;
  /** The public key by which flows are encrypted. */
  encryption(
    options?: CallOptions,
  ): Promise<{ business_public_key?: string; business_public_key_signature_status?: string }>;
  setEncryption(publicKeyPem: string, options?: CallOptions): Promise<Done>;
  commerceSettings(options?: CallOptions): Promise<CommerceSettings>;
  updateCommerceSettings(settings: Omit<CommerceSettings, 'id'>, options?: CallOptions): Promise<Done>;
  /** Sets what a chat offers; an empty list takes away what was there. */
  setAutomation(automation: Automation, options?: CallOptions): Promise<Done>;
  blockedUsers(options?: ListOptions): AsyncGenerator<{ wa_id?: string; user_id?: string }, void, undefined>;
  /** Blocks customers, who must have written in the last 24 hours. */
  block(users: readonly string[], options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  unblock(users: readonly string[], options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
}

const infoFields =
  'id,display_phone_number,verified_name,quality_rating,status,name_status,code_verification_status,platform_type,throughput,whatsapp_business_manager_messaging_limit';
const profileFields = 'about,address,description,email,websites,vertical,profile_picture_url';

/** Most characters of what a profile shows. */
const profileLimits = { about: 139, address: 256, description: 512, email: 128 } as const;
const websiteLimits = { count: 2, characters: 256 } as const;

/** Builds the methods for the client's number. */
export function createPhoneNumber({ call }: CallPath): PhoneNumber {
  const messaging_product = 'whatsapp';
  return {
    info: ({ fields = infoFields, ...options } = {}) =>
      dataOf(call('getNumber', { query: { fields } }, options)),
    async register({ pin, ...rest }, options) {
      checkPin('register', pin);
      return dataOf(call('register', { json: { messaging_product, pin, ...rest } }, options));
    },
    deregister: (options) => dataOf(call('deregister', {}, options)),
    requestCode: (request, options) => dataOf(call('requestCode', { json: request }, options)),
    async verifyCode(code, options) {
      if (!/^\d{6}$/.test(code)) throw invalid('verifyCode', 'code', 'must be 6 digits, as a string');
      return dataOf(call('verifyCode', { json: { code } }, options));
    },
    async setPin(pin, options) {
      checkPin('setPin', pin);
      return dataOf(call('setPin', { json: { pin } }, options));
    },
    settings: (options) => dataOf(call('getSettings', {}, options)),
    updateSettings: (settings, options) => dataOf(call('updateSettings', { json: settings }, options)),
    async profile(options) {
      const { data } = await call<{ data?: (BusinessProfile & { business_profile?: BusinessProfile })[] }>(
        'getProfile',
        { query: { fields: profileFields } },
        options,
      );
      const profile = data.data?.[0];
      if (profile === undefined) {
        throw new CartieError('invalid_response', 'The answer has no profile', {
          service,
          operation: 'getProfile',
        });
      }
      // Some versions wrap it once more.
      return profile.business_profile ?? profile;
    },
    async updateProfile(profile, options) {
      checkProfile(profile);
      return dataOf(call('updateProfile', { json: { messaging_product, ...profile } }, options));
    },
    async encryption(options) {
      const { data } = await call<{ data?: object[] }>('getEncryption', {}, options);
      // Some versions wrap it into a list.
      return data.data?.[0] ?? data;
    },
    async setEncryption(publicKeyPem, options) {
      if (!publicKeyPem.includes('BEGIN PUBLIC KEY')) {
        throw invalid('setEncryption', 'publicKeyPem', 'must be a public key in PEM');
      }
      const body = (): URLSearchParams => new URLSearchParams({ business_public_key: publicKeyPem });
      return dataOf(call('setEncryption', { body }, options));
    },
    async commerceSettings(options) {
      const { data } = await call<{ data?: CommerceSettings[] }>('getCommerceSettings', {}, options);
      return data.data?.[0] ?? {};
    },
    updateCommerceSettings: (settings, options) =>
      dataOf(call('updateCommerceSettings', { query: { ...settings } }, options)),
    async setAutomation(automation, options) {
      checkAutomation(automation);
      return dataOf(call('setAutomation', { json: automation }, options));
    },
    async *blockedUsers(options) {
      for await (const item of pages<{ block_users?: { wa_id?: string }[]; wa_id?: string }>(
        call,
        'listBlocked',
        options,
      )) {
        if (item.block_users === undefined) yield item;
        else yield* item.block_users;
      }
    },
    block: async (users, options) =>
      dataOf(call('blockUsers', { json: blockBody('blockUsers', users) }, options)),
    unblock: async (users, options) =>
      dataOf(call('unblockUsers', { json: blockBody('unblockUsers', users) }, options)),
  };
}

function checkPin(operation: string, pin: string): void {
  if (!/^\d{6}$/.test(pin)) throw invalid(operation, 'pin', 'must be 6 digits, as a string');
}

function checkProfile(profile: BusinessProfile): void {
  for (const [field, max] of Object.entries(profileLimits)) {
    const value = profile[field as keyof typeof profileLimits];
    if (value !== undefined && value.length > max) {
      throw invalid('updateProfile', field, `must be at most ${max} characters long`);
    }
  }
  const { websites = [] } = profile;
  if (
    websites.length > websiteLimits.count ||
    websites.some((one) => one.length > websiteLimits.characters)
  ) {
    throw invalid('updateProfile', 'websites', 'must be at most 2, of at most 256 characters each');
  }
}

function blockBody(operation: string, users: readonly string[]): object {
  if (!Array.isArray(users) || users.length === 0)
    throw invalid(operation, 'users', 'must name at least one user');
  return { messaging_product: 'whatsapp', block_users: users.map((user) => ({ user })) };
}
