/**
 * Versions of the Graph API and when Meta ends them.
 * @see https://developers.facebook.com/docs/graph-api/changelog/versions
 */
const apiVersions = {
  'v21.0': '2027-01-21',
  'v22.0': '2027-05-20',
  'v23.0': '2027-10-08',
  'v24.0': '2028-02-18',
  'v25.0': '2028-07-29',
  'v26.0': undefined,
} as const satisfies Record<`v${number}.0`, string | undefined>;

/** What a client speaks unless told otherwise. */
export const newestVersion = 'v26.0';

const oldestMajor = 21;
const soonMs = 30 * 86_400_000;

/** The rule that a version breaks, or `undefined` for one that can be used. Versions newer than this package are taken. */
export function versionFault(version: unknown): string | undefined {
  const major = typeof version === 'string' ? /^v(\d+)\.\d+$/.exec(version)?.[1] : undefined;
  if (major === undefined) return `must be a version such as ${newestVersion}`;
  if (Number(major) < oldestMajor) return `is a version that Meta has ended: use ${newestVersion}`;
  return undefined;
}

/** A sentence for an operator if the version has ended or will within 30 days. */
export function versionNotice(version: string, now: number): string | undefined {
  const endsAt = (apiVersions as Record<string, string | undefined>)[version];
  if (endsAt === undefined || Date.parse(endsAt) - now > soonMs) return undefined;
  return `Meta ends ${version} on ${endsAt}: set \`apiVersion\` to ${newestVersion}.`;
}
