import type { MetaCallRecord, MetaEventRecord, MetaRefusal } from './records.ts';
import type { UsageInput } from './usage.ts';

/** What to make a dataset with. */
export interface DatasetOptions {
  /** Digits. @default a random one */
  id?: string | undefined;
  /** @default a random one */
  token?: string | undefined;
  /** Turns «Require App Secret» on: every call then needs the right `appsecret_proof`. */
  appSecret?: string | undefined;
  name?: string | undefined;
  /** Connects the dataset to a WhatsApp Business account, for events of `business_messaging`. */
  whatsappBusinessAccountId?: string | undefined;
  /** Connects the dataset to a Facebook page. */
  pageId?: string | undefined;
  /** Connects the dataset to an Instagram account. */
  instagramAccountId?: string | undefined;
}

/** A dataset (pixel) of the simulated Meta. */
export interface SandboxDataset extends DatasetOptions {
  readonly id: string;
  readonly token: string;
  readonly name: string;
}

/** A dataset by its id, or as `createDataset` gave it. */
export type DatasetReference = string | { readonly id: string };

/**
 * How a token stands: code 190 with a subcode for the refused ones, code 200 for `no_permission`.
 * @see https://developers.facebook.com/docs/graph-api/guides/error-handling
 */
export type TokenState =
  | 'valid'
  | 'expired'
  | 'password_changed'
  | 'app_removed'
  | 'checkpoint'
  | 'invalid'
  | 'no_permission';

/** An event that the pixel in a browser sends: `fbq('track', name, data, { eventID })`. */
export interface BrowserEvent {
  event_name: string;
  event_id?: string | undefined;
  fbp?: string | undefined;
  external_id?: string | undefined;
}

/** The simulated Meta, seen from outside of the Graph API: what Events Manager shows, and more. */
export interface MetaSandbox {
  /** What a client takes as its base URL: the simulated server's, or the real one's in process. */
  apiUrl: string;

  /** Makes a dataset; with a known id gives that dataset. */
  createDataset(options?: DatasetOptions): SandboxDataset;
  datasets(): SandboxDataset[];
  /** Somebody clicks an ad that opens WhatsApp (or, with a page, Messenger); gives the `ctwa_clid`. */
  createClick(dataset: DatasetReference): string;
  /** Makes a token expire, lose its permission, or work again. */
  setToken(token: string, state: TokenState): void;
  /** Ends an API version: calls get code 2635, or are served by another version, as `facebook-api-version` then says. */
  retireVersion(version: string, servedBy?: string): void;
  /** What the usage headers say from now on, in percent; at 100 calls are refused. */
  setUsage(usage: UsageInput): void;
  /** The next request is answered with 200, but its last `count` events are dropped: only `events_received` tells. */
  discardNext(count: number): void;
  /** Refuses events with this id, for what no rule foresees. @param subcode of code 100, default 2804050 */
  refuse(eventId: string, subcode?: number): void;
  /** The pixel in a browser sends an event. */
  browserSends(dataset: DatasetReference, event: BrowserEvent): MetaEventRecord;

  /** Events that Meta took, duplicates too, in the order they came. Of all datasets, or of one. */
  events(dataset?: DatasetReference): MetaEventRecord[];
  /** Events that count: each once. */
  distinct(dataset?: DatasetReference): MetaEventRecord[];
  /** Events that were dropped because they had come before. */
  duplicates(dataset?: DatasetReference): MetaEventRecord[];
  /** Requests that Meta refused because of what was in them, oldest first. */
  refusals(): MetaRefusal[];
  /** Calls of the Graph API, oldest first. */
  calls(): MetaCallRecord[];
  /** Resolves with the first events as soon as `count` of them count. */
  received(count: number, dataset?: DatasetReference): Promise<MetaEventRecord[]>;
  /** Forgets everything: datasets, events, logs, versions, usage. */
  reset(): void;
}
