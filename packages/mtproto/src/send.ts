import { randomBytes } from 'node:crypto';
import type { Calls } from './calls.ts';
import type { Chats } from './chats.ts';
import { failed, invalid, mtprotoFailure } from './errors.ts';
import { limits } from './limits.ts';
import { fromSent, toMessage } from './messages.ts';
import type { MtprotoCallOptions } from './options.ts';
import { isChannelId, type Peers } from './peers.ts';
import { type TlObject, type TlValue, tlObject, tlObjects } from './tl.ts';
import type { ChatLike, MtprotoMessage } from './types.ts';

/** A text to send. */
export interface OutgoingText {
  /** 1 to 4096 characters. */
  text: string;
  replyToId?: number | undefined;
  /** No sound at the receiver. @default false */
  silent?: boolean | undefined;
  /** Telegram shows what an address in the text leads to. @default true */
  preview?: boolean | undefined;
}

/** What writing needs of the account. */
export interface SendContext {
  readonly calls: Calls;
  readonly chats: Chats;
  readonly peers: Peers;
  self(): bigint | undefined;
}

/** Writes, changes and removes messages. */
export interface Sending {
  /** Sends a text. It may be repeated: Telegram takes each message once, by a random id. */
  send(chat: ChatLike, message: OutgoingText, options?: MtprotoCallOptions): Promise<MtprotoMessage>;
  edit(
    chat: ChatLike,
    edit: { id: number; text: string },
    options?: MtprotoCallOptions,
  ): Promise<MtprotoMessage>;
  /** Deletes messages. @param options.forAll also for the others, in private chats and groups. @default true */
  delete(
    chat: ChatLike,
    ids: readonly number[],
    options?: MtprotoCallOptions & { forAll?: boolean | undefined },
  ): Promise<void>;
  /** Marks a chat as read. @param options.upTo the last message that was read. @default all */
  read(chat: ChatLike, options?: MtprotoCallOptions & { upTo?: number | undefined }): Promise<void>;
}

/** Makes {@link Sending}. */
export function createSending({ calls, chats, peers, self }: SendContext): Sending {
  return {
    async send(chat, message, options) {
      if (typeof message !== 'object' || message === null)
        throw invalid('message', 'must be an object: `{ text }`', 'send');
      const { text, replyToId, silent, preview = true } = message;
      checkText(text, 'send');
      const chatId = await chats.idOf(chat, options);
      // Telegram takes a random id once: repeating the request can not send twice.
      const randomId = randomBytes(8).readBigInt64LE();
      const request: TlObject = {
        _: 'messages.sendMessage',
        peer: peers.inputPeer(chatId),
        message: text,
        randomId,
        ...(silent && { silent }),
        ...(!preview && { noWebpage: true }),
        ...(replyToId !== undefined && { replyTo: { _: 'inputReplyToMessage', replyToMsgId: replyToId } }),
      };
      try {
        return sentMessage(await calls.call(request, options), request, self());
      } catch (error) {
        if (mtprotoFailure(error)?.kind !== 'already_sent') throw error;
        throw failed(
          'invalid_response',
          'The message was sent, but the answer was lost: its id is not known',
          {
            operation: 'messages.sendMessage',
            retryable: false,
            outcome: 'unknown',
          },
        );
      }
    },
    async edit(chat, { id, text }, options) {
      checkText(text, 'edit');
      checkId(id, 'edit');
      const chatId = await chats.idOf(chat, options);
      const request = { _: 'messages.editMessage', peer: peers.inputPeer(chatId), id, message: text };
      return sentMessage(await calls.call(request, options), request, self());
    },
    async delete(chat, ids, { forAll = true, ...options } = {}) {
      if (!Array.isArray(ids) || ids.length === 0)
        throw invalid('ids', 'must be a list of message ids', 'delete');
      for (const id of ids) checkId(id, 'delete');
      const chatId = await chats.idOf(chat, options);
      for (let first = 0; first < ids.length; first += limits.messageIds) {
        const id = ids.slice(first, first + limits.messageIds);
        await calls.call(
          isChannelId(chatId)
            ? { _: 'channels.deleteMessages', channel: peers.inputChannel(chatId), id }
            : { _: 'messages.deleteMessages', id, ...(forAll && { revoke: true }) },
          options,
        );
      }
    },
    async read(chat, { upTo = 0, ...options } = {}) {
      const chatId = await chats.idOf(chat, options);
      await calls.call(
        isChannelId(chatId)
          ? { _: 'channels.readHistory', channel: peers.inputChannel(chatId), maxId: upTo }
          : { _: 'messages.readHistory', peer: peers.inputPeer(chatId), maxId: upTo },
        options,
      );
    },
  };
}

function sentMessage(answer: TlValue, request: TlObject, self = 0n): MtprotoMessage {
  const updates = tlObject(answer);
  if (updates?._ === 'updateShortSentMessage') {
    const message = toMessage(fromSent(updates, request, self), self);
    if (message !== undefined) return message;
  }
  for (const update of tlObjects(updates?.updates)) {
    const raw = tlObject(update.message);
    const message =
      raw && /^update(?:New|Edit)(?:Channel)?Message$/.test(update._) ? toMessage(raw, self) : undefined;
    if (message !== undefined) return message;
  }
  throw failed('invalid_response', 'Telegram took the message but did not tell its id', {
    retryable: false,
    outcome: 'unknown',
  });
}

function checkText(text: unknown, operation: string): void {
  if (typeof text === 'string' && text.trim() !== '' && text.length <= limits.text) return;
  throw invalid('text', `must be 1 to ${limits.text} characters`, operation);
}

function checkId(id: unknown, operation: string): void {
  if (Number.isInteger(id) && Number(id) >= 1) return;
  throw invalid('id', 'must be the id of a message', operation);
}
