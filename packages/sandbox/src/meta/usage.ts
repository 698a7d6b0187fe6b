import { type GraphFailure, graphFailure } from './graph-failure.ts';

/** Percent of what the app may do, and when it may again. */
export interface UsageInput {
  call_count?: number | undefined;
  total_time?: number | undefined;
  total_cputime?: number | undefined;
  /** Minutes. */
  estimated_time_to_regain_access?: number | undefined;
}

/** How much of its share the app has used. */
export interface Usage {
  set(usage: UsageInput): void;
  /** The headers that every answer of this dataset carries. */
  headers(datasetId: string | undefined): Record<string, string>;
  /** Throws when the share is used up. */
  check(): void;
  reset(): void;
}

/** Creates {@link Usage} of an app that has done nothing yet. @see https://developers.facebook.com/docs/graph-api/overview/rate-limiting */
export function createUsage(): Usage {
  let usage: UsageInput = {};
  return {
    set(next) {
      for (const [name, value] of Object.entries(next)) {
        if (!(typeof value === 'number' && value >= 0)) throw new TypeError(`${name} must be 0 or more`);
      }
      usage = next;
    },
    headers(datasetId) {
      const { call_count = 0, total_time = 0, total_cputime = 0 } = usage;
      const shares = { call_count, total_cputime, total_time };
      const regain = { estimated_time_to_regain_access: usage.estimated_time_to_regain_access ?? 0 };
      return {
        'x-app-usage': JSON.stringify({ call_count, total_time, total_cputime }),
        'x-ad-account-usage': JSON.stringify({
          acc_id_util_pct: Math.max(call_count, total_time, total_cputime),
          reset_time_duration: regain.estimated_time_to_regain_access * 60,
          ads_api_access_tier: 'standard_access',
        }),
        ...(datasetId !== undefined && {
          'x-business-use-case-usage': JSON.stringify({
            [datasetId]: [
              { type: 'ads_management', ...shares, ...regain, ads_api_access_tier: 'standard_access' },
            ],
          }),
        }),
      };
    },
    check() {
      const { call_count = 0, total_time = 0, total_cputime = 0 } = usage;
      if (Math.max(call_count, total_time, total_cputime) >= 100) throw tooManyCalls(usage);
    },
    reset() {
      usage = {};
    },
  };
}

/** The refusal of a throttled call: 80004 where Meta says when it is over, else 4. Meta sends no `retry-after`. */
export function tooManyCalls({ estimated_time_to_regain_access = 0 }: UsageInput): GraphFailure {
  const isTimed = estimated_time_to_regain_access > 0;
  return graphFailure({
    message: isTimed
      ? '(#80004) There have been too many calls to this ad-account. Wait a bit and try again.'
      : '(#4) Application request limit reached',
    code: isTimed ? 80_004 : 4,
    ...(isTimed && { subcode: 2_446_079 }),
    isTransient: true,
  });
}
