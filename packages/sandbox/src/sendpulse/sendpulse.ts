import type { Provider, ProviderContext } from '../provider.ts';
import { createRingBuffer } from '../ring-buffer.ts';
import { addressBookRoutes } from './address-books.ts';
import { type ApiFailure, apiFailure } from './api-failure.ts';
import { automationRoutes } from './automation.ts';
import { balanceRoutes } from './balance.ts';
import { blacklistRoutes } from './blacklist.ts';
import { campaignRoutes, templateRoutes } from './campaigns.ts';
import { newChatContact } from './chat-contacts.ts';
import { chatbotRoutes } from './chatbots.ts';
import { contactRoutes } from './contacts.ts';
import { sendPulseControl } from './control.ts';
import { createDelivery } from './delivery.ts';
import { createSendPulseHandlers, sendPulseOrigin } from './handlers.ts';
import { shown as shownPhone, smsRoutes } from './phones.ts';
import type {
  SandboxSendPulseAccount,
  SendPulseAccountReference,
  SendPulseCallRecord,
  SendPulseOptions,
  SendPulseSandbox,
} from './public.ts';
import { pushRoutes } from './push.ts';
import type { RouteParts } from './routes.ts';
import { senderRoutes } from './senders.ts';
import { smtpRoutes } from './smtp.ts';
import { type Account, type Book, newAccount, newNumber, newToken } from './state.ts';
import { tagRoutes } from './tags.ts';
import { toldEvent } from './told-events.ts';
import { verifierRoutes } from './verifier.ts';
import { viberCampaignRoutes } from './viber-campaigns.ts';
import { webhookRoutes } from './webhook-rows.ts';

