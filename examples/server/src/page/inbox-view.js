import { icons } from './icons.js';
import { repeat } from './lit-html/directives/repeat.js';
import { html, nothing } from './lit-html/lit-html.js';
import { avatar, emptyState, external, loading, olderButton, time } from './parts.js';
import { state } from './state.js';
import { threadView } from './thread-view.js';
import { kindOf } from './words.js';

/** The conversations on the left, the open one on the right; on a phone one of them. */
export function inboxView() {
  const { conversations, route } = state;
  if (conversations === undefined) return loading();
  if (conversations.length === 0 && route.id === undefined) return firstSteps();
  return html`
    <div class="inbox ${route.id === undefined ? 'shows-list' : 'shows-thread'}">
      <section class="conversations" aria-label="Conversations">
        <header class="bar"><h1>Inbox</h1></header>
        <ul @keydown=${moveFocus}>
          ${repeat(conversations, ({ id }) => id, conversationItem)}
        </ul>
        ${olderButton('conversations')}
      </section>
      ${threadView()}
    </div>`;
}

function conversationItem(conversation) {
  const { id, title, lastText, lastDirection, lastMessageAt, unread } = conversation;
  const isOpen = state.route.id === id;
  return html`
    <li>
      <a class="conversation ${unread > 0 ? 'unread' : ''}" href="#/inbox/${id}" aria-current=${isOpen ? 'true' : nothing}>
        ${avatar(title, conversation.externalId)}
        <span class="conversation-text">
          <span class="conversation-top">
            <span class="conversation-title">${title}</span>
            ${time(lastMessageAt)}
          </span>
          <span class="conversation-bottom">
            <span class="conversation-preview">${lastDirection === 'out' ? '↩ ' : ''}${lastText || kindOf('message')}</span>
            ${
              unread > 0
                ? html`<span class="count">${unread > 99 ? '99+' : unread}<span class="visually-hidden"> unread</span></span>`
                : nothing
            }
          </span>
        </span>
      </a>
    </li>`;
}

/** Up and down go through the list. */
function moveFocus(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const links = [...event.currentTarget.querySelectorAll('a.conversation')];
  const next = links[links.indexOf(document.activeElement) + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function firstSteps() {
  const { simulated, sandboxUrl } = state.session;
  const bot = state.integrations?.telegram?.facts?.bot;
  if (simulated.includes('telegram')) {
    return emptyState({
      icon: icons.inbox,
      title: 'Everything runs. Now write to it.',
      text: 'Telegram is simulated on this machine. Open it, write a message as a user, and the conversation appears here with the answer.',
      action: external(sandboxUrl, 'Write as a user', 'primary'),
    });
  }
  return emptyState({
    icon: icons.inbox,
    title: 'No conversations yet',
    text: 'When somebody writes to your Telegram bot, the conversation appears here.',
    action: bot ? external(`https://t.me/${bot}`, `Open @${bot}`, 'primary') : nothing,
  });
}
