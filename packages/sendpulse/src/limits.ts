import type { LimitKey } from '@cartie/core';

/**
 * What SendPulse takes.
 * @see https://sendpulse.com/integrations/api
 */
export const limits = {
  /** Addresses that one request adds, removes or unsubscribes. */
  emails: 100,
  /** Rows of a page. */
  page: 100,
  /** Books of one campaign. */
  campaignBooks: 10,
  /** Files of a campaign. */
  campaignFiles: 5,
  /** Letters of one `smtp.info`. */
  letters: 500,
  smsSender: 11,
  viberText: 1_000,
  /** How long a Viber message may wait for its phone. Seconds. */
  viberLife: { min: 60, max: 86_400 },
  /** How long a push may wait for its browser. Seconds. */
  pushLife: 86_400,
} as const;

/** Calls that an account may make. */
export const rates = {
  perSecond: 10,
  /** Of the smallest plan; larger ones have 2000 and 3000. */
  perMinute: 1_000,
} as const;

/**
 * The keys of an account's two rates, a tenth longer than they are: the network lets calls arrive closer together than they
 * left. The minute is left out where the seconds in it never reach its limit.
 */
export function rateKeys(account: string, perSecond: number, perMinute: number): readonly LimitKey[] {
  const second = { key: `sendpulse:${account}:second`, limit: perSecond, intervalMs: 1_100 };
  if (perSecond * 60 <= perMinute) return [second];
  return [second, { key: `sendpulse:${account}:minute`, limit: perMinute, intervalMs: 66_000 }];
}
