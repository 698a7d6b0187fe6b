// A phone with the simulated Viber on it: choose a bot and a user, write, tap, look, leave.

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

const view = { account: undefined, user: undefined };
const drawFaults = connectFaults('viber');
connectTabs();

const viber = (path, query = {}) =>
  ask(`viber/${path}?${new URLSearchParams({ account: view.account.id, ...query })}`);
const act = (path, body = {}) => ask(`viber/${path}`, { body: { account: view.account.id, ...body } });

async function drawAccounts() {
  const accounts = await ask('viber/accounts');
  view.account = accounts.find(({ id }) => id === view.account?.id) ?? accounts[0];
  find('account').replaceChildren(
    ...accounts.map(({ id, name }) =>
      make('option', { value: id, selected: id === view.account?.id }, `${name} · ${id}`),
    ),
  );
  find('copy-token').disabled = view.account === undefined;
}

// ── Users ──

async function drawUsers() {
  const users = view.account ? await viber('users') : [];
  view.user = users.find(({ id }) => id === view.user?.id) ?? users[0];
  find('chats').replaceChildren(
    ...(users.length === 0
      ? [make('li', { class: 'empty' }, 'Make a user, and write as him.')]
      : users.slice(0, 200).map(userRow)),
  );
  find('chat-title').textContent = view.user?.name ?? 'No user yet';
  find('chat-facts').textContent = view.user
    ? [view.user.id, view.user.subscribed ? 'subscribed' : 'not subscribed', view.user.device].join(' · ')
    : '';
  for (const button of document.querySelectorAll('[data-act]')) button.disabled = view.user === undefined;
}

function userRow(user) {
  const hue = [...user.id].reduce((sum, char) => sum + char.charCodeAt(0), 0) % 5;
  return make(
    'li',
    {},
    make(
      'button',
      {
        type: 'button',
        class: 'chat-row',
        'aria-current': String(user.id === view.user?.id),
        onclick: guarded(async () => {
          view.user = user;
          await drawUsers();
          await drawMessages();
        }),
      },
      make('span', { class: 'avatar', 'data-hue': hue, 'aria-hidden': 'true' }, user.name.slice(0, 1)),
      make(
        'span',
        { class: 'chat-name' },
        make('b', {}, user.name),
        make('small', {}, user.subscribed ? 'subscribed' : 'not subscribed'),
      ),
    ),
  );
}

// ── The conversation ──

async function drawMessages() {
  const entries = view.user ? await viber('messages', { user: view.user.id, limit: 200 }) : [];
  const list = find('messages');
  list.replaceChildren(
    ...(entries.length === 0
      ? [make('li', { class: 'empty' }, 'Nothing was said here yet.')]
      : entries.map(messageRow)),
  );
  list.scrollTop = list.scrollHeight;
  const newest = entries.findLast(({ from }) => from === 'bot')?.message;
  const buttons = [newest?.keyboard, newest?.rich_media].flatMap((place) => place?.Buttons ?? []);
  find('keyboard').replaceChildren(make('div', {}, ...buttons.map(tapButton)));
  find('keyboard').hidden = buttons.length === 0;
}

function messageRow({ from, at, message, state, by, billingStatus, messageToken }) {
  const bubble = make('div', { class: 'bubble' });
  if (from === 'bot') bubble.append(make('div', { class: 'author' }, message.sender?.name ?? 'Bot'));
  if (message.type !== 'text') bubble.append(make('div', { class: 'media' }, mediaText(message)));
  if (message.text) bubble.append(make('div', { class: 'text' }, message.text));
  const facts = [
    by === 'welcome' && 'welcome',
    by === 'broadcast_message' && 'broadcast',
    from === 'bot' && state,
    billingStatus !== undefined && from === 'bot' && `billing ${billingStatus}`,
    clockTime(at),
  ];
  bubble.append(make('span', { class: 'facts' }, facts.filter(Boolean).join(' · ')));
  return make('li', { class: 'message', 'data-from': from, 'data-token': messageToken }, bubble);
}

function mediaText({ type = 'keyboard', media, contact, location, file_name, alt_text }) {
  const place = location && `${location.lat}, ${location.lon}`;
  const detail = file_name ?? contact?.phone_number ?? place ?? alt_text ?? media;
  return [type.replaceAll('_', ' '), detail].filter(Boolean).join(' · ');
}

