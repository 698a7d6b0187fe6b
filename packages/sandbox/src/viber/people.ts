import type { Clock } from '../clock.ts';
import type { WireMessage } from './check-message.ts';
import { checkMessage } from './check-message.ts';
import type { Callback, Delivery } from './delivery.ts';
import type { ViberUserMessage } from './public.ts';
import type { ViberConversationEntry } from './records.ts';
import { remember, type Sending } from './sending.ts';
import { type Account, constantEvents, newMessageToken, type User } from './state.ts';
import { isRefusal } from './statuses.ts';

/** What users do, told to the bot's webhook. */
export interface People {
  opens(account: Account, user: User, context: string | undefined): void;
  subscribes(account: Account, user: User): void;
  unsubscribes(account: Account, user: User): void;
  writes(account: Account, user: User, message: Omit<ViberUserMessage, 'from'>, silent?: boolean): bigint;
  taps(account: Account, user: User, button: string): void;
  looks(account: Account, user: User): void;
  comesOnline(account: Account, user: User): void;
  /** A message of the bot is on its way to the phone. */
  receives(account: Account, user: User, entry: ViberConversationEntry): void;
}

/** Creates {@link People}. */
export function createPeople(options: {
  clock: Clock;
  history: number;
  delivery: Delivery;
  sending: () => Sending;
  changed: () => void;
}): People {
  const { clock, history, delivery, sending, changed } = options;

  function tell(
    account: Account,
    event: string,
    user: User,
    fields: Record<string, unknown>,
    more: { token?: bigint; answered?: Callback['answered'] } = {},
  ): void {
    const { webhook } = account;
    const isConstant = (constantEvents as readonly string[]).includes(event);
    if (webhook === undefined || !(isConstant || webhook.events.has(event))) return;
    const messageToken = more.token ?? newMessageToken();
    delivery.send(account, {
      event,
      messageToken,
      userId: user.id,
      body: {
        event,
        timestamp: clock.now(),
        chat_hostname: 'SN-CHAT-01_',
        message_token: messageToken,
        ...fields,
      },
      answered: more.answered,
    });
  }

  const profile = (account: Account, user: User): Record<string, unknown> => ({
    id: user.id,
    // Names and pictures come where the webhook asked for them, and for users who wrote.
    ...((account.webhook?.sendName === true || user.wroteAt !== undefined) && { name: user.name }),
    ...((account.webhook?.sendPhoto === true || user.wroteAt !== undefined) &&
      user.avatar !== undefined && { avatar: user.avatar }),
    language: user.language,
    country: user.country,
    api_version: user.apiVersion,
  });

  function reaches(account: Account, user: User, entry: ViberConversationEntry): void {
    const token = BigInt(entry.messageToken);
    if (user.device === 'failing') {
      entry.state = 'failed';
      tell(account, 'failed', user, { user_id: user.id, desc: 'failure description' }, { token });
    } else if (user.device === 'online') {
      entry.state = 'delivered';
      tell(account, 'delivered', user, { user_id: user.id }, { token });
    }
    changed();
  }

  const people: People = {
    opens(account, user, context) {
      tell(
        account,
        'conversation_started',
        user,
        {
          type: 'open',
          ...(context !== undefined && { context }),
          user: profile(account, user),
          subscribed: user.subscribed,
        },
        { answered: (body) => welcome(account, user, body) },
      );
    },
    subscribes(account, user) {
      user.subscribed = true;
      tell(account, 'subscribed', user, { user: profile(account, user) });
      changed();
    },
    unsubscribes(account, user) {
      user.subscribed = false;
      tell(account, 'unsubscribed', user, { user_id: user.id });
      changed();
    },
    writes(account, user, given, silent = false) {
      const { type = 'text', ...rest } = given;
      const message = Object.fromEntries(
        Object.entries({ type, ...rest, tracking_data: user.trackingData }).filter(
          ([, value]) => value !== undefined,
        ),
      );
      const token = newMessageToken();
      user.subscribed = true;
      user.wroteAt = clock.now();
      user.sinceThen = 0;
      user.sentAt.length = 0;
      if (!silent) {
        remember(
          user,
          {
            at: clock.now(),
            from: 'user',
            messageToken: token.toString(),
            message,
            by: 'user',
            state: 'sent',
            billingStatus: undefined,
          },
          history,
        );
      }
      tell(account, 'message', user, { sender: profile(account, user), message, silent }, { token });
      changed();
      return token;
    },
    taps(account, user, wanted) {
      const button = buttonsOf(user).find(({ Text, ActionBody }) => Text === wanted || ActionBody === wanted);
      if (button === undefined)
        throw new Error('button: the user sees no button with this text or ActionBody');
      const { ActionType = 'reply', ActionBody, Silent } = button;
      if (ActionType === 'reply') people.writes(account, user, { text: String(ActionBody) }, Silent === true);
      else if (ActionType === 'share-phone') {
        const contact = { name: user.name, phone_number: user.phone };
        people.writes(account, user, { type: 'contact', contact });
      } else if (ActionType === 'location-picker') {
        people.writes(account, user, { type: 'location', location: { lat: 50.4501, lon: 30.5234 } });
      }
    },
    looks(account, user) {
      for (const entry of user.messages) {
        if (entry.from !== 'bot' || entry.state !== 'delivered') continue;
        entry.state = 'seen';
        tell(account, 'seen', user, { user_id: user.id }, { token: BigInt(entry.messageToken) });
      }
      changed();
    },
    comesOnline(account, user) {
      user.device = 'online';
      for (const entry of user.messages) {
        if (entry.from === 'bot' && entry.state === 'sent') reaches(account, user, entry);
      }
      changed();
    },
    receives: reaches,
  };

  /** The answer to `conversation_started` may hold one message. */
  function welcome(account: Account, user: User, body: string): void {
    if (body.trim() === '') return;
    try {
      const message = JSON.parse(body) as WireMessage;
      checkMessage({ sender: { name: account.name }, ...message });
      sending().send(account, user.id, message, 'welcome');
    } catch (error) {
      // Viber shows nothing then, and tells nobody.
      if (!isRefusal(error) && !(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    }
  }

  return people;
}

function buttonsOf(user: User): Readonly<Record<string, unknown>>[] {
  const newest = user.messages.findLast(({ from }) => from === 'bot')?.message.rich_media;
  return [user.keyboard, newest].flatMap((place) => {
    const buttons = (place as { Buttons?: unknown } | undefined)?.Buttons;
    return Array.isArray(buttons) ? (buttons as Readonly<Record<string, unknown>>[]) : [];
  });
}
