import { badRequest } from '../api-failure.ts';
import type { Call, MethodRow } from '../call.ts';
import { demandAdministrator, resolveChat } from '../chats.ts';
import { changeMember } from '../members.ts';
import type { Chat } from '../state.ts';

/** The chat itself: its description, pinned messages, links and topics. */
export const chatMethods = {
  getChat: {
    run(call) {
      const chat = resolveChat(call, 'read');
      const pinned = chat.pinned.at(-1);
      return {
        ...chat.info,
        accent_color_id: 0,
        max_reaction_count: 11,
        accepted_gift_types: {
          unlimited_gifts: false,
          limited_gifts: false,
          unique_gifts: false,
          premium_subscription: false,
          gifts_from_channels: false,
        },
        ...chat.details,
        ...(pinned !== undefined && { pinned_message: chat.log.get(pinned)?.message }),
      };
    },
  },
  leaveChat: {
    run(call) {
      const chat = resolveChat(call, 'write');
      if (chat.info.type === 'private')
        throw badRequest("chat member status can't be changed in private chats");
      changeMember(call.state, chat, call.bot.id, { by: call.bot.info, to: { status: 'left' } });
      return true;
    },
  },
  setChatTitle: changes((call, chat) => {
    const title = call.params.text('title').trim();
    if (title === '') throw badRequest("title can't be empty");
    if (title === chat.info.title) throw badRequest('chat title is not modified');
    chat.info = { ...chat.info, title };
  }),
  setChatDescription: changes(({ params }, chat) => {
    const description = params.text('description');
    if (description === (chat.details.description ?? ''))
      throw badRequest('chat description is not modified');
    chat.details.description = description;
  }),
  setChatPhoto: changes(({ files, params }, chat) => {
    const file = files.input(params, params.values.photo, 'photos', 'photo');
    chat.details.photo = {
      small_file_id: file.fileId,
      small_file_unique_id: file.fileUniqueId,
      big_file_id: file.fileId,
      big_file_unique_id: file.fileUniqueId,
    };
  }),
  deleteChatPhoto: changes((_, chat) => {
    if (!chat.details.photo) throw badRequest('CHAT_NOT_MODIFIED');
    delete chat.details.photo;
  }),
  setChatPermissions: changes(({ params }, chat) => {
    chat.details.permissions = params.object('permissions');
  }, 'permissions'),
  setChatStickerSet: changes(({ params }, chat) => {
    chat.details.sticker_set_name = params.text('sticker_set_name');
  }, 'sticker_set_name'),
  deleteChatStickerSet: changes((_, chat) => {
    delete chat.details.sticker_set_name;
  }),
  pinChatMessage: {
    run(call) {
      const chat = mayPin(call);
      const id = call.params.integer('message_id');
      if (!chat.log.get(id)) throw badRequest('message to pin not found');
      chat.pinned = [...chat.pinned.filter((pinned) => pinned !== id), id];
      return true;
    },
  },
  unpinChatMessage: {
    run(call) {
      const chat = mayPin(call);
      const id = call.params.has('message_id') ? call.params.integer('message_id') : chat.pinned.at(-1);
      if (id === undefined || !chat.pinned.includes(id)) throw badRequest('message to unpin not found');
      chat.pinned = chat.pinned.filter((pinned) => pinned !== id);
      return true;
    },
  },
  unpinAllChatMessages: {
    run(call) {
      mayPin(call).pinned = [];
      return true;
    },
  },
  exportChatInviteLink: {
    run: (call) => newLink(call, administeredChat(call), { is_primary: true }).invite_link,
  },
  createChatInviteLink: { run: (call) => newLink(call, administeredChat(call)) },
  createChatSubscriptionInviteLink: {
    required: ['subscription_period', 'subscription_price'],
    run: (call) => newLink(call, administeredChat(call)),
  },
  editChatInviteLink: { run: (call) => changeLink(call, linkOptions(call)) },
  editChatSubscriptionInviteLink: { run: (call) => changeLink(call, linkOptions(call)) },
  revokeChatInviteLink: { run: (call) => changeLink(call, { is_revoked: true }) },
  createForumTopic: {
    required: ['name'],
    run(call) {
      const chat = forum(call);
      chat.lastMessageId += 1;
      const icon = call.params.text('icon_custom_emoji_id');
      const topic = {
        message_thread_id: chat.lastMessageId,
        name: call.params.text('name'),
        icon_color: call.params.integer('icon_color', 0x6f_b9_f0),
        ...(icon && { icon_custom_emoji_id: icon }),
      };
      chat.topics.set(topic.message_thread_id, topic);
      return topic;
    },
  },
  editForumTopic: topicChange(({ params }, topic) => {
    if (params.has('name')) topic.name = params.text('name');
    if (params.has('icon_custom_emoji_id')) topic.icon_custom_emoji_id = params.text('icon_custom_emoji_id');
  }),
  closeForumTopic: topicChange((_, topic) => setOpen(topic, false)),
  reopenForumTopic: topicChange((_, topic) => setOpen(topic, true)),
  deleteForumTopic: topicChange((_, topic, chat) => {
    chat.topics.delete(Number(topic.message_thread_id));
  }),
  unpinAllForumTopicMessages: topicChange((_, topic, chat) => {
    const thread = topic.message_thread_id;
    chat.pinned = chat.pinned.filter((id) => chat.log.get(id)?.message.message_thread_id !== thread);
  }),
  editGeneralForumTopic: { required: ['name'], run: inForum },
  closeGeneralForumTopic: { run: inForum },
  reopenGeneralForumTopic: { run: inForum },
  hideGeneralForumTopic: { run: inForum },
  unhideGeneralForumTopic: { run: inForum },
  unpinAllGeneralForumTopicMessages: { run: inForum },
} as const satisfies Record<string, MethodRow>;