/** Creates the simulated SendPulse and its place among the providers. */
export function createSendPulse(
  context: ProviderContext,
  options: Readonly<Record<keyof SendPulseOptions, number>>,
): { sandbox: SendPulseSandbox; provider: Provider } {
  const { clock, live, history } = context;
  const accounts = new Map<number, Account>();
  const mailboxes = new Map<string, 'accepts' | 'soft_bounces' | 'hard_bounces'>();
  const failures = new Map<number, { failure: ApiFailure; method: string | undefined }[]>();
  const calls = createRingBuffer<SendPulseCallRecord>(history);
  const delivery = createDelivery(context, () => live.emit({ provider: 'sendpulse', type: 'delivery' }));
  const parts: RouteParts = {
    clock,
    delivery,
    mailboxOf: (email) => mailboxes.get(email.toLowerCase()) ?? 'accepts',
    changed: () => live.emit({ provider: 'sendpulse', type: 'message' }),
  };

  function accountOf(reference: SendPulseAccountReference): Account {
    const id = typeof reference === 'object' ? reference.id : reference;
    const account =
      accounts.get(Number(id)) ?? [...accounts.values()].find(({ clientId }) => clientId === id);
    if (account === undefined) {
      throw new Error('account: the sandbox has no such account; make it with createAccount()');
    }
    return account;
  }

  function bookOf(reference: SendPulseAccountReference, id: number): Book {
    const book = accountOf(reference).books.get(id);
    if (book === undefined) throw new Error('book: the account has no such book');
    return book;
  }

  const shown = ({ id, clientId, clientSecret, apiKeys }: Account): SandboxSendPulseAccount => ({
    id,
    clientId,
    clientSecret,
    apiKeys: [...apiKeys],
  });

  const sandbox: SendPulseSandbox = {
    apiUrl: sendPulseOrigin,
    createAccount({ apiKey, ...given } = {}) {
      const known = [...accounts.values()].find(({ clientId }) => clientId === given.clientId);
      if (known !== undefined) return shown(known);
      const account = newAccount(newNumber(), given as Parameters<typeof newAccount>[1]);
      if (apiKey !== undefined) account.apiKeys.add(apiKey);
      accounts.set(account.id, account);
      return shown(account);
    },
    accounts: () => [...accounts.values()].map(shown),
    expireTokens: (reference) => accountOf(reference).tokens.clear(),
    tokenRequests: (reference) => accountOf(reference).tokenRequests,
    setSecret(reference, clientSecret) {
      accountOf(reference).clientSecret = clientSecret;
    },
    setBalance(reference, balance) {
      accountOf(reference).balance = balance;
    },
    failNext(reference, { status = 400, errorCode, message = 'Refused', shape, method }, count = 1) {
      const { id } = accountOf(reference);
      const failure = apiFailure(status, errorCode, message, shape);
      const added = Array.from({ length: count }, () => ({ failure, method }));
      failures.set(id, [...(failures.get(id) ?? []), ...added]);
    },
    answerEmpty(reference, on) {
      accountOf(reference).emptyAnswers = on;
    },
    splitAnswers(reference, at) {
      accountOf(reference).splitAt = at;
    },
    setMailbox(email, state) {
      mailboxes.set(email.toLowerCase(), state);
    },
    confirm(reference, bookId, email) {
      const contact = bookOf(reference, bookId).contacts.get(email.toLowerCase());
      if (contact === undefined) throw new Error('email: the book has no such contact');
      contact.status = 1;
    },
    senderCode: (reference, email) => accountOf(reference).senders.get(email.toLowerCase())?.code,
    createBot(reference, channel, name = 'Cars') {
      const id = newToken(12);
      accountOf(reference).bots.set(id, { id, channel, name });
      return { id };
    },
    createChatContact: (reference, botId, contact) => ({
      id: newChatContact(accountOf(reference), botId, contact).id,
    }),
    createWebsite(reference, url) {
      const id = newNumber();
      accountOf(reference).websites.set(id, { id, url, status: 1, add_date: '2026-01-01 00:00:00' });
      return { id };
    },
    setWebhook(reference, { family, url, events }) {
      if (!['email', 'smtp', 'chatbot'].includes(family)) {
        throw new TypeError('family must be one of email, smtp, chatbot');
      }
      const { id } = accountOf(reference);
      delivery.setTarget({ accountId: id, family, url, events: events && new Set(events) });
    },
    happens: (reference, event) => delivery.push(accountOf(reference), event.family, toldEvent(event, clock)),
    flush: () => delivery.flush(),
    redeliver: (id) => delivery.redeliver(id),
    books: (reference) =>
      [...accountOf(reference).books.values()].map(({ id, name, contacts, phones }) => ({
        id,
        name,
        contacts: contacts.size,
        phones: phones.size,
      })),
    contacts: (reference, bookId) =>
      [...bookOf(reference, bookId).contacts.values()].map(({ email, status, variables }) => ({
        email,
        status,
        variables: Object.fromEntries(variables),
      })),
    phones: (reference, bookId) => [...bookOf(reference, bookId).phones.values()].map(shownPhone),
    blacklist: (reference) => [...accountOf(reference).blacklist.keys()],
    mails: (reference) => [...accountOf(reference).mails.values()],
    chatMessages: (reference, contactId) => [
      ...(accountOf(reference).chatContacts.get(contactId)?.messages ?? []),
    ],
    events: (reference) => structuredClone(accountOf(reference).events),
    calls: () => calls.items(),
    deliveries: () => delivery.records(),
    settled: () => delivery.settled(),
    reset() {
      accounts.clear();
      mailboxes.clear();
      failures.clear();
      calls.clear();
      delivery.reset();
      live.emit({ provider: 'sendpulse', type: 'reset' });
    },
  };

  return {
    sandbox,
    provider: {
      name: 'sendpulse',
      origin: sendPulseOrigin,
      handlers: createSendPulseHandlers(context, {
        routes: {
          ...addressBookRoutes,
          ...contactRoutes(parts),
          ...campaignRoutes(parts),
          ...templateRoutes,
          ...senderRoutes(parts),
          ...tagRoutes,
          ...blacklistRoutes(parts),
          ...balanceRoutes,
          ...webhookRoutes,
          ...smtpRoutes(parts),
          ...automationRoutes(parts),
          ...smsRoutes,
          ...viberCampaignRoutes,
          ...pushRoutes,
          ...verifierRoutes,
          ...chatbotRoutes(parts),
        },
        rateScale: options.rateScale,
        accounts: () => accounts.values(),
        takeFailure({ id }, called) {
          const waiting = failures.get(id) ?? [];
          const index = waiting.findIndex(({ method = called }) => method === called);
          return index === -1 ? undefined : waiting.splice(index, 1)[0]?.failure;
        },
        record(call) {
          calls.push(call);
          live.emit({ provider: 'sendpulse', type: 'call' });
        },
      }),
      control: sendPulseControl(sandbox),
      reset: () => sandbox.reset(),
      close: () => delivery.reset(),
    },
  };
}
