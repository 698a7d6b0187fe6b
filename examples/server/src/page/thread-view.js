import { markAsLead, settle } from './actions.js';
import { composer } from './composer.js';
import { icons } from './icons.js';
import { saleForm, soldButton } from './leads-view.js';
import { repeat } from './lit-html/directives/repeat.js';
import { html, nothing } from './lit-html/lit-html.js';
import { fileView } from './message-file.js';
import { avatar, busyButton, button, emptyState, external, loading, tick, time } from './parts.js';
import { replyAgain } from './replies.js';
import { channelOf, state, update } from './state.js';
import { loadOlderMessages } from './thread.js';
import { dayOf, doubtOf, isSameDay, kindOf, mailingWords, reasonOf, timeOf } from './words.js';

/** The open conversation. */
export function threadView() {
  const { thread } = state;
  if (thread === undefined) {
    return html`<section class="thread">
      ${emptyState({ icon: icons.inbox, title: 'Choose a conversation', text: 'Up and down move through the list, Enter opens.' })}
    </section>`;
  }
  if (thread.isMissing) {
    return html`<section class="thread">
      ${emptyState({ icon: icons.inbox, title: 'This conversation does not exist', text: 'It may have been deleted.' })}
    </section>`;
  }
  if (thread.messages === undefined) return html`<section class="thread">${loading()}</section>`;
  const { conversation } = thread;
  return html`
    <section class="thread" aria-label="Conversation with ${conversation.title}">
      ${threadBar(conversation)}
      <div class="messages" id="messages" role="log" aria-label="Messages" tabindex="0">
        ${thread.hasOlder ? html`<div class="more">${busyButton('Show earlier', showEarlier)}</div>` : nothing}
        ${repeat(
          rowsOf(thread.messages),
          ({ key }) => key,
          ({ row }) => row(),
        )}
        ${repeat(
          state.unsent.filter(({ conversationId }) => conversationId === thread.id),
          ({ id }) => id,
          unsentBubble,
        )}
      </div>
      ${composer(conversation)}
    </section>`;
}

function threadBar(conversation) {
  const { title, username, phone, externalId, lead, mailing } = conversation;
  const sandboxUrl = channelOf(conversation)?.sandboxUrl;
  return html`
    <header class="bar">
      <a class="icon-button only-phone" href="#/inbox" aria-label="Back to the conversations">${icons.back}</a>
      ${avatar(title, externalId)}
      <div class="bar-text">
        <h1>${title}</h1>
        <p>${[channelOf(conversation)?.name ?? conversation.channel, username && `@${username}`, phone && `+${phone}`].filter(Boolean).join(' · ')}</p>
      </div>
      ${mailing ? html`<span class="status degraded">${mailingWords[mailing]}</span>` : nothing}
      ${leadActions(conversation)}
      ${sandboxUrl ? external(sandboxUrl, html`Write as a user`) : nothing}
    </header>
    ${lead && lead.soldAt === null && state.selling === lead.id ? html`<div class="bar">${saleForm(lead)}</div>` : nothing}`;
}

/** «Mark as lead», then «Sold»; who has bought may become a lead again. */
function leadActions({ id, lead }) {
  if (lead && lead.soldAt === null) {
    return html`<span class="status unknown">Lead</span>
      ${soldButton(lead)}`;
  }
  return html`${lead ? html`<span class="status ok">Sold</span>` : nothing}
    ${busyButton('Mark as lead', () => markAsLead(id))}`;
}

/** Messages with a line where a new day begins. */
function rowsOf(messages) {
  return messages.flatMap((message, index) => {
    const previous = messages[index - 1];
    const next = messages[index + 1];
    const startsDay = previous === undefined || !isSameDay(previous.createdAt, message.createdAt);
    const row = {
      key: message.id,
      row: () =>
        bubble(message, {
          startsGroup: startsDay || !isGroup(previous, message),
          endsGroup: next === undefined || !isGroup(message, next),
        }),
    };
    if (!startsDay) return [row];
    return [
      { key: `day ${message.id}`, row: () => html`<p class="day">${dayOf(message.createdAt)}</p>` },
      row,
    ];
  });
}

