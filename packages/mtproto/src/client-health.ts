import type { HealthReport } from '@cartie/core';
import type { MtprotoState } from './types.ts';

/** What is known of one account without asking anybody. */
export interface AccountFacts {
  readonly state: MtprotoState;
  readonly behind: number;
  readonly queued: number;
  readonly lastUpdateAt: number | undefined;
  readonly lagMs: number | undefined;
}

/** The health of a hub's accounts. */
export function hubHealth(accounts: readonly AccountFacts[]): HealthReport {
  const count = (name: MtprotoState['name']): number =>
    accounts.filter(({ state }) => state.name === name).length;
  const ready = count('ready');
  const elsewhere = accounts.filter(({ state }) => state.name === 'waiting' && isElsewhere(state)).length;
  const lastUpdateAt = Math.max(0, ...accounts.map(({ lastUpdateAt: at }) => at ?? 0));
  const lags = accounts.flatMap(({ lagMs }) => (lagMs === undefined ? [] : [lagMs]));
  const sum = (of: (facts: AccountFacts) => number): number =>
    accounts.reduce((total, facts) => total + of(facts), 0);
  const ill = accounts.length - ready - elsewhere;
  return {
    status:
      accounts.length === 0
        ? 'not_configured'
        : ill === 0
          ? 'ok'
          : ready + elsewhere === 0
            ? 'down'
            : 'degraded',
    ...(ill > 0 && { detail: `${ill} of ${accounts.length} accounts are not live.` }),
    facts: {
      accounts: accounts.length,
      /** Logged in, and live or on the way to it, here or elsewhere. */
      active: ready + count('connecting') + count('waiting'),
      ready,
      connecting: count('connecting'),
      waiting: count('waiting'),
      elsewhere,
      login_required: count('login_required'),
      stopped: count('stopped'),
      failed: count('failed'),
      queued: sum(({ queued }) => queued),
      catchingUp: sum(({ behind }) => behind),
      lastUpdateAt: lastUpdateAt === 0 ? null : lastUpdateAt,
      lagMs: lags.length === 0 ? null : Math.max(...lags),
    },
    checkedAt: Date.now(),
  };
}

function isElsewhere({ reason }: MtprotoState): boolean {
  return reason === 'owned_elsewhere' || reason === 'capacity';
}
