import type { Update } from '@cartie/core';
import type { ViberCallback } from '@cartie/viber';
import type { InboundEvent } from './inbound.ts';

/** Reads a callback of Viber. `undefined` for the kinds that a conversation does not show. */
export function readViberUpdate(update: Update): InboundEvent | undefined {
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
      return { type: 'reachable', channel: 'viber', userId: callback.user.id, isReachable: true };
    case 'unsubscribed':
      return { type: 'reachable', channel: 'viber', userId: callback.user_id, isReachable: false };
    default:
      return undefined;
  }
}
