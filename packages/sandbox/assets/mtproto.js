// The page of the test DC: accounts with their login codes, and channels to post in. The DC's clients change it without
// an event of the stream, so it is asked every second, and what is no longer as it was is drawn again.

import { ask, clockTime, connectDialog, copies, find, guarded, make } from './parts.js';
import { connectComposer, drawHead, drawMessages } from './phone.js';
import { dotted, startPage } from './shell.js';

const pollMs = 1_000;
const shownPosts = 20;

const mtproto = (path) => ask(`mtproto/${path}`);
const act = (path, body) => ask(`mtproto/${path}`, { body });
const actHere = (path, body) => act(path, { channel: view.account.id, ...body });

/** Draws what `load` gives, unless it is drawn already: buttons are not taken from under the pointer. */
function whenChanged(load, draw) {
  let drawn;
  return async () => {
    const data = await load();
    const text = JSON.stringify(data);
    if (text === drawn) return;
    drawn = text;
    await draw(data);
  };
}

// ── Accounts ──

const drawPeople = whenChanged(
  () => mtproto('accounts'),
  (people) =>
    find('people').replaceChildren(
      ...(people.length === 0
        ? [make('li', { class: 'empty' }, 'Make an account, and log in as it.')]
        : people.map(personRow)),
    ),
);

function personRow({ phone, firstName, username, code }) {
  const button = (text, onclick, kind = '') =>
    make('button', { type: 'button', class: `quiet small ${kind}`, onclick: guarded(onclick) }, text);
  return make(
    'li',
    { class: 'person' },
    make(
      'div',
      { class: 'chat-name' },
      make('b', {}, firstName),
      make('small', {}, dotted(`+${phone}`, username && `@${username}`)),
    ),
    code === undefined
      ? make('span', { class: 'code empty' }, 'No login code yet')
      : make('span', { class: 'code', title: 'The last login code' }, code),
    make(
      'div',
      { class: 'actions' },
      button('Scan the newest QR code', () => act('scan', { phone })),
      button('Scan by address', () => openScan(phone)),
      button('Revoke sessions', () => act('revoke', { phone }), 'danger'),
    ),
  );
}

const openScan = connectDialog('scan-dialog', ({ url }, phone) => act('scan', { phone, url: url.trim() }));

const openAccount = connectDialog('account-dialog', async (given) => {
  await act('accounts', withoutEmpty(given));
  await drawPeople();
});
find('add-person').addEventListener('click', () => openAccount());

const withoutEmpty = (given) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value.trim() !== ''));

// ── Posts ──

const drawPosts = whenChanged(
  async () => {
    const channel = view.account;
    const query = new URLSearchParams({ channel: channel?.id, limit: shownPosts });
    return { channel, posts: channel ? await mtproto(`posts?${query}`) : [] };
  },
  ({ channel, posts }) => {
    drawHead(
      channel?.title ?? 'No channel yet',
      channel ? dotted(channel.kind, channel.id, channel.username && `@${channel.username}`) : '',
    );
    drawMessages(posts, postRow);
  },
);

function postRow({ id, text, date, editDate, media }) {
  const bubble = make('div', { class: 'bubble' });
  if (media) bubble.append(make('div', { class: 'media' }, media));
  if (text !== '') bubble.append(make('div', { class: 'text' }, text));
  bubble.append(
    make('span', { class: 'facts' }, dotted(`#${id}`, editDate && 'edited', clockTime(date * 1_000))),
  );
  const button = (name, onclick) =>
    make(
      'button',
      { type: 'button', class: 'quiet small', onclick, 'aria-label': `${name} post ${id}` },
      name,
    );
  const remove = guarded(async () => {
    await actHere('delete', { id });
    await drawPosts();
  });
  return make(
    'li',
    { class: 'message', 'data-from': 'bot', 'data-message-id': id },
    bubble,
    make(
      'div',
      { class: 'actions' },
      button('Edit', () => openPost(id, { text })),
      button('Delete', remove),
    ),
  );
}

const openPost = connectDialog('post-dialog', async ({ text }, id) => {
  await actHere('edit', { id, text });
  await drawPosts();
});

const openChannel = connectDialog('channel-dialog', async (given) =>
  choose(await act('channels', withoutEmpty(given))),
);

connectComposer(async (text) => {
  await actHere('post', { text });
  await drawPosts();
});

// ── How a client connects ──

const drawServer = whenChanged(
  () => mtproto('server'),
  ({ dcs, publicKey }) => {
    const copy = make('button', { type: 'button', class: 'quiet' }, 'Copy the public key');
    copies(copy, () => publicKey);
    find('connect').replaceChildren(
      make('p', { class: 'hint' }, 'A client connects here and knows the server by this key.'),
      ...dcs.map(({ dcId, host, port }) => make('code', {}, `DC ${dcId}: ${host}:${port}`)),
      make('pre', {}, publicKey),
      copy,
    );
  },
);

const { view, drawAll, choose } = startPage({
  provider: 'mtproto',
  accounts: {
    path: 'channels',
    name: ({ title, username }) => dotted(title, username && `@${username}`),
    ask: () => openChannel(),
  },
  panels: {
    calls: {
      load: () => mtproto('requests?limit=60'),
      empty: 'No request of a client yet.',
      read: ({ error, method, accountId, dcId }) => ({
        status: error === undefined ? 'ok' : 'error',
        isBad: error !== undefined,
        name: method,
        detail: dotted(
          error,
          accountId === undefined ? 'not logged in' : `account ${accountId}`,
          `DC ${dcId}`,
        ),
      }),
    },
  },
  faults: {
    async load() {
      const [kinds, faults] = await Promise.all([mtproto('fault-kinds'), mtproto('faults')]);
      return { kinds, faults };
    },
    set: ({ retryAfter, ...fault }) => act('faults', { ...fault, seconds: retryAfter }),
    async clear(id) {
      await act('clear-faults', { id });
      await look();
    },
  },
  forgets: 'accounts, channels',
  async draw() {
    await Promise.all([drawPeople(), drawPosts(), drawServer()]);
  },
  changes: () => undefined,
});

// The channels come first: what is chosen may be gone.
const look = whenChanged(
  () => Promise.all(['channels', 'requests?limit=60', 'faults'].map(mtproto)),
  drawAll,
);

async function poll() {
  if (!document.hidden && find('live').dataset.state === 'live') {
    await guarded(async () => {
      await look();
      await Promise.all([drawPeople(), drawPosts()]);
    })();
  }
  setTimeout(poll, pollMs);
}
setTimeout(poll, pollMs);
