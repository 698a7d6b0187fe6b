import type { Provider, ProviderContext } from '../provider.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import { viberControl } from './control.ts';
import { createDelivery } from './delivery.ts';
import { createViberHandlers, viberOrigin } from './handlers.ts';
import { createMethods, defaultApiVersion } from './methods.ts';
import { createPeople } from './people.ts';
import type { SandboxViberAccount, SandboxViberUser, ViberAccountReference, ViberSandbox } from './public.ts';
import type { ViberCallbackRecord, ViberCallRecord } from './records.ts';
import { createSending, type Sending } from './sending.ts';
import { type Account, newAccountId, newAuthToken, newUserId, type User } from './state.ts';

/** Creates the simulated Viber and its place among the providers. */
export function createViber(context: ProviderContext): { sandbox: ViberSandbox; provider: Provider } {
  const { clock, live, history } = context;
  const accounts = new Map<string, Account>();
  const calls = createRingBuffer<ViberCallRecord>(history);
  const callbacks = createRingBuffer<ViberCallbackRecord>(history);
  const changed = (): void => live.emit({ provider: 'viber', type: 'message' });
  const startDelivery = () =>
    createDelivery(context, (record) => {
      callbacks.push(record);
      live.emit({ provider: 'viber', type: 'delivery' });
    });
  let delivery = startDelivery();
  const lasting = {
    send: (...given: Parameters<typeof delivery.send>) => delivery.send(...given),
    check: (...given: Parameters<typeof delivery.check>) => delivery.check(...given),
    pending: () => delivery.pending(),
    settled: () => delivery.settled(),
    stop: () => delivery.stop(),
  };
  let sending: Sending;
  const people = createPeople({ clock, history, delivery: lasting, sending: () => sending, changed });
  sending = createSending(clock, history, { arrives: people.receives });

  function accountOf(reference: ViberAccountReference): Account {
    const name = typeof reference === 'string' ? reference : reference.id;
    const account = accounts.get(name) ?? [...accounts.values()].find(({ token }) => token === name);
    if (account === undefined) {
      throw new Error('account: the sandbox has no such bot; make it with createAccount()');
    }
    return account;
  }

  function userOf(account: Account, id: string): User {
    const known = account.users.get(id);
    if (known !== undefined) return known;
    const user: User = {
      id,
      name: 'Olena',
      avatar: undefined,
      country: 'UA',
      language: 'uk',
      apiVersion: defaultApiVersion,
      phone: '380671234567',
      subscribed: false,
      device: 'online',
      refuses: undefined,
      messages: [],
      keyboard: undefined,
      trackingData: undefined,
      wroteAt: undefined,
      sinceThen: 0,
      sentAt: [],
      detailsAt: [],
    };
    account.users.set(id, user);
    return user;
  }

  const shownAccount = ({ id, token, name }: Account): SandboxViberAccount => ({ id, token, name });
  const shownUser = ({ id, name, subscribed, device, apiVersion }: User): SandboxViberUser => ({
    id,
    name,
    subscribed,
    device,
    apiVersion,
  });
  const acting = (reference: ViberAccountReference, id: string): [Account, User] => {
    const account = accountOf(reference);
    return [account, userOf(account, id)];
  };

  const sandbox: ViberSandbox = {
    apiUrl: viberOrigin,
    createAccount({
      token,
      id,
      name = 'Sandbox bot',
      broadcasts = true,
      superAdmins = [],
      freeMessages = 10_000,
    } = {}) {
      const known = [...accounts.values()].find((one) => one.id === id || one.token === token);
      if (known !== undefined) return shownAccount(known);
      const account: Account = {
        id: id ?? newAccountId(),
        token: token ?? newAuthToken(),
        name,
        broadcasts,
        superAdmins,
        freeMessages,
        webhook: undefined,
        refusesAll: 0,
        users: new Map(),
        posts: [],
        broadcastAt: [],
      };
      accounts.set(account.id, account);
      changed();
      return shownAccount(account);
    },
    accounts: () => [...accounts.values()].map(shownAccount),
    createUser(reference, { id = newUserId(), ...given } = {}) {
      const [, user] = acting(reference, id);
      Object.assign(
        user,
        Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
      );
      changed();
      return shownUser(user);
    },
    users: (reference) => [...accountOf(reference).users.values()].map(shownUser),
    refuseAll(reference, status) {
      accountOf(reference).refusesAll = status;
    },
    userOpens(reference, userId, opened) {
      people.opens(...acting(reference, userId), opened);
    },
    userSubscribes(reference, userId) {
      people.subscribes(...acting(reference, userId));
    },
    userUnsubscribes(reference, userId) {
      people.unsubscribes(...acting(reference, userId));
    },
    userSends: (reference, { from, ...message }) =>
      people.writes(...acting(reference, from), message).toString(),
    userTaps(reference, { from, button }) {
      people.taps(...acting(reference, from), button);
    },
    userLooks(reference, userId) {
      people.looks(...acting(reference, userId));
    },
    userComesOnline(reference, userId) {
      people.comesOnline(...acting(reference, userId));
    },
    messages: (reference, userId) => structuredClone(acting(reference, userId)[1].messages),
    posts: (reference) => [...accountOf(reference).posts],
    calls: () => calls.items(),
    callbacks: () => callbacks.items(),
    pendingCallbacks: () => delivery.pending(),
    settled: () => delivery.settled(),
    reset() {
      delivery.stop();
      delivery = startDelivery();
      accounts.clear();
      calls.clear();
      callbacks.clear();
      live.emit({ provider: 'viber', type: 'reset' });
    },
  };

  return {
    sandbox,
    provider: {
      name: 'viber',
      origin: viberOrigin,
      handlers: createViberHandlers(context, {
        methods: createMethods({ clock, sending, delivery: lasting, changed }),
        accountOf: (token) => [...accounts.values()].find((account) => account.token === token),
        record(call) {
          calls.push(call);
          live.emit({ provider: 'viber', type: 'call' });
        },
      }),
      control: viberControl(sandbox),
      reset: () => sandbox.reset(),
      close: () => delivery.stop(),
    },
  };
}
