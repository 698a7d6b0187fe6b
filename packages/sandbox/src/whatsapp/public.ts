/** What to make a number with. */
export interface WhatsAppNumberOptions {
  /** Digits. @default random ones */
  phoneNumberId?: string | undefined;
  businessAccountId?: string | undefined;
  appId?: string | undefined;
  /** The number itself, `15550001234`. @default random */
  displayPhoneNumber?: string | undefined;
  token?: string | undefined;
  appSecret?: string | undefined;
  /** Messages a second: 20 for coexistence, 1000 when upgraded. @default 80 */
  throughput?: number | undefined;
  /** Turns «Require App Secret» on: every call then needs the right `appsecret_proof`. @default false */
  requireProof?: boolean | undefined;
  pin?: string | undefined;
}

/** A number of the simulated WhatsApp. */
export interface WhatsAppNumber {
  readonly phoneNumberId: string;
  readonly businessAccountId: string;
  readonly appId: string;
  readonly displayPhoneNumber: string;
  readonly token: string;
  readonly appSecret: string;
  readonly throughput: number;
  readonly requireProof: boolean;
}

/** A number by its id, or as `createNumber` gave it. */
export type NumberReference = string | { readonly phoneNumberId: string };

/** Options of the simulated WhatsApp. */
export interface WhatsAppOptions {
  /** Most messages at once to one recipient, before one in 6 s (scaled) is allowed. @default 45 */
  pairBurst?: number | undefined;
  /** Scales the two rate limits alone; 0 turns them off. @default `timeScale` */
  rateScale?: number | undefined;
}

/** Where webhooks go. */
export interface WhatsAppWebhookTarget {
  url: string;
  verifyToken: string;
}

/** What a customer sends: one of these. */
export interface CustomerMessage {
  /** The customer's phone, digits. */
  from: string;
  name?: string | undefined;
  /** Writes by user id only: `from` stays out of the webhook, as with a customer who has a username. */
  hidePhone?: boolean | undefined;
  text?: string | undefined;
  /** A file, of any type that its MIME type tells: `image/…`, `audio/…`, `video/…`, else a document. */
  file?:
    | { bytes: Uint8Array | string; type: string; name?: string | undefined; caption?: string | undefined }
    | undefined;
  location?: { latitude: number; longitude: number; name?: string | undefined } | undefined;
  /** Reacts to a message; an empty emoji takes the reaction back. */
  reaction?: { messageId: string; emoji: string } | undefined;
  /** Any content, in Meta's spelling: `{ type: 'order', order: { … } }`. */
  raw?: Readonly<Record<string, unknown>> | undefined;
  /** Answers this message. */
  replyTo?: string | undefined;
}

/** How a customer is; what is left out stays as it is. */
export interface WhatsAppCustomerChange {
  name?: string | undefined;
  /** Messages to them fail later. */
  unreachable?: boolean | undefined;
  /** Marketing templates to them fail later. */
  stopsMarketing?: boolean | undefined;
  /** Reads every message by themselves. */
  reads?: boolean | undefined;
}

/** A customer of a number. */
export interface WhatsAppCustomer {
  /** The phone, digits; a user id where nobody has told the phone yet. */
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly unreachable: boolean;
  readonly stopsMarketing: boolean;
  readonly reads: boolean;
  /** Until when the business may write freely, epoch milliseconds. */
  readonly windowEndsAt: number | undefined;
  /** Of the newest message. */
  readonly lastAt: number | undefined;
}

/** How a message of the business stands. */
export type WhatsAppStatus = 'accepted' | 'sent' | 'delivered' | 'read' | 'failed';

/** One message of a conversation. */
export interface WhatsAppMessageRecord {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly from: 'business' | 'customer';
  readonly phoneNumberId: string;
  /** The customer: phone or user id. */
  readonly customer: string;
  readonly type: string;
  /** Text, caption or body, where there is one. */
  readonly text: string | undefined;
  /** As it was sent. */
  readonly message: Readonly<Record<string, unknown>>;
  readonly status: WhatsAppStatus;
  /** Has the business shown it as read? */
  readonly readByBusiness: boolean;
}

/** One call of the Cloud API, as it was answered. */
export interface WhatsAppCallRecord {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly operation: string;
  /** Where the token was; a token in a URL ends up in logs. */
  readonly tokenIn: 'header' | 'query' | undefined;
  readonly status: number | undefined;
  readonly code: number | undefined;
  readonly executed: boolean;
  readonly fault: string | undefined;
}

/** One delivery of a webhook. */
export interface WhatsAppDelivery {
  readonly at: number;
  /** 1 for the first. */
  readonly attempt: number;
  readonly updates: number;
  readonly status: number | undefined;
  readonly body: string;
}

/** What became of a template. */
export type SandboxTemplateStatus = 'PENDING' | 'APPROVED' | 'REJECTED' | 'PAUSED' | 'DISABLED';

/** A template of the simulated WhatsApp. */
export interface SandboxTemplate {
  readonly id: string;
  readonly name: string;
  readonly language: string;
  category: string;
  status: SandboxTemplateStatus;
  components: readonly Readonly<Record<string, unknown>>[];
}

/** The simulated WhatsApp, seen from the customers' phones and from Meta's side. */
export interface WhatsAppSandbox {
  /** What a client takes as its base URL. */
  apiUrl: string;
  createNumber(options?: WhatsAppNumberOptions): WhatsAppNumber;
  numbers(): WhatsAppNumber[];
  /** Asks the address by the handshake, and has webhooks sent there. Rejects if it does not answer with the challenge. */
  setWebhook(number: NumberReference, target: WhatsAppWebhookTarget): Promise<void>;
  /** A customer writes; opens the 24-hour window. Gives the message's id. */
  customerSends(number: NumberReference, message: CustomerMessage): string;
  /** A customer taps a button, a row of a list or a template's quick reply, by its title, in the newest message that has it. */
  customerTaps(number: NumberReference, tap: { from: string; title: string }): string;
  /** A customer reads all messages of the business. */
  customerReads(number: NumberReference, customer: string): void;
  /** A customer with a name, who cannot be reached, or stops marketing: messages fail later, by a status. */
  setCustomer(customer: string, change: WhatsAppCustomerChange): void;
  /** All customers of a number, who wrote last first. */
  customers(number: NumberReference): WhatsAppCustomer[];
  /** Ends the 24-hour window of a customer now. */
  closeWindow(number: NumberReference, customer: string): void;
  /** The next messages are accepted, and fail later with this code. */
  failNext(code: number, count?: number): void;
  /** Makes a token expire or work again. */
  setToken(token: string, state: 'valid' | 'expired' | 'no_permission'): void;
  /** Adds an approved template, in place of one with the same name and language. */
  createTemplate(
    number: NumberReference,
    template: Pick<SandboxTemplate, 'name' | 'language' | 'components'> & { category?: string },
  ): SandboxTemplate;
  /** Approves, rejects, pauses a template; the webhook is told. */
  setTemplate(id: string, status: SandboxTemplateStatus): void;
  /** Sends any change by webhook, as Meta would. */
  pushChange(number: NumberReference, field: string, value: Readonly<Record<string, unknown>>): void;
  /** The conversation with a customer, oldest first. */
  messages(customer?: string): WhatsAppMessageRecord[];
  templates(): SandboxTemplate[];
  calls(): WhatsAppCallRecord[];
  deliveries(): WhatsAppDelivery[];
  /** The bytes of a file that the business uploaded or a customer sent. */
  file(mediaId: string): Uint8Array | undefined;
  /** Resolves when no status and no webhook waits. */
  settled(): Promise<void>;
  reset(): void;
}
