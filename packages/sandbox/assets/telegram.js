// The page of the simulated Telegram: asks the control API what is there, draws it, and draws again what the event stream says has changed.

import { ask, clockTime, connectDialog, find, guarded, make } from './parts.js';
import { connectComposer, drawHead, drawMessages, drawPeople } from './phone.js';
import { dotted, startPage } from './shell.js';

let chat;

const telegram = (path, query = {}) =>
  ask(`telegram/${path}?${new URLSearchParams({ bot: view.account?.token ?? '', ...query })}`);
const act = (path, body) => ask(`telegram/${path}`, { body: { bot: view.account?.token, ...body } });

const titleOf = (one) =>
  one.title ?? ([one.first_name, one.last_name].filter(Boolean).join(' ') || String(one.id));

// ── Chats ──

async function drawChats() {
  const chats = view.account ? await telegram('chats') : [];
  // A person that was just made has no conversation yet and stays in view until there is one.
  if (chat?.fresh && !chats.some(({ id }) => id === chat.id)) chats.unshift(chat);
  chat = chats.find(({ id }) => id === chat?.id) ?? chats[0];
  drawPeople(chats, {
    empty: 'Write a message to begin.',
    entryOf: (one) => ({ id: one.id, title: titleOf(one), text: one.type, isOpen: one.id === chat?.id }),
    async open(one) {
      chat = one;
      await drawPhone();
    },
  });
  drawHead(
    chat ? titleOf(chat) : 'No chat yet',
    chat ? dotted(chat.type, chat.id, chat.username && `@${chat.username}`) : '',
  );
}

// ── The conversation ──

async function drawTalk() {
  drawMessages(
    view.account && chat ? await telegram('messages', { chat: chat.id, limit: 200 }) : [],
    messageRow,
  );
}

async function drawPhone() {
  await drawChats();
  await drawTalk();
}

const mediaNames = [
  'photo',
  'video',
  'animation',
  'document',
  'audio',
  'voice',
  'video_note',
  'sticker',
  'location',
  'venue',
  'contact',
  'poll',
  'dice',
  'invoice',
  'game',
  'paid_media',
  'checklist',
  'rich_message',
];

function messageRow({ from, at, text, message, reactions }) {
  const entities = message.entities ?? message.caption_entities ?? [];
  const reply = message.reply_to_message;
  const author = message.from ?? message.sender_chat ?? {};
  const media = mediaNames.find((name) => message[name] !== undefined);
  const bubble = make('div', { class: 'bubble' });
  if (chat?.type !== 'private' && from === 'user') {
    bubble.append(make('div', { class: 'author' }, titleOf(author)));
  }
  if (reply) bubble.append(make('div', { class: 'quote' }, reply.text ?? reply.caption ?? 'Message'));
  if (media) bubble.append(make('div', { class: 'media' }, mediaText(media, message[media])));
  if (text !== undefined) bubble.append(make('div', { class: 'text' }, ...formatted(text, entities)));
  if (!media && text === undefined) bubble.append(make('div', { class: 'media' }, serviceText(message)));
  const facts = dotted(`#${message.message_id}`, message.edit_date && 'edited', clockTime(at));
  bubble.append(make('span', { class: 'facts' }, facts));
  const row = make(
    'li',
    { class: 'message', 'data-from': from, 'data-message-id': message.message_id },
    bubble,
  );
  if (message.reply_markup?.inline_keyboard) row.append(keyboard(message));
  if (reactions.length > 0) {
    const shown = reactions.flatMap(({ reaction }) => reaction.map(({ emoji, type }) => emoji ?? type));
    row.append(make('div', { class: 'reactions' }, ...shown.map((emoji) => make('span', {}, emoji))));
  }
  return row;
}

function mediaText(name, value) {
  const label = name.replaceAll('_', ' ');
  const detail =
    value.file_name ??
    value.question ??
    value.title ??
    value.phone_number ??
    value.emoji ??
    (value.latitude === undefined ? undefined : `${value.latitude}, ${value.longitude}`);
  return detail === undefined
    ? label
    : `${label} · ${detail}${value.value === undefined ? '' : ` ${value.value}`}`;
}

