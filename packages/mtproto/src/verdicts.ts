import { mtprotoFailure } from './errors.ts';
import type { MtprotoStateReason } from './types.ts';

/** A state out of which no further try leads. */
export interface Verdict {
  readonly name: 'login_required' | 'failed';
  readonly reason: MtprotoStateReason;
}

const verdicts: Partial<Record<string, Verdict>> = {
  session_lost: { name: 'login_required', reason: 'session_lost' },
  session_duplicated: { name: 'login_required', reason: 'session_duplicated' },
  account_banned: { name: 'failed', reason: 'account_banned' },
  account_deleted: { name: 'failed', reason: 'account_deleted' },
  api_refused: { name: 'failed', reason: 'api_refused' },
};

/**
 * What an error means for the account; `undefined` where trying again is of use.
 * @param unknownKeys connections in a row whose key the server did not know: one may be a server's mistake
 */
export function verdictOn(error: unknown, unknownKeys: number): Verdict | undefined {
  const kind = mtprotoFailure(error)?.kind;
  if (kind !== undefined && Object.hasOwn(verdicts, kind)) return verdicts[kind];
  return unknownKeys >= 2 ? { name: 'login_required', reason: 'key_unknown' } : undefined;
}
