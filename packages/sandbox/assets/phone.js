// A phone: people on the left, the conversation with its messages, buttons and the field to write in.

import { find, guarded, make } from './parts.js';

/** The list of people: `entryOf` gives title, text and whether each is the open one; `open` opens it. */
export function drawPeople(people, { empty, entryOf, open }) {
  find('chats').replaceChildren(
    ...(people.length === 0
      ? [make('li', { class: 'empty' }, empty)]
      : people.slice(0, 200).map((one) => {
          const { id, title, text, isOpen } = entryOf(one);
          return make('li', {}, personButton({ id, title, text, isOpen, onclick: guarded(() => open(one)) }));
        })),
  );
}

function personButton({ id, title, text, isOpen, onclick }) {
  return make(
    'button',
    { type: 'button', class: 'chat-row', 'aria-current': String(isOpen), onclick },
    make('span', { class: 'avatar', 'data-hue': hueOf(id), 'aria-hidden': 'true' }, title.slice(0, 1)),
    make('span', { class: 'chat-name' }, make('b', {}, title), make('small', {}, text)),
  );
}

function hueOf(id) {
  return [...String(id)].reduce((sum, char) => sum + char.charCodeAt(0), 0) % 5;
}

/** Who is open, above the conversation. */
export function drawHead(title, facts) {
  find('chat-title').textContent = title;
  find('chat-facts').textContent = facts;
}

/** The messages; who was at the end stays there. */
export function drawMessages(messages, rowOf) {
  const list = find('messages');
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  list.replaceChildren(
    ...(messages.length === 0
      ? [make('li', { class: 'empty' }, 'Nothing was said here yet.')]
      : messages.map(rowOf)),
  );
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

/** What is higher than it was, such as a picture that has come, must not push the last message out of sight. */
export function keepAtEnd({ target }) {
  const list = find('messages');
  const below = list.scrollHeight - list.scrollTop - list.clientHeight;
  if (below < target.clientHeight + 80) list.scrollTop = list.scrollHeight;
}

/** The buttons that the newest message offers. */
export function drawKeyboard(buttons) {
  find('keyboard').replaceChildren(make('div', {}, ...buttons));
  find('keyboard').hidden = buttons.length === 0;
}

/** Sends what is written, by Enter or the button. */
export function connectComposer(send) {
  find('composer').addEventListener(
    'submit',
    guarded(async (event) => {
      event.preventDefault();
      const text = find('text').value.trim();
      if (text === '') return;
      await send(text);
      find('text').value = '';
      find('messages').scrollTop = find('messages').scrollHeight;
    }),
  );
  find('text').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    find('composer').requestSubmit();
  });
}

const names = ['Olena', 'Taras', 'Iryna', 'Andrii', 'Sofiia'];

/** A name for the next person of a page. */
export const nextName = () => names[find('chats').querySelectorAll('.chat-row').length % names.length];
