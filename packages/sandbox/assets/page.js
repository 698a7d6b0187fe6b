// The page of the simulated Telegram: asks the control API what is there, draws it, and draws again what the event stream says has changed.

import {
  ask,
  clockTime,
  connectFaults,
  connectLive,
  connectTabs,
  copies,
  detailsRow,
  find,
  guarded,
  make,
} from './parts.js';

const view = { bot: undefined, chat: undefined };
const drawFaults = connectFaults('telegram');
connectTabs();
const telegram = (path, query = {}) =>
  ask(`telegram/${path}?${new URLSearchParams({ bot: view.bot?.token ?? '', ...query })}`);
const act = (path, body) => ask(`telegram/${path}`, { body: { bot: view.bot?.token, ...body } });

const titleOf = (chat) =>
  chat.title ?? ([chat.first_name, chat.last_name].filter(Boolean).join(' ') || String(chat.id));

// ── Bots and chats ──

async function drawBots() {
  const bots = await ask('telegram/bots');
  view.bot = bots.find(({ token }) => token === view.bot?.token) ?? bots[0];
  find('bot').replaceChildren(
    ...bots.map(({ token, username }) =>
      make('option', { value: token, selected: token === view.bot?.token }, `@${username}`),
    ),
  );
  find('copy-token').disabled = view.bot === undefined;
  find('text').disabled = view.bot === undefined;
}

async function drawChats() {
  const chats = view.bot ? await telegram('chats') : [];
  // A person that was just made has no conversation yet and stays in view until there is one.
  if (view.chat?.fresh && !chats.some(({ id }) => id === view.chat.id)) chats.unshift(view.chat);
  view.chat = chats.find(({ id }) => id === view.chat?.id) ?? chats[0];
  find('chats').replaceChildren(
    ...(chats.length === 0
      ? [make('li', { class: 'empty' }, 'Write a message to begin.')]
      : chats.map(chatRow)),
  );
  find('chat-title').textContent = view.chat ? titleOf(view.chat) : 'No chat yet';
  find('chat-facts').textContent = view.chat
    ? [view.chat.type, view.chat.id, view.chat.username && `@${view.chat.username}`]
        .filter(Boolean)
        .join(' · ')
    : '';
}

function chatRow(chat) {
  const title = titleOf(chat);
  return make(
    'li',
    {},
    make(
      'button',
      {
        type: 'button',
        class: 'chat-row',
        'aria-current': String(chat.id === view.chat?.id),
        onclick: guarded(async () => {
          view.chat = chat;
          await Promise.all([drawChats(), drawMessages()]);
        }),
      },
      make(
        'span',
        { class: 'avatar', 'data-hue': Math.abs(chat.id % 5), 'aria-hidden': 'true' },
        title.slice(0, 1),
      ),
      make('span', { class: 'chat-name' }, make('b', {}, title), make('small', {}, chat.type)),
    ),
  );
}

// ── The conversation ──

async function drawMessages() {
  const list = find('messages');
  const entries = view.bot && view.chat ? await telegram('messages', { chat: view.chat.id, limit: 200 }) : [];
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  list.replaceChildren(
    ...(entries.length === 0
      ? [make('li', { class: 'empty' }, 'Nothing was said here yet.')]
      : entries.map(messageRow)),
  );
  if (atEnd) list.scrollTop = list.scrollHeight;
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
  if (view.chat?.type !== 'private' && from === 'user') {
    bubble.append(make('div', { class: 'author' }, titleOf(author)));
  }
  if (reply) bubble.append(make('div', { class: 'quote' }, reply.text ?? reply.caption ?? 'Message'));
  if (media) bubble.append(make('div', { class: 'media' }, mediaText(media, message[media])));
  if (text !== undefined) bubble.append(make('div', { class: 'text' }, ...formatted(text, entities)));
  if (!media && text === undefined) bubble.append(make('div', { class: 'media' }, serviceText(message)));
  const facts = [`#${message.message_id}`, message.edit_date && 'edited', clockTime(at)]
    .filter(Boolean)
    .join(' · ');
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
  if (!view.chat) return {};
  return view.chat.type === 'private' ? { from: view.chat.id } : { chat: view.chat.id };
}

// ── Traffic ──

