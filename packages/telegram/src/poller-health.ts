import type { HealthReport } from '@cartie/core';

/** What a poller knows about itself. */
export interface PollerState {
  phase: 'stopped' | 'standby' | 'polling';
  /** In a row. */
  failures: number;
  /** A code and our own message. */
  lastError: string;
  /** Epoch milliseconds of the last poll that was answered; 0 before the first. */
  lastPollAt: number;
  /** Updates that are being handled. */
  inHand: number;
}

/** This many failures in a row are an outage. */
const manyFailures = 3;

/** How a poller is. */
export function pollerHealth({ phase, failures, lastError, lastPollAt, inHand }: PollerState): HealthReport {
  const report = (status: HealthReport['status'], detail?: string): HealthReport => ({
    status,
    detail,
    facts: { phase, inHand, failures, lastPollAt: lastPollAt === 0 ? null : lastPollAt },
    checkedAt: Date.now(),
  });
  if (phase === 'stopped') return report('unknown', 'The poller is not running.');
  if (failures > 0)
    return report(failures >= manyFailures ? 'down' : 'degraded', `Polling fails: ${lastError}`);
  if (phase === 'standby') return report('ok', 'Another process polls for this bot.');
  return lastPollAt === 0 ? report('unknown', 'The first poll has not ended yet.') : report('ok');
}
