/** What AUTO.RIA takes. */
export const limits = {
  /** Ids on one page of a search. */
  searchPage: 100,
  /** Photos of one upload; AUTO.RIA fetches them itself. */
  photos: 100,
} as const;

/**
 * The quota of a free key. The hour rolls: a call counts for an hour. Whether the month does is not documented, so it is an
 * option; 31 days that roll never exceed a month of either kind.
 * @see https://developers.ria.com
 */
export const freeQuota = { perHour: 30, perMonth: 1_000, month: 'rolling' } as const;

/** How the ledger counts. Milliseconds. */
export const quotaWindows = {
  /** Calls are counted by the minute, and by a quarter of a day for the month. */
  hour: { windowMs: 3_600_000, bucketMs: 60_000 },
  month: { windowMs: 31 * 86_400_000, bucketMs: 6 * 3_600_000 },
  /**
   * How long nobody calls after AUTO.RIA itself said that the quota is used up. It does not say until when: its block ends
   * within the hour, or at the end of the day.
   */
  refusedMs: 10 * 60_000,
} as const;

/** How long dictionaries are kept where the server does not say. Milliseconds. */
export const dictionaryMaxAgeMs = 720_000;

/** How long an old dictionary is good enough while AUTO.RIA gives no new one. Milliseconds. */
export const dictionaryStaleMs = 30 * 86_400_000;
