import { graphFailure } from './graph-failure.ts';

/** The newest version, and when each older one ends. @see https://developers.facebook.com/docs/graph-api/changelog */
const endings = {
  'v21.0': '2027-01-21',
  'v22.0': '2027-05-20',
  'v23.0': '2027-10-08',
  'v24.0': '2028-02-18',
  'v25.0': '2028-07-29',
  'v26.0': '9999-12-31',
} as const satisfies Record<string, string>;

/** The newest version of the Graph API. */
export const newestVersion = 'v26.0';

/** Which version serves a request. */
export interface ApiVersions {
  /** The version that serves `asked`; without one the oldest that lives. Throws for retired and unknown ones. */
  serving(asked: string | undefined): string;
  /** Ends a version: calls are refused with code 2635, or served by another version. */
  retire(version: string, servedBy?: string): void;
  reset(): void;
}

/** Creates {@link ApiVersions} as the calendar has them. */
export function createApiVersions(now: () => number): ApiVersions {
  const retired = new Map<string, string | undefined>();
  const lives = (version: string): boolean =>
    !retired.has(version) && now() < Date.parse(endings[version as keyof typeof endings]);
  const oldest = (): string => Object.keys(endings).find(lives) ?? newestVersion;
  return {
    serving(asked) {
      if (asked === undefined) return oldest();
      const known = asked in endings;
      const servedBy = retired.get(asked);
      if (servedBy !== undefined) return servedBy;
      if (known && lives(asked)) return asked;
      if (!known && majorOf(asked) > majorOf(newestVersion)) {
        throw graphFailure({
          message: `Unknown path components: /${asked}`,
          type: 'OAuthException',
          code: 2500,
        });
      }
      throw graphFailure({
        message: `(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: ${newestVersion}.`,
        code: 2635,
      });
    },
    retire(version, servedBy) {
      for (const name of [version, servedBy]) {
        if (name !== undefined && !/^v\d+\.\d+$/.test(name))
          throw new TypeError('version must look like v25.0');
      }
      retired.set(version, servedBy);
    },
    reset: () => retired.clear(),
  };
}

function majorOf(version: string): number {
  return Number.parseFloat(version.slice(1));
}
