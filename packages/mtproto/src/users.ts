import type { StoredUser } from './account-store.ts';
import type { Calls } from './calls.ts';
import { failed } from './errors.ts';
import type { MtprotoCallOptions } from './options.ts';
import { type TlObject, tlLong, tlObjects, tlText } from './tl.ts';
import type { MtprotoUser } from './types.ts';

/** Asks Telegram who is logged in. @throws CartieError of kind `session_lost` where nobody is */
export async function askSelf(calls: Calls, options?: MtprotoCallOptions): Promise<StoredUser> {
  const answer = await calls.call({ _: 'users.getUsers', id: [{ _: 'inputUserSelf' }] }, options);
  const me = userOf(tlObjects(answer)[0]);
  if (me === undefined) throw failed('invalid_response', 'Telegram did not tell who the account is');
  return me;
}

/** What is kept of a user. */
export function userOf(raw: TlObject | undefined): StoredUser | undefined {
  const id = tlLong(raw?.id);
  if (raw === undefined || id === undefined) return undefined;
  const lastName = tlText(raw.lastName);
  const username = tlText(raw.username);
  return {
    id: String(id),
    firstName: tlText(raw.firstName) ?? '',
    ...(lastName !== undefined && { lastName }),
    ...(username !== undefined && { username }),
  };
}

/** A stored user as it is shown. */
export function shownUser({ id, ...user }: StoredUser): MtprotoUser {
  return { id: BigInt(id), ...user };
}
