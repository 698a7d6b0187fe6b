import { resendEvent, sell, syncAgain } from './actions.js';
import { icons } from './icons.js';
import { repeat } from './lit-html/directives/repeat.js';
import { html, nothing } from './lit-html/lit-html.js';
import {
  busyButton,
  button,
  emptyState,
  external,
  focusOn,
  loading,
  olderButton,
  panel,
  tiles,
  time,
} from './parts.js';
import { state, update } from './state.js';
import { eventReasonOf, eventWords, money, plural, reasonOf } from './words.js';

/** Who wants a car, and what Meta was told of it. */
export function leadsView() {
  const { leads, leadCounts, session } = state;
  if (leads === undefined) return loading();
  const { events, contacts } = leadCounts;
  return panel(
    {
      title: 'Leads',
      text: 'Each lead and each sale is told to Meta, hashed, once. While Meta is away the events wait here.',
      more: html`<div class="actions">
        ${external('/demo', 'Open the demo shop')}
        ${session.simulated.includes('meta-capi') ? external(`${session.sandboxUrl}/meta`, 'What Meta got') : nothing}
      </div>`,
    },
    html`
      ${
        events === null
          ? html`<p class="rest">Meta is not configured: leads are kept, and no event is made of them.</p>`
          : tiles(
              { name: 'Events waiting', value: events.waiting },
              { name: 'Taken by Meta', value: events.sent },
              { name: 'Refused', value: events.refused },
              { name: 'In doubt', value: events.inDoubt },
            )
      }
      ${contactsLine(contacts)}
      ${
        leads.length === 0
          ? emptyState({
              icon: icons.leads,
              title: 'No leads yet',
              text: 'They come from the form of the shop, or by «Mark as lead» in a conversation.',
            })
          : html`<ul class="rows">${repeat(leads, ({ id }) => id, leadRow)}</ul>
              ${olderButton('leads')}`
      }`,
  );
}

function contactsLine(contacts) {
  if (contacts === null) {
    return html`<p class="rest">SendPulse is not configured: nobody is put into an address book.</p>`;
  }
  const { waiting, refused } = contacts;
  return waiting + refused === 0
    ? nothing
    : html`<p class="rest">${plural(waiting, 'person', 'people')} on the way to SendPulse, ${refused.toLocaleString()} refused.</p>`;
}

function leadRow(lead) {
  const {
    id,
    name,
    phone,
    email,
    message,
    carTitle,
    conversationId,
    createdAt,
    soldAt,
    price,
    currency,
    events,
    mailing,
  } = lead;
  const contact = [phone, email].filter(Boolean).join(' · ');
  return html`
    <li class="row lead" data-lead=${id}>
      <div class="row-text">
        <p class="row-title">
          ${conversationId === null ? name : html`<a href="#/inbox/${conversationId}">${name}</a>`}
          ${time(createdAt)}
        </p>
        <p class="row-reason">
          ${[conversationId === null ? 'From the form' : 'From a conversation', contact, carTitle].filter(Boolean).join(' · ')}
        </p>
        ${message === '' ? nothing : html`<p class="row-quote">${message}</p>`}
        <ul class="lead-events">
          ${events.map(eventLine)} ${mailing ? mailingLine(id, mailing) : nothing}
        </ul>
        ${soldAt === null && state.selling === id ? saleForm(lead) : nothing}
      </div>
      <div class="actions">
        ${
          soldAt === null
            ? soldButton(lead)
            : html`<span class="status ok">Sold for ${money(price, currency)}</span>`
        }
      </div>
    </li>`;
}

const eventLine = ({ id, name, state: status, reason, detail }) => html`
  <li data-event=${id}>
    <span class="status ${{ sent: 'ok', waiting: 'unknown', refused: 'down', in_doubt: 'degraded' }[status]}">${name}: ${eventWords[status]}</span>
    ${status === 'refused' || status === 'in_doubt' ? html`<span>${detail ?? eventReasonOf(reason)}</span>` : nothing}
    ${
      (status === 'refused' && reason !== 'invalid_input') || status === 'in_doubt'
        ? busyButton('Send again', () => resendEvent(id), { kind: 'small' })
        : nothing
    }
  </li>`;

/** Where the person is at SendPulse: what came of them there says more than that they are there. */
function mailingLine(leadId, { state: status, reason, detail, bouncedAt, unsubscribedAt }) {
  const line = (kind, words, more = nothing) =>
    html`<li data-mailing><span class="status ${kind}">SendPulse: ${words}</span>${more}</li>`;
  if (unsubscribedAt !== null) return line('degraded', 'unsubscribed', time(unsubscribedAt));
  if (bouncedAt !== null) return line('down', 'letters come back', time(bouncedAt));
  if (status === 'waiting') return line('unknown', 'waiting');
  if (status === 'synced') return line('ok', 'in the address book');
  const again = busyButton('Sync again', () => syncAgain(leadId), { kind: 'small' });
  return line('down', 'refused', html`<span>${detail ?? reasonOf(reason)}</span>${again}`);
}

/** Opens the form of a sale, or closes it; both are used here and in a conversation. */
export const soldButton = ({ id }) =>
  button('Sold', () => {
    update({ selling: state.selling === id ? undefined : id });
    focusOn('.fields [name="price"]');
  });

/** Asks for the price. */
export function saleForm({ id }) {
  const submit = async (event) => {
    event.preventDefault();
    const { price, currency } = Object.fromEntries(new FormData(event.currentTarget));
    await sell(id, { price: Number(price), currency });
  };
  return html`
    <form class="fields" aria-label="Sale" @submit=${submit}>
      <label>Price <input name="price" type="number" min="0" step="0.01" required /></label>
      <label>Currency <input name="currency" value="USD" required pattern="[A-Za-z]{3}" maxlength="3" size="4" /></label>
      <button class="button primary" type="submit">Save the sale</button>
      ${button('Cancel', () => update({ selling: undefined }))}
    </form>`;
}
