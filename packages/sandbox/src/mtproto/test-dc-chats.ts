import type { DcParts } from './dc-parts.ts';
import { inviteHash } from './methods/invitations.ts';
import type { MessageInput, TestDc, TestDcAccount, TestDcChat, TestDcMessage } from './public.ts';
import { shownAccount } from './shown-account.ts';
import { mentioned } from './view/peers.ts';
import { updatesObject } from './view/updates.ts';
import { type Account, type Chat, isChannel, type Message, messageIdFor } from './world/types.ts';

/** The chats' part of the control API. */
export function createTestDcChats(
  parts: DcParts,
  find: (account: Pick<TestDcAccount, 'id'>) => Account,
): Pick<TestDc, 'createChannel' | 'channels' | 'createGroup' | 'privateChat'> {
  const { world, clock } = parts;

  const tell = (chat: Chat, account: Account): void => {
    const update = isChannel(chat)
      ? { _: 'updateChannel', channel_id: chat.id }
      : { _: 'updateChat', chat_id: chat.id };
    const about = mentioned(account, [chat]);
    parts.push(account, updatesObject([update], { ...about, date: clock.seconds() }));
  };
  const shown = (message: Message): TestDcMessage => ({
    id: ownId(message),
    text: message.text,
    date: message.date,
    editDate: message.editDate,
    from: message.from === undefined ? undefined : shownAccount(message.from),
    media: message.media?.kind,
    idFor: (account) => messageIdFor(message, find(account)),
  });
  const messageOf = (chat: Chat, id: number): Message => {
    const message = chat.messages.find((one) => ownId(one) === id);
    if (message === undefined) throw new Error('id: the chat has no such message');
    return message;
  };
  const post = (chat: Chat, { media, from, ...rest }: MessageInput): Message => {
    const writer = from === undefined ? defaultWriter(chat) : find(from);
    return world.post(chat, {
      ...rest,
      from: writer,
      media: media === undefined ? undefined : world.file(media),
    });
  };

  const control = (chat: Chat): TestDcChat => ({
    kind: chat.kind,
    id: chat.id,
    accessHash: chat.accessHash,
    title: chat.title,
    username: chat.username,
    invitation: isChannel(chat) ? `https://t.me/+${inviteHash(chat)}` : undefined,
    get pts() {
      return isChannel(chat) ? chat.events.pts : 0;
    },
    post: (message) => shown(post(chat, typeof message === 'string' ? { text: message } : message)),
    fill(count, text = (index) => `Message ${index + 1}`) {
      for (let index = 0; index < count; index += 1) {
        const date = clock.seconds() - (count - index) * 60;
        post(chat, { text: text(index), date, silent: true });
      }
    },
    edit(id, { text, media }) {
      const message = messageOf(chat, id);
      world.edit(message, { text, media: media === undefined ? undefined : world.file(media) });
      return shown(message);
    },
    delete(ids) {
      const wanted = typeof ids === 'number' ? [ids] : ids;
      world.remove(
        chat,
        wanted.map((id) => messageOf(chat, id)),
      );
    },
    messages: () => chat.messages.map(shown),
    addMember(account) {
      world.join(chat, find(account));
      tell(chat, find(account));
    },
    removeMember(account) {
      world.leave(chat, find(account));
      tell(chat, find(account));
    },
    ban(account) {
      world.leave(chat, find(account));
      chat.banned.add(find(account));
      tell(chat, find(account));
    },
    members: () => [...chat.members].map(shownAccount),
  });

  return {
    createChannel: (options = {}) => control(world.createChannel(options)),
    channels: () =>
      [...world.chats].filter(({ kind }) => kind === 'channel' || kind === 'supergroup').map(control),
    createGroup: ({ title = 'Group', members }) => control(world.createGroup(title, members.map(find))),
    privateChat: (one, other) => control(world.privateChat(find(one), find(other))),
  };
}

/** What the writer sees; in a channel what everybody sees. */
function ownId(message: Message): number {
  return message.from === undefined || isChannel(message.chat)
    ? message.id
    : (message.ids.get(message.from.id) ?? message.id);
}

function defaultWriter(chat: Chat): Account | undefined {
  return chat.kind === 'channel' ? undefined : [...chat.members][0];
}