async function drawCalls() {
  const calls = await telegram('calls', { limit: 60 });
  find('calls').replaceChildren(
    ...(calls.length === 0
      ? [make('p', { class: 'empty' }, 'No call of the Bot API yet.')]
      : calls.toReversed().map((call) => {
          const shown = call.description ?? (call.params.text || call.params.caption || '');
          return detailsRow(
            `call ${call.at} ${call.method}`,
            [
              make(
                'span',
                { class: 'line' },
                make(
                  'span',
                  { class: 'status', 'data-bad': String(!(call.status < 400)) },
                  call.status ?? 'none',
                ),
                make('span', { class: 'name' }, call.method),
                make('time', {}, clockTime(call.at)),
              ),
              make('span', { class: 'detail' }, call.fault ? `fault: ${call.fault}` : shown),
            ],
            {
              params: call.params,
              result: call.result,
              executed: call.executed,
              durationMs: call.durationMs,
            },
          );
        })),
  );
}

async function drawDeliveries() {
  const deliveries = await telegram('deliveries', { limit: 60 });
  find('deliveries').replaceChildren(
    ...(deliveries.length === 0
      ? [make('p', { class: 'empty' }, 'No update was delivered to a webhook yet.')]
      : deliveries
          .toReversed()
          .map((delivery) =>
            detailsRow(
              `delivery ${delivery.updateId} ${delivery.attempt}`,
              [
                make(
                  'span',
                  { class: 'line' },
                  make(
                    'span',
                    { class: 'status', 'data-bad': String(!(delivery.status < 300)) },
                    delivery.status ?? 'none',
                  ),
                  make('span', { class: 'name' }, delivery.kind),
                  make('time', {}, clockTime(delivery.at)),
                ),
                make(
                  'span',
                  { class: 'detail' },
                  delivery.error ??
                    `update ${delivery.updateId}, attempt ${delivery.attempt}, ${delivery.durationMs} ms`,
                ),
              ],
              delivery,
            ),
          )),
  );
}

// ── Forms ──

find('composer').addEventListener(
  'submit',
  guarded(async (event) => {
    event.preventDefault();
    const text = find('text').value.trim();
    if (text === '') return;
    const sent = await act('send', { ...whereabouts(), text });
    find('text').value = '';
    view.chat = sent.chat;
    await Promise.all([drawChats(), drawMessages()]);
    find('messages').scrollTop = find('messages').scrollHeight;
  }),
);

find('text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find('composer').requestSubmit();
});

find('bot').addEventListener(
  'change',
  guarded(async (event) => {
    view.bot = { token: event.target.value };
    view.chat = undefined;
    await drawAll();
  }),
);

find('new-bot').addEventListener(
  'click',
  guarded(async () => {
    view.bot = await ask('telegram/bots', { body: {} });
    view.chat = undefined;
    await drawAll();
  }),
);

copies(find('copy-token'), () => view.bot.token);

find('reset').addEventListener(
  'click',
  guarded(async () => {
    if (!confirm('Forget all bots, chats, logs and faults?')) return;
    await ask('reset', { body: {} });
  }),
);

find('new-chat').addEventListener('click', () => find('chat-dialog').showModal());
find('chat-cancel').addEventListener('click', () => find('chat-dialog').close());
find('chat-form').addEventListener(
  'submit',
  guarded(async (event) => {
    const { type, title } = Object.fromEntries(new FormData(event.target));
    event.target.reset();
    if (type === 'private') {
      const user = await act('users', { first_name: title });
      view.chat = { ...user, type: 'private', fresh: true };
    } else view.chat = await act('chats', { type, title });
    await Promise.all([drawChats(), drawMessages()]);
    find('text').focus();
  }),
);

// ── Live ──

const drawers = {
  message: [drawChats, drawMessages],
  chat: [drawChats],
  bot: [drawBots, drawChats],
  call: [drawCalls],
  delivery: [drawDeliveries],
  fault: [drawFaults],
  reset: [drawAll],
};

async function drawAll() {
  await drawBots();
  await drawChats();
  await Promise.all([drawMessages(), drawCalls(), drawDeliveries(), drawFaults()]);
}

connectLive(drawAll, async (events) => {
  // A message elsewhere only moves its chat up the list.
  const elsewhere = ({ type, chat }) =>
    type === 'message' && view.chat !== undefined && chat !== view.chat.id;
  const tasks = new Set(
    events
      .filter(({ provider }) => provider === 'telegram' || provider === '*')
      .flatMap((event) => (elsewhere(event) ? [drawChats] : (drawers[event.type] ?? []))),
  );
  for (const task of tasks) await task();
});