function tapButton({ Text, ActionBody, ActionType = 'reply' }) {
  const tap = guarded(() => act('tap', { from: view.user.id, button: ActionBody ?? Text }));
  const words = (Text ?? ActionBody ?? '').replace(/<[^>]*>/g, '');
  return make(
    'button',
    { type: 'button', disabled: ActionType === 'none', title: ActionBody, onclick: tap },
    words,
  );
}

// ── Traffic ──

async function drawCalls() {
  const calls = await ask('viber/calls?limit=60');
  find('calls').replaceChildren(
    ...(calls.length === 0
      ? [make('p', { class: 'empty' }, 'No call of the API yet.')]
      : calls.toReversed().map((call) =>
          traffic(`call ${call.at} ${call.method}`, {
            status: call.status ?? call.httpStatus ?? 'none',
            bad: call.status !== 0,
            name: call.method,
            at: call.at,
            detail: call.fault ? `fault: ${call.fault.replaceAll('_', ' ')}` : call.statusMessage,
            record: call,
          }),
        )),
  );
}

async function drawCallbacks() {
  const callbacks = await ask('viber/callbacks?limit=60');
  find('deliveries').replaceChildren(
    ...(callbacks.length === 0
      ? [make('p', { class: 'empty' }, 'No callback was delivered yet.')]
      : callbacks.toReversed().map((one) =>
          traffic(`callback ${one.at} ${one.messageToken} ${one.event} ${one.attempt}`, {
            status: one.status ?? 'none',
            bad: one.status !== 200,
            name: one.event,
            at: one.at,
            detail: [`attempt ${one.attempt}`, `${one.durationMs} ms`, one.error].filter(Boolean).join(' · '),
            record: one,
          }),
        )),
  );
}

function traffic(key, { status, bad, name, at, detail, record }) {
  return detailsRow(
    key,
    [
      make(
        'span',
        { class: 'line' },
        make('span', { class: 'status', 'data-bad': String(bad) }, String(status)),
        make('span', { class: 'name' }, name),
        make('time', {}, clockTime(at)),
      ),
      make('span', { class: 'detail' }, detail ?? ''),
    ],
    record,
  );
}

// ── Forms ──

find('account').addEventListener(
  'change',
  guarded(async (event) => {
    view.account = { id: event.target.value };
    await drawAll();
  }),
);

find('new-account').addEventListener(
  'click',
  guarded(async () => {
    view.account = await ask('viber/accounts', { body: {} });
    await drawAll();
  }),
);

const names = ['Olena', 'Taras', 'Iryna', 'Andrii', 'Sofiia'];

find('new-user').addEventListener(
  'click',
  guarded(async () => {
    const count = find('chats').querySelectorAll('.chat-row').length;
    view.user = await act('users', { name: names[count % names.length] });
    await drawAll();
  }),
);

for (const button of document.querySelectorAll('[data-act]')) {
  button.addEventListener(
    'click',
    guarded(() => act(button.dataset.act, { user: view.user.id })),
  );
}

find('composer').addEventListener(
  'submit',
  guarded(async (event) => {
    event.preventDefault();
    const text = find('text').value.trim();
    if (text === '' || view.account === undefined) return;
    view.user ??= await act('users');
    find('text').value = '';
    await act('send', { from: view.user.id, text });
  }),
);

find('text').addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find('composer').requestSubmit();
});

copies(find('copy-token'), () => view.account.token);

find('reset').addEventListener(
  'click',
  guarded(async () => {
    if (!confirm('Forget all bots, users, messages, logs and faults, of the other providers too?')) return;
    await ask('reset', { body: {} });
  }),
);

// ── Live ──

const drawers = {
  message: [drawAccounts, drawUsers, drawMessages],
  call: [drawCalls],
  delivery: [drawCallbacks],
  fault: [drawFaults],
  reset: [drawAll],
};

async function drawAll() {
  await drawAccounts();
  await drawUsers();
  await Promise.all([drawMessages(), drawCalls(), drawCallbacks(), drawFaults()]);
}

connectLive(drawAll, async (events) => {
  const own = events.filter(({ provider }) => provider === 'viber' || provider === '*');
  for (const task of new Set(own.flatMap(({ type }) => drawers[type] ?? []))) await task();
});
