import type { Provider } from '../provider.ts';
import { gramjsSession } from './gramjs-session.ts';
import type {
  AccountOptions,
  ChannelOptions,
  TestDc,
  TestDcAccount,
  TestDcChat,
  TestDcMessage,
} from './public.ts';
import { type DcFault, dcFaultKinds } from './session/faults.ts';

/**
 * The control API of the test DC: the functions of {@link TestDc} that a person or another process wants, over JSON. An
 * account is named by its `phone`, a channel by its id or username in `channel`. Making one that is there gives that one. `scan` without `url` scans the newest QR code that a client shows.
 */
export function mtprotoControl(dc: TestDc): Provider['control'] {
  const accountOf = ({ phone }: Record<string, unknown>): TestDcAccount => {
    const digits = String(phone ?? '').replace(/\D/g, '');
    const account = dc.accounts().find((one) => one.phone === digits);
    if (account === undefined) throw new Error('phone: no account has this number; POST it to accounts');
    return account;
  };
  const channelOf = ({ channel }: Record<string, unknown>): TestDcChat => {
    const name = String(channel ?? '').replace(/^@/, '');
    const found = dc
      .channels()
      .find((one) => String(one.id) === name || (name !== '' && one.username === name));
    if (found === undefined)
      throw new Error('channel: there is none of this id or username; POST it to channels');
    return found;
  };
  const numberOf = ({ id }: Record<string, unknown>): number => {
    if (!Number.isSafeInteger(Number(id))) throw new TypeError('id: the number of a post is missing');
    return Number(id);
  };
  return {
    reads: {
      server: () => ({ dcs: dc.dcs, publicKey: dc.publicKey.pem }),
      accounts: () => dc.accounts().map((account) => shownAccount(dc, account)),
      channels: () => dc.channels().map(shownChannel),
      posts: (input) =>
        channelOf(input)
          .messages()
          .slice(-(Number(input.limit) || 100))
          .map(shownPost),
      requests: ({ method, limit }) =>
        dc.requests
          .list(method === undefined ? {} : { method: String(method) })
          .slice(-(Number(limit) || 100))
          // The parameters are TL: they hold numbers of 64 bits, and codes.
          .map(({ params: _params, ...request }) => request),
      counts: () => dc.requests.counts(),
      connections: () => ({
        total: dc.connections.total,
        open: dc.connections.open,
        handshakes: dc.connections.handshakes,
      }),
      faults: () => dc.faults.list(),
      'fault-kinds': () => dcFaultKinds,
    },
    actions: {
      accounts: ({ phone, ...options }) => {
        const digits = String(phone ?? '').replace(/\D/g, '');
        const known = dc.accounts().find((one) => one.phone === digits);
        return shownAccount(
          dc,
          known ?? dc.addAccount({ ...(digits && { phone: digits }), ...(options as AccountOptions) }),
        );
      },
      channels: (options) => {
        const known = dc
          .channels()
          .find(({ username }) => username !== undefined && username === options.username);
        return shownChannel(known ?? dc.createChannel(options as ChannelOptions));
      },
      post: (input) => shownPost(channelOf(input).post(String(input.text ?? ''))),
      edit: (input) => shownPost(channelOf(input).edit(numberOf(input), { text: String(input.text ?? '') })),
      delete: (input) => channelOf(input).delete(numberOf(input)),
      scan: (input) => dc.acceptQr(String(input.url ?? newestQr(dc)), accountOf(input)),
      revoke: (input) => dc.revoke(accountOf(input)),
      provision: (input) => {
        const { authKey, ...key } = dc.provisionKey(accountOf(input));
        return {
          ...key,
          authKey: authKey.toString('base64'),
          gramjsSession: gramjsSession({ ...key, authKey }),
        };
      },
      faults: ({ phone, ...fault }) => ({
        id: dc.faults.set({
          ...(fault as unknown as DcFault),
          account: phone === undefined ? undefined : accountOf({ phone }),
        }),
      }),
      'clear-faults': ({ id }) => dc.faults.clear(id === undefined ? undefined : Number(id)),
      suspend: () => dc.suspend(),
      resume: () => dc.resume(),
      drop: (input) => ({ closed: dc.drop(input.phone === undefined ? undefined : accountOf(input)) }),
    },
  };
}

function newestQr(dc: TestDc): string {
  const url = dc.newestQr();
  if (url === undefined) throw new Error('url: no client shows a QR code that is not scanned yet');
  return url;
}

function shownAccount(dc: TestDc, { id, phone, firstName, username }: TestDcAccount) {
  return { id: String(id), phone, firstName, username, code: dc.lastCode(phone) };
}

function shownChannel(channel: TestDcChat) {
  const { id, kind, title, username } = channel;
  return { id: String(id), kind, title, username };
}

function shownPost({ id, text, date, editDate, media }: TestDcMessage) {
  return { id, text, date, editDate, media };
}
