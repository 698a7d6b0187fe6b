import { settle, settleUpdate } from './actions.js';
import { icons } from './icons.js';
import { repeat } from './lit-html/directives/repeat.js';
import { html, nothing } from './lit-html/lit-html.js';
import { busyButton, emptyState, loading, panel, tiles, time } from './parts.js';
import { state } from './state.js';
import { doubtOf, kindOf, plural, reasonOf, span } from './words.js';

/** What waits, and what waits for a person. */
export function queueView() {
  const { queue } = state;
  if (queue === undefined) return loading();
  const { inbox, outbox, dead, inDoubt, failed } = queue;
  const isQuiet = dead.length + inDoubt.length + failed.length === 0;
  return panel(
    {
      title: 'Queue',
      text: 'Every update is stored before it is answered, every message before it is sent. Nothing here is lost by a restart.',
    },
    html`
      ${tiles(
        {
          name: 'Updates to handle',
          value: inbox.pending,
          detail: inbox.oldestPendingMs !== null && `oldest waits ${span(inbox.oldestPendingMs)}`,
        },
        { name: 'Messages to send', value: outbox.queued },
        { name: 'Being sent', value: outbox.sending },
        { name: 'Sent', value: outbox.sent, detail: 'in the last 8 days' },
      )}
      ${
        isQuiet
          ? emptyState({
              icon: icons.check,
              title: 'Nothing needs you',
              text: 'Messages in doubt, messages that could not be sent and updates that could not be handled would wait here.',
            })
          : nothing
      }
      ${rows('In doubt', 'They may have arrived: the connection broke after the message was handed over. Look into the chat, then say what happened.', outbox.in_doubt, inDoubt, inDoubtRow)}
      ${rows('Not sent', 'The provider refused them, or it was too late.', outbox.failed, failed, failedRow)}
      ${rows('Updates given up', 'They came in, but handling them failed again and again.', inbox.dead, dead, deadRow, ({ seq }) => seq)}`,
  );
}

function rows(title, text, total, items, row, key = ({ id }) => id) {
  if (items.length === 0) return nothing;
  return html`
    <section class="group" aria-label=${title}>
      <h2>${title} <span class="count quiet">${total.toLocaleString()}</span></h2>
      <p>${text}</p>
      <ul class="rows">
        ${repeat(items, key, row)}
      </ul>
      ${total > items.length ? html`<p class="rest">The newest ${items.length} of ${total.toLocaleString()} are shown.</p>` : nothing}
    </section>`;
}

const messageRow = (row, actions) => html`
  <li class="row" data-outbox=${row.id}>
    <div class="row-text">
      <p class="row-title">
        ${row.message ? html`<a href="#/inbox/${row.message.conversationId}">${row.message.title}</a>` : row.id}
        ${time(row.settledAt ?? row.createdAt)}
      </p>
      ${row.message ? html`<p class="row-quote">${row.message.text}</p>` : nothing}
      <p class="row-reason">${row.status === 'in_doubt' ? doubtOf(row.reason) : reasonOf(row.reason)} · ${plural(row.attempts, 'attempt')}</p>
    </div>
    <div class="actions">${actions}</div>
  </li>`;

const inDoubtRow = (row) =>
  messageRow(row, [
    busyButton('Send again', () => settle(row.id, 'resend')),
    busyButton('It arrived', () => settle(row.id, 'confirm')),
    busyButton('Give up', () => settle(row.id, 'discard')),
  ]);

const failedRow = (row) =>
  messageRow(
    row,
    busyButton('Send again', () => settle(row.id, 'resend')),
  );

const deadRow = (row) => html`
  <li class="row" data-seq=${row.seq}>
    <div class="row-text">
      <p class="row-title">${kindOf(row.kind)} <span class="mono">${row.orderKey}</span> ${time(row.failedAt)}</p>
      <p class="row-reason">${reasonOf(row.reason)} · ${plural(row.attempts, 'attempt')} · arrived ${time(row.receivedAt)}</p>
    </div>
    <div class="actions">
      ${busyButton('Try again', () => settleUpdate(row.seq, 'retry'))}
      ${busyButton('Discard', () => settleUpdate(row.seq, 'discard'))}
    </div>
  </li>`;