const groupMs = 5 * 60_000;

function isGroup(a, b) {
  return (
    a.direction === b.direction &&
    a.author === b.author &&
    b.createdAt - a.createdAt < groupMs &&
    !isProblem(a) &&
    isSameDay(a.createdAt, b.createdAt)
  );
}

const isProblem = ({ state }) => state === 'failed' || state === 'in_doubt';

function bubble(message, { startsGroup, endsGroup }) {
  const {
    direction,
    author,
    text,
    kind,
    file,
    state: status,
    createdAt,
    settledAt,
    deliveredAt,
    seenAt,
  } = message;
  const isOut = direction === 'out';
  return html`
    <article class="message ${direction} ${status} ${startsGroup ? 'starts' : ''} ${endsGroup ? 'ends' : ''}" data-message=${message.id}>
      <div class="bubble">
        ${kind === 'text' ? nothing : html`<span class="kind">${kindOf(kind)}</span>`}
        ${file === null ? nothing : fileView(message)}
        ${text === '' ? nothing : html`<span class="text">${text}</span>`}
      </div>
      ${
        endsGroup
          ? html`<p class="meta">
            ${isOut ? html`<span>${author === 'operator' ? 'You' : 'Automatic reply'}</span>` : html`<span>${author}</span>`}
            ${time(settledAt ?? createdAt, timeOf(createdAt))} ${isOut ? tick(status) : nothing}
            ${status === 'sent' && deliveredAt !== null ? html`<span>${seenAt === null ? 'Delivered' : 'Seen'}</span>` : nothing}
          </p>`
          : nothing
      }
      ${isProblem(message) ? problem(message) : nothing}
    </article>`;
}

/** What an operator can do about a message that was not sent, or may have been. */
function problem({ state: status, reason, outboxId, text, kind, wasTaken }) {
  if (status === 'failed' && wasTaken) {
    const write = () => {
      state.drafts.set(state.thread.id, text);
      update({});
      document.getElementById('reply')?.focus();
    };
    return html`<div class="problem failed">
      <p><strong>Not delivered.</strong> ${reasonOf(reason)}.</p>
      ${kind === 'text' ? html`<div class="actions">${button('Write it again', write)}</div>` : nothing}
    </div>`;
  }
  if (status === 'failed') {
    return html`<div class="problem failed">
      <p><strong>Not sent.</strong> ${reasonOf(reason)}.</p>
      <div class="actions">${busyButton('Send again', () => settle(outboxId, 'resend'))}</div>
    </div>`;
  }
  return html`<div class="problem in_doubt">
    <p><strong>It may have arrived.</strong> ${doubtOf(reason)}.</p>
    <div class="actions">
      ${busyButton('Send again', () => settle(outboxId, 'resend'))}
      ${busyButton('It arrived', () => settle(outboxId, 'confirm'))}
      ${busyButton('Give up', () => settle(outboxId, 'discard'))}
    </div>
  </div>`;
}

/** A message that the server has not taken yet. */
function unsentBubble(message) {
  return html`
    <article class="message out starts ends ${message.error ? 'failed' : 'queued'}">
      <div class="bubble">
        ${message.label ? html`<span class="kind">${message.label}</span>` : nothing}
        ${message.text === '' ? nothing : html`<span class="text">${message.text}</span>`}
      </div>
      <p class="meta"><span>You</span> ${time(message.at, timeOf(message.at))} ${tick(message.error ? 'failed' : 'queued')}</p>
      ${
        message.error
          ? html`<div class="problem failed">
            <p><strong>Not taken by the server.</strong> ${message.error}</p>
            <div class="actions">${button('Try again', () => replyAgain(message))}</div>
          </div>`
          : nothing
      }
    </article>`;
}

/** What was on the screen stays where it was while earlier messages come in above it. */
async function showEarlier() {
  const list = document.getElementById('messages');
  const fromEnd = list.scrollHeight - list.scrollTop;
  await loadOlderMessages();
  await Promise.resolve();
  list.scrollTop = list.scrollHeight - fromEnd;
}
