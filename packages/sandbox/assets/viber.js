// A phone with the simulated Viber on it: choose a bot and a user, write, tap, look, leave.

import { ask, clockTime, find, guarded, make } from './parts.js';
import { connectComposer, drawHead, drawKeyboard, drawMessages, drawPeople, nextName } from './phone.js';
import { dotted, startPage } from './shell.js';

let user;

const viber = (path, query = {}) =>
  ask(`viber/${path}?${new URLSearchParams({ account: view.account.id, ...query })}`);
const act = (path, body = {}) => ask(`viber/${path}`, { body: { account: view.account.id, ...body } });

const subscription = ({ subscribed }) => (subscribed ? 'subscribed' : 'not subscribed');

async function drawUsers() {
  const users = view.account ? await viber('users') : [];
  user = users.find(({ id }) => id === user?.id) ?? users[0];
  drawPeople(users, {
    empty: 'Make a user, and write as him.',
    entryOf: (one) => ({ id: one.id, title: one.name, text: subscription(one), isOpen: one.id === user?.id }),
    async open(one) {
      user = one;
      await drawPhone();
    },
  });
  drawHead(user?.name ?? 'No user yet', user ? dotted(user.id, subscription(user), user.device) : '');
  for (const button of document.querySelectorAll('[data-act]')) button.disabled = user === undefined;
}

async function drawTalk() {
  const entries = user ? await viber('messages', { user: user.id, limit: 200 }) : [];
  drawMessages(entries, messageRow);
  const newest = entries.findLast(({ from }) => from === 'bot')?.message;
  const buttons = [newest?.keyboard, newest?.rich_media].flatMap((place) => place?.Buttons ?? []);
  drawKeyboard(buttons.map(tapButton));
}

async function drawPhone() {
  await drawUsers();
  await drawTalk();
}

function messageRow({ from, at, message, state, by, billingStatus, messageToken }) {
  const bubble = make('div', { class: 'bubble' });
  if (from === 'bot') bubble.append(make('div', { class: 'author' }, message.sender?.name ?? 'Bot'));
  if (message.type !== 'text') bubble.append(make('div', { class: 'media' }, mediaText(message)));
  if (message.text) bubble.append(make('div', { class: 'text' }, message.text));
  const facts = dotted(
    by === 'welcome' && 'welcome',
    by === 'broadcast_message' && 'broadcast',
    from === 'bot' && state,
    billingStatus !== undefined && from === 'bot' && `billing ${billingStatus}`,
    clockTime(at),
  );
  bubble.append(make('span', { class: 'facts' }, facts));
  return make('li', { class: 'message', 'data-from': from, 'data-token': messageToken }, bubble);
}

function mediaText({ type = 'keyboard', media, contact, location, file_name, alt_text }) {
  const place = location && `${location.lat}, ${location.lon}`;
  const detail = file_name ?? contact?.phone_number ?? place ?? alt_text ?? media;
  return dotted(type.replaceAll('_', ' '), detail);
}

function tapButton({ Text, ActionBody, ActionType = 'reply' }) {
  const tap = guarded(() => act('tap', { from: user.id, button: ActionBody ?? Text }));
  const words = (Text ?? ActionBody ?? '').replace(/<[^>]*>/g, '');
  return make(
    'button',
    { type: 'button', disabled: ActionType === 'none', title: ActionBody, onclick: tap },
    words,
  );
}

// ── Forms ──

find('new-person').addEventListener(
  'click',
  guarded(async () => {
    user = await act('users', { name: nextName() });
    await drawPhone();
  }),
);

for (const button of document.querySelectorAll('[data-act]')) {
  button.addEventListener(
    'click',
    guarded(() => act(button.dataset.act, { user: user.id })),
  );
}

connectComposer(async (text) => {
  user ??= await act('users');
  await act('send', { from: user.id, text });
});

const { view } = startPage({
  provider: 'viber',
  accounts: { path: 'accounts', name: ({ id, name }) => `${name} · ${id}` },
  panels: {
    calls: {
      load: () => ask('viber/calls?limit=60'),
      empty: 'No call of the API yet.',
      read: ({ status, httpStatus, method, fault, statusMessage }) => ({
        status: status ?? httpStatus,
        isBad: status !== 0,
        name: method,
        detail: fault ? `fault: ${fault.replaceAll('_', ' ')}` : statusMessage,
      }),
    },
    deliveries: {
      load: () => ask('viber/callbacks?limit=60'),
      empty: 'No callback was delivered yet.',
      read: ({ status, event, attempt, durationMs, error }) => ({
        status,
        isBad: status !== 200,
        name: event,
        detail: dotted(`attempt ${attempt}`, `${durationMs} ms`, error),
      }),
    },
  },
  forgets: 'bots, users, messages',
  draw: drawPhone,
  changes: ({ type }) => (type === 'message' ? ['accounts', drawPhone] : undefined),
});
