import type { LimitKey } from '@cartie/core';

/**
 * What Viber takes. Lengths in UTF-16 units, sizes in bytes.
 * @see https://developers.viber.com/docs/api/rest-bot-api/
 */
export const limits = {
  request: 30 * 1024,
  senderName: 28,
  trackingData: 4_000,
  text: 7_000,
  /** Viber's pages name 120, 512 and 768: what is over the largest is refused here, the rest by Viber. */
  pictureText: 768,
  url: 2_000,
  video: 26 * 1024 * 1024,
  videoSeconds: 180,
  file: 50 * 1024 * 1024,
  fileName: 256,
  contactName: 28,
  phoneNumber: 18,
  actionBody: 250,
  buttonText: 250,
  keyboardRows: 24,
  /** Cards of a rich media message. */
  cards: 6,
  /** Receivers of one broadcast request. */
  broadcast: 300,
  /** Ids of one `get_online`. */
  online: 100,
} as const;

/** What a message may need of the user's app, and the API version that brought it. */
export const apiVersions = {
  richMedia: 2,
  sharePhone: 3,
  locationPicker: 3,
  inputFieldState: 4,
  frame: 6,
  map: 6,
  textShouldFit: 6,
} as const;

/** A thing that needs a newer app. */
export type ViberFeature = keyof typeof apiVersions;

/** Replaces limits on which Viber's own pages do not agree. */
export interface ViberLimits {
  /** Longest text of a picture. @default 768 */
  pictureText?: number | undefined;
  /** Largest video. Bytes. @default 27262976 (26 MB) */
  video?: number | undefined;
  /** API versions that features need. */
  apiVersions?: { readonly [Feature in ViberFeature]?: number | undefined } | undefined;
}

/**
 * The documented rate of broadcasts is 500 requests in 10 s. The half second is for requests that the network lets arrive
 * closer together than they left.
 */
export const broadcastRate = { limit: 500, intervalMs: 10_500, burst: 250 } as const;

/** How often a user's details may be asked for. Milliseconds. */
export const userDetailsRate = { limit: 2, intervalMs: 12 * 60 * 60 * 1000 } as const;

/** The bucket of a method that has no rate: it is there for a refusal to pause. */
export function unpaced(key: string): LimitKey {
  return { key, limit: 1_000, intervalMs: 1_000 };
}
