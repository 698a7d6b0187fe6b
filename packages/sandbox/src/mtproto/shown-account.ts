import type { TestDcAccount } from './public.ts';
import type { Account } from './world/types.ts';

/** An account as the control API shows it. */
export function shownAccount({ id, phone, firstName, username, dcId }: Account): TestDcAccount {
  return { id, phone, firstName, username, dcId };
}