function changes(change: (call: Call, chat: Chat) => void, ...required: string[]): MethodRow {
  return {
    required,
    run(call) {
      change(call, administeredChat(call));
      call.state.live.emit({ provider: 'telegram', type: 'chat', bot: call.bot.id });
      return true;
    },
  };
}

function administeredChat(call: Call): Chat {
  const chat = resolveChat(call, 'write');
  demandAdministrator(call, chat);
  return chat;
}

function mayPin(call: Call): Chat {
  const chat = resolveChat(call, 'write');
  if (chat.info.type !== 'private') demandAdministrator(call, chat);
  return chat;
}

function linkOptions({ params }: Call): Record<string, unknown> {
  const link: Record<string, unknown> = { creates_join_request: params.boolean('creates_join_request') };
  if (params.has('name')) link.name = params.text('name');
  for (const name of ['expire_date', 'member_limit', 'subscription_period', 'subscription_price']) {
    if (params.has(name)) link[name] = params.integer(name);
  }
  return link;
}

function newLink(call: Call, chat: Chat, more: Record<string, unknown> = {}): Record<string, unknown> {
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString('base64url');
  const link: Record<string, unknown> = {
    invite_link: `https://t.me/+${secret}`,
    creator: call.bot.info,
    is_primary: false,
    is_revoked: false,
    ...linkOptions(call),
    ...more,
  };
  chat.inviteLinks.set(String(link.invite_link), link);
  return link;
}

function changeLink(call: Call, change: Record<string, unknown>): Record<string, unknown> {
  const link = administeredChat(call).inviteLinks.get(call.params.text('invite_link'));
  if (!link) throw badRequest('INVITE_HASH_EXPIRED');
  return Object.assign(link, change);
}

function forum(call: Call): Chat {
  const chat = administeredChat(call);
  if (!chat.info.is_forum) throw badRequest('the chat is not a forum');
  return chat;
}

function inForum(call: Call): true {
  forum(call);
  return true;
}

function topicChange(change: (call: Call, topic: Record<string, unknown>, chat: Chat) => void): MethodRow {
  return {
    run(call) {
      const chat = forum(call);
      const topic = chat.topics.get(call.params.integer('message_thread_id'));
      if (!topic) throw badRequest('TOPIC_ID_INVALID');
      change(call, topic, chat);
      return true;
    },
  };
}

function setOpen(topic: Record<string, unknown>, open: boolean): void {
  if ((topic.is_closed !== true) === open) throw badRequest('TOPIC_NOT_MODIFIED');
  topic.is_closed = !open;
}
