import { loadOlderLeads, resendEvent, sell, syncAgain } from './actions.js';
import { icons } from './icons.js';
import { repeat } from './lit-html/directives/repeat.js';
import { html, nothing } from './lit-html/lit-html.js';
import { busyButton, button, emptyState, external, loading, time } from './parts.js';
import { state, update } from './state.js';
import { eventReasonOf, eventWords, plural, reasonOf } from './words.js';

const pageSize = 50;

/** Who wants a car, and what Meta was told of it. */
export function leadsView() {
  const { leads, session } = state;
  if (leads === undefined) return loading();
  const { events, contacts, leads: list } = leads;
  const hasOlder = state.hasOlderLeads ?? list.length >= pageSize;
  return html`
    <section class="panel" aria-labelledby="leads-title">
      <header class="panel-head">
        <h1 id="leads-title">Leads</h1>
        <p>
          Each lead and each sale is told to Meta, hashed, once. While Meta is away the events wait here.
        </p>
        <div class="actions">
          ${external('/demo', 'Open the demo shop')}
          ${session.simulated.includes('meta-capi') ? external(`${session.sandboxUrl}/meta`, 'What Meta got') : nothing}
        </div>
      </header>
      ${events === null ? html`<p class="detail">Meta is not configured: leads are kept, and no event is made of them.</p>` : tiles(events)}
      ${contacts === null ? html`<p class="detail">SendPulse is not configured: nobody is put into an address book.</p>` : nothing}
      ${contacts && contacts.waiting + contacts.refused > 0 ? html`<p class="detail">${plural(contacts.waiting, 'person', 'people')} on the way to SendPulse, ${contacts.refused.toLocaleString()} refused.</p>` : nothing}
      ${
        list.length === 0
          ? emptyState({
              icon: icons.leads,
              title: 'No leads yet',
              text: 'They come from the form of the shop, or by «Mark as lead» in a conversation.',
            })
          : html`<ul class="rows">
            ${repeat(list, ({ id }) => id, leadRow)}
          </ul>`
      }
      ${hasOlder ? html`<div class="more">${busyButton('Show older', loadOlderLeads)}</div>` : nothing}
    </section>`;
}

const tiles = ({ waiting, sent, refused, inDoubt }) => html`
  <dl class="tiles">
    ${tile('Events waiting', waiting)} ${tile('Taken by Meta', sent)} ${tile('Refused', refused)}
    ${tile('In doubt', inDoubt)}
  </dl>`;

const tile = (name, count) =>
  html`<div class="tile"><dt>${name}</dt><dd>${count.toLocaleString()}</dd></div>`;

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
            ? button('Sold', () => update({ selling: state.selling === id ? undefined : id }))
            : html`<span class="status ok">Sold for ${amount(price, currency)}</span>`
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

/** Asks for the price; used here and in a conversation. */
export function saleForm({ id }) {
  const submit = async (event) => {
    event.preventDefault();
    const { price, currency } = Object.fromEntries(new FormData(event.currentTarget));
    await sell(id, { price: Number(price), currency });
  };
  return html`
    <form class="sale" aria-label="Sale" @submit=${submit}>
      <label>Price <input name="price" type="number" min="0" step="0.01" required autofocus /></label>
      <label>Currency <input name="currency" value="USD" required pattern="[A-Za-z]{3}" maxlength="3" size="4" /></label>
      <button class="button primary" type="submit">Save the sale</button>
      ${button('Cancel', () => update({ selling: undefined }))}
    </form>`;
}

function amount(price, currency) {
  return new Intl.NumberFormat(undefined, { style: 'currency', currency, maximumFractionDigits: 2 }).format(
    price,
  );
}
