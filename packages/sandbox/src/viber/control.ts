import type { Provider } from '../provider.ts';
import type {
  ViberAccountOptions,
  ViberAccountReference,
  ViberSandbox,
  ViberUserMessage,
  ViberUserOptions,
} from './public.ts';

/** The control API of the simulated Viber: the functions of {@link ViberSandbox} over JSON. A bot is named by its id or token in `account`. */
export function viberControl(viber: ViberSandbox): Provider['control'] {
  // Without one the first bot is meant: there is mostly one.
  const accountOf = ({ account }: Record<string, unknown>): ViberAccountReference => {
    if (account !== undefined && account !== '') return String(account);
    const first = viber.accounts()[0];
    if (first === undefined) {
      throw new Error('account: there is none yet; POST {} to /_sandbox/viber/accounts');
    }
    return first;
  };
  const userOf = ({ user }: Record<string, unknown>): string => {
    if (typeof user !== 'string' || user === '') throw new TypeError('user: the id of a user is missing');
    return user;
  };
  const newest = (items: readonly unknown[], { limit }: Record<string, unknown>): unknown[] =>
    items.slice(-(Number(limit) || 100));
  return {
    reads: {
      accounts: () => viber.accounts(),
      users: (input) => viber.users(accountOf(input)),
      messages: (input) => newest(viber.messages(accountOf(input), userOf(input)), input),
      posts: (input) => newest(viber.posts(accountOf(input)), input),
      calls: (input) => newest(viber.calls(), input),
      callbacks: (input) => newest(viber.callbacks(), input),
      pending: () => ({ callbacks: viber.pendingCallbacks() }),
    },
    actions: {
      accounts: (input) => viber.createAccount(input as ViberAccountOptions),
      users: ({ account, ...user }) => viber.createUser(accountOf({ account }), user as ViberUserOptions),
      refuse: (input) => viber.refuseAll(accountOf(input), Number(input.status)),
      open: (input) =>
        viber.userOpens(
          accountOf(input),
          userOf(input),
          input.context === undefined ? undefined : String(input.context),
        ),
      subscribe: (input) => viber.userSubscribes(accountOf(input), userOf(input)),
      unsubscribe: (input) => viber.userUnsubscribes(accountOf(input), userOf(input)),
      send: ({ account, ...message }) => ({
        message_token: viber.userSends(accountOf({ account }), message as unknown as ViberUserMessage),
      }),
      tap: (input) =>
        viber.userTaps(accountOf(input), { from: String(input.from), button: String(input.button) }),
      look: (input) => viber.userLooks(accountOf(input), userOf(input)),
      online: (input) => viber.userComesOnline(accountOf(input), userOf(input)),
    },
  };
}
