import type { Update } from '@cartie/core';
import type { ViberCallback } from '@cartie/viber';
import type { InboundMessage } from './telegram-updates.ts';

/** What a phone told of one of our messages. */
export interface Receipt {
  readonly channel: 'viber';
  readonly account: string;
  readonly chatId: string;
  /** The message's id at the provider. */
  readonly externalId: string;
  readonly state: 'delivered' | 'seen' | 'failed';
  /** Epoch milliseconds. */
  readonly at: number;
}

/** What a callback means for the conversations. */
export type ViberEvent =
  | { readonly type: 'message'; readonly message: InboundMessage }
  | { readonly type: 'receipt'; readonly receipt: Receipt }
  | { readonly type: 'reachable'; readonly userId: string; readonly isReachable: boolean };

/** Reads a callback of Viber. `undefined` for the kinds that a conversation does not show. */
export function readViberUpdate(update: Update): ViberEvent | undefined {
  const callback = update.payload as ViberCallback;
  const account = update.source.replace(/^viber:/, '');
  const at = Number(callback.timestamp);
  switch (callback.event) {
    case 'message': {
      const { sender, message, silent } = callback;
      const name = sender.name || 'Somebody';
      return {
        type: 'message',
        message: {
          channel: 'viber',
          account,
          chatId: sender.id,
          title: name,
          isPrivate: true,
          contact: { id: sender.id, name, username: undefined },
          // A tap on a button comes as a text; a silent one is not in the user's chat.
          kind: silent === true ? 'keyboard_tap' : message.type,
          text: message.text ?? message.contact?.phone_number ?? message.file_name ?? '',
          externalId: callback.message_token,
          sentAt: at,
        },
      };
    }
    case 'delivered':
    case 'seen':
    case 'failed': {
      const { event: state, user_id: chatId, message_token: externalId } = callback;
      return { type: 'receipt', receipt: { channel: 'viber', account, chatId, externalId, state, at } };
    }
    case 'subscribed':
      return { type: 'reachable', userId: callback.user.id, isReachable: true };
    case 'unsubscribed':
      return { type: 'reachable', userId: callback.user_id, isReachable: false };
    default:
      return undefined;
  }
}
