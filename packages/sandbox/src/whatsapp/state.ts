import { randomBytes, randomInt } from 'node:crypto';
import { apiFailure } from './api-failure.ts';
import type {
  NumberReference,
  SandboxTemplate,
  WhatsAppCustomerChange,
  WhatsAppMessageRecord,
  WhatsAppNumber,
  WhatsAppNumberOptions,
} from './public.ts';

/** A file at WhatsApp. */
export interface StoredFile {
  readonly id: string;
  readonly phoneNumberId: string;
  readonly bytes: Uint8Array;
  readonly type: string;
  /** The key of its URL, and until when that works (real epoch milliseconds). */
  readonly urls: Map<string, number>;
}

/** A resumable upload. */
export interface UploadSession {
  readonly id: string;
  readonly length: number;
  received: Uint8Array;
}

/** A flow. */
export interface StoredFlow {
  readonly id: string;
  readonly businessAccountId: string;
  name: string;
  status: string;
  categories: unknown;
  json: string | undefined;
}

/** What can be changed of a message that is kept. */
export type StoredMessage = { -readonly [Name in keyof WhatsAppMessageRecord]: WhatsAppMessageRecord[Name] };

/** Everything that the simulated WhatsApp remembers. */
export interface State {
  readonly numbers: Map<string, WhatsAppNumber & { pin: string | undefined; registered: boolean }>;
  readonly tokens: Map<string, 'valid' | 'expired' | 'no_permission'>;
  readonly templates: Map<string, SandboxTemplate & { businessAccountId: string }>;
  readonly flows: Map<string, StoredFlow>;
  readonly files: Map<string, StoredFile>;
  readonly uploads: Map<string, UploadSession>;
  readonly messages: Map<string, StoredMessage>;
  readonly customers: Map<string, WhatsAppCustomerChange>;
  /** When the 24-hour window ends, by number and customer: real epoch milliseconds. */
  readonly windows: Map<string, number>;
  readonly profiles: Map<string, Record<string, unknown>>;
  readonly settings: Map<string, Record<string, unknown>>;
  readonly publicKeys: Map<string, string>;
  readonly blocked: Map<string, Set<string>>;
  readonly subscriptions: Map<string, Record<string, unknown>>;
  readonly registrations: Map<string, number[]>;
  createNumber(options: WhatsAppNumberOptions): WhatsAppNumber;
  number(reference: NumberReference): WhatsAppNumber & { pin: string | undefined; registered: boolean };
  clear(): void;
}

/** Creates {@link State} in which nothing has happened yet. */
export function createState(): State {
  const maps = {
    numbers: new Map(),
    tokens: new Map(),
    templates: new Map(),
    flows: new Map(),
    files: new Map(),
    uploads: new Map(),
    messages: new Map(),
    customers: new Map(),
    windows: new Map(),
    profiles: new Map(),
    settings: new Map(),
    publicKeys: new Map(),
    blocked: new Map(),
    subscriptions: new Map(),
    registrations: new Map(),
  };
  const state: State = {
    ...maps,
    createNumber(options) {
      const number = {
        phoneNumberId: options.phoneNumberId ?? newId(),
        businessAccountId: options.businessAccountId ?? newId(),
        appId: options.appId ?? newId(),
        displayPhoneNumber: options.displayPhoneNumber ?? `1555${randomInt(1_000_000, 10_000_000)}`,
        token: options.token ?? `EAAsandbox${randomBytes(12).toString('hex')}`,
        appSecret: options.appSecret ?? randomBytes(16).toString('hex'),
        throughput: options.throughput ?? 80,
        requireProof: options.requireProof ?? false,
        pin: options.pin,
        registered: true,
      };
      state.numbers.set(number.phoneNumberId, number);
      state.tokens.set(number.token, 'valid');
      return number;
    },
    number(reference) {
      const id = typeof reference === 'string' ? reference : reference.phoneNumberId;
      const number = state.numbers.get(id);
      if (!number)
        throw new Error('number: the sandbox has no number with this id; make it with createNumber()');
      return number;
    },
    clear() {
      for (const map of Object.values(maps)) map.clear();
    },
  };
  return state;
}

/** An id as Meta gives them. */
export function newId(): string {
  return String(randomInt(10 ** 14, 3 * 10 ** 14));
}

/** The id of a message. */
export function newMessageId(): string {
  return `wamid.${randomBytes(28).toString('base64').replaceAll(/[+/=]/g, 'A')}`;
}

/** The customer's user id within one business, made from the phone. */
export function userIdOf(customer: string): string {
  return /^[A-Z]{2}\./.test(customer) ? customer : `UA.1${customer}0`;
}

/** Whom a message is to: a customer whose phone is known is the same by the user id. */
export function customerOf(recipient: string, { customers }: State): string {
  const phone = /^UA\.1(\d+)0$/.exec(recipient)?.[1];
  return phone !== undefined && customers.has(phone) ? phone : recipient.replace('+', '');
}

/** Throws as Meta does for an object that does not exist or that the token has no right to. */
export function missingObject(id: string): Error {
  return apiFailure(
    33,
    `Object with ID '${id}' does not exist or cannot be loaded due to missing permissions.`,
  );
}