function serviceText(message) {
  const known = new Set(['message_id', 'from', 'sender_chat', 'chat', 'date', 'reply_markup']);
  const field = Object.keys(message).find((name) => !known.has(name));
  return (field ?? 'message').replaceAll('_', ' ');
}

function keyboard(message) {
  return make(
    'div',
    { class: 'keyboard' },
    ...message.reply_markup.inline_keyboard.map((buttons) =>
      make(
        'div',
        {},
        ...buttons.map((button) =>
          make(
            'button',
            {
              type: 'button',
              disabled: button.callback_data === undefined,
              title: button.url ?? button.callback_data,
              onclick: guarded(() =>
                act('press', {
                  ...whereabouts(),
                  message_id: message.message_id,
                  button: button.callback_data,
                }),
              ),
            },
            button.text,
          ),
        ),
      ),
    ),
  );
}

const wrappers = {
  bold: () => make('b'),
  italic: () => make('i'),
  underline: () => make('u'),
  strikethrough: () => make('s'),
  code: () => make('code'),
  pre: () => make('pre'),
  spoiler: () => make('span', { class: 'spoiler' }),
  text_link: ({ url }) => make('span', { class: 'link', title: url }),
  text_mention: () => make('span', { class: 'link' }),
  url: () => make('span', { class: 'link' }),
  mention: () => make('span', { class: 'link' }),
  hashtag: () => make('span', { class: 'link' }),
  bot_command: () => make('span', { class: 'link' }),
  blockquote: () => make('blockquote'),
  expandable_blockquote: () => make('blockquote'),
};

/** Draws a text with its entities, which nest. */
function formatted(text, entities, from = 0, to = text.length) {
  const nodes = [];
  let at = from;
  const inside = entities.filter(({ offset, length }) => offset >= from && offset + length <= to);
  while (inside.length > 0) {
    const entity = inside.shift();
    if (entity.offset < at) continue;
    const end = entity.offset + entity.length;
    const rest = inside.filter((other) => other.offset < end);
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    const wrapper = wrappers[entity.type]?.(entity) ?? make('span', { title: entity.type });
    wrapper.append(...formatted(text, rest, entity.offset, end));
    nodes.push(wrapper);
    at = end;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

/** Who writes and where: in a private chat its person, elsewhere the sandbox's own person. */
function whereabouts() {
  if (!chat) return {};
  return chat.type === 'private' ? { from: chat.id } : { chat: chat.id };
}

// ── Forms ──

connectComposer(async (text) => {
  const sent = await act('send', { ...whereabouts(), text });
  chat = sent.chat;
  await drawPhone();
});

const openChatDialog = connectDialog('chat-dialog', async ({ type, title }) => {
  if (type === 'private') {
    const user = await act('users', { first_name: title });
    chat = { ...user, type: 'private', fresh: true };
  } else chat = await act('chats', { type, title });
  await drawPhone();
  find('text').focus();
});
find('new-person').addEventListener('click', () => openChatDialog());

const { view } = startPage({
  provider: 'telegram',
  accounts: { path: 'bots', id: 'token', name: ({ username }) => `@${username}` },
  panels: {
    calls: {
      load: () => telegram('calls', { limit: 60 }),
      empty: 'No call of the Bot API yet.',
      read: ({ status, method, fault, description, params, result, executed, durationMs }) => ({
        status,
        isBad: !(status < 400),
        name: method,
        detail: fault ? `fault: ${fault}` : (description ?? (params.text || params.caption || '')),
        shown: { params, result, executed, durationMs },
      }),
    },
    deliveries: {
      load: () => telegram('deliveries', { limit: 60 }),
      empty: 'No update was delivered to a webhook yet.',
      read: ({ status, kind, error, updateId, attempt, durationMs }) => ({
        status,
        isBad: !(status < 300),
        name: kind,
        detail: error ?? `update ${updateId}, attempt ${attempt}, ${durationMs} ms`,
      }),
    },
  },
  forgets: 'bots, chats',
  draw: drawPhone,
  changes({ type, chat: where }) {
    // A message elsewhere only moves its chat up the list.
    if (type === 'message') return chat !== undefined && where !== chat.id ? [drawChats] : [drawPhone];
    return { chat: [drawChats], bot: ['accounts', drawChats] }[type];
  },
});
