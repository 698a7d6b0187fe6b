/** How much of Meta's limits is used up. */
export interface Usage {
  /** Of the tightest limit, in percent; 0 where no header tells. */
  readonly percent: number;
  /** When calls are taken again, where Meta says so. Milliseconds. */
  readonly regainMs: number | undefined;
}

const slowFrom = 75;
const longestPauseMs = 10_000;
const defaultRegainMs = 60_000;

/**
 * Reads `X-App-Usage`, `X-Business-Use-Case-Usage` and `X-Ad-Account-Usage`.
 * @see https://developers.facebook.com/docs/graph-api/overview/rate-limiting
 */
export function usageOf(headers: Headers): Usage {
  let percent = 0;
  let regainMs: number | undefined;
  const see = (usage: unknown): void => {
    if (typeof usage !== 'object' || usage === null) return;
    const facts = usage as Record<string, unknown>;
    for (const name of ['call_count', 'total_time', 'total_cputime', 'acc_id_util_pct']) {
      const value = Number(facts[name] ?? 0);
      if (value > percent) percent = value;
    }
    const minutes = Number(facts.estimated_time_to_regain_access ?? 0);
    const seconds = Number(facts.reset_time_duration ?? 0);
    const isFull = Number(facts.acc_id_util_pct ?? 0) >= 100;
    const ms = minutes > 0 ? minutes * 60_000 : isFull && seconds > 0 ? seconds * 1_000 : 0;
    if (ms > 0) regainMs = Math.max(regainMs ?? 0, ms);
  };
  see(read(headers, 'x-app-usage'));
  see(read(headers, 'x-ad-account-usage'));
  const cases = read(headers, 'x-business-use-case-usage');
  if (typeof cases === 'object' && cases !== null) {
    for (const list of Object.values(cases)) if (Array.isArray(list)) for (const one of list) see(one);
  }
  return { percent, regainMs };
}

/** How long to hold the next call back so that the limit is never hit: nothing up to 75 %, then more and more. Milliseconds. */
export function pauseFor({ percent, regainMs }: Usage): number {
  if (regainMs !== undefined) return regainMs;
  if (percent < slowFrom) return 0;
  if (percent >= 100) return defaultRegainMs;
  return Math.round(((percent - slowFrom) / (100 - slowFrom)) * longestPauseMs) + 100;
}

function read(headers: Headers, name: string): unknown {
  const text = headers.get(name);
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
