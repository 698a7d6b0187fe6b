import type { Provider } from '../provider.ts';
import type {
  SendPulseAccountOptions,
  SendPulseAccountReference,
  SendPulseChatbotChannel,
  SendPulseEventInput,
  SendPulseRefusal,
  SendPulseSandbox,
  SendPulseWebhookFamily,
} from './public.ts';

/** The control API of the simulated SendPulse. An account is named by its number or client id in `account`. */
export function sendPulseControl(sendpulse: SendPulseSandbox): Provider['control'] {
  // Without one the first account is meant: there is mostly one.
  const accountOf = ({ account }: Record<string, unknown>): SendPulseAccountReference => {
    if (account !== undefined && account !== '') return String(account);
    const first = sendpulse.accounts()[0];
    if (first === undefined)
      throw new Error('account: there is none yet; POST {} to /_sandbox/sendpulse/accounts');
    return first;
  };
  const newest = (items: readonly unknown[], { limit }: Record<string, unknown>): unknown[] =>
    items.slice(-(Number(limit) || 100));
  return {
    reads: {
      accounts: () => sendpulse.accounts(),
      books: (input) => sendpulse.books(accountOf(input)),
      contacts: (input) => newest(sendpulse.contacts(accountOf(input), Number(input.book)), input),
      phones: (input) => newest(sendpulse.phones(accountOf(input), Number(input.book)), input),
      blacklist: (input) => sendpulse.blacklist(accountOf(input)),
      mails: (input) => newest(sendpulse.mails(accountOf(input)), input),
      events: (input) => newest(sendpulse.events(accountOf(input)), input),
      calls: (input) => newest(sendpulse.calls(), input),
      deliveries: (input) => newest(sendpulse.deliveries(), input),
    },
    actions: {
      accounts: (input) => sendpulse.createAccount(input as SendPulseAccountOptions),
      expire: (input) => sendpulse.expireTokens(accountOf(input)),
      secret: (input) => sendpulse.setSecret(accountOf(input), String(input.clientSecret)),
      balance: (input) => sendpulse.setBalance(accountOf(input), Number(input.balance)),
      refuse: ({ account, count, ...refusal }) =>
        sendpulse.failNext(
          accountOf({ account }),
          refusal as unknown as SendPulseRefusal,
          Number(count ?? 1),
        ),
      empty: (input) => sendpulse.answerEmpty(accountOf(input), input.on !== false),
      split: (input) =>
        sendpulse.splitAnswers(accountOf(input), input.at === undefined ? undefined : Number(input.at)),
      mailbox: (input) => sendpulse.setMailbox(String(input.email), input.state as 'accepts'),
      confirm: (input) => sendpulse.confirm(accountOf(input), Number(input.book), String(input.email)),
      bots: (input) =>
        sendpulse.createBot(
          accountOf(input),
          input.channel as SendPulseChatbotChannel,
          input.name as undefined,
        ),
      subscribers: ({ account, bot, ...contact }) =>
        sendpulse.createChatContact(accountOf({ account }), String(bot), contact),
      webhooks: (input) =>
        sendpulse.setWebhook(accountOf(input), {
          family: input.family as SendPulseWebhookFamily,
          url: String(input.url),
          events: input.events as string[] | undefined,
        }),
      happens: ({ account, ...event }) =>
        sendpulse.happens(accountOf({ account }), event as unknown as SendPulseEventInput),
      flush: () => sendpulse.flush(),
      redeliver: (input) => sendpulse.redeliver(Number(input.id)),
    },
  };
}
