import { icons } from './icons.js';
import { repeat } from './lit-html/directives/repeat.js';
import { html, nothing } from './lit-html/lit-html.js';
import { emptyState, external, loading, olderButton, panel, time } from './parts.js';
import { state } from './state.js';
import { money } from './words.js';

/** What the followed channels posted, with the cars that are in it. */
export function feedView() {
  const { feed, session } = state;
  if (feed === undefined) return loading();
  return panel(
    {
      title: 'Feed',
      text: 'Posts of the channels that the connected accounts follow. What they say of a car is read out of the text.',
    },
    feed.length === 0
      ? emptyState({
          icon: icons.feed,
          title: 'No posts yet',
          text: 'Connect an account and choose channels: what they post appears here.',
          action: session.hasConnectors
            ? html`<a class="button primary" href="#/connectors">Connectors</a>`
            : nothing,
        })
      : html`<ul class="posts">${repeat(feed, ({ seq }) => seq, post)}</ul>
          ${olderButton('feed')}`,
  );
}

function post(one) {
  const { seq, channel, link, text, price, currency, mileageKm, phones, postedAt, editedAt, deletedAt } = one;
  const title = carOf(one);
  return html`
    <li class="post ${deletedAt === null ? '' : 'is-deleted'}" data-post=${seq}>
      <header>
        ${title ? html`<h2>${title}</h2>` : nothing}
        ${price === null ? nothing : html`<p class="post-price">${money(price, currency)}</p>`}
      </header>
      ${
        mileageKm === null && phones.length === 0
          ? nothing
          : html`<p class="post-facts">
            ${mileageKm === null ? nothing : html`<span>${mileageKm.toLocaleString()} km</span>`}
            ${phones.map((phone) => html`<a href="tel:${phone}">${phone}</a>`)}
          </p>`
      }
      ${text === '' ? nothing : html`<p class="post-text">${text}</p>`}
      <footer>
        <span>${channel ?? 'A channel that is no longer followed'}</span> ${time(postedAt)}
        ${editedAt === null ? nothing : html`<span title="Edited">edited ${time(editedAt)}</span>`}
        ${deletedAt === null ? nothing : html`<span class="status down">Deleted in the channel</span>`}
        ${link === null ? nothing : external(link, 'Open in Telegram', 'small')}
      </footer>
    </li>`;
}

const carOf = ({ make, model, year }) =>
  [[make, model].filter(Boolean).join(' '), year].filter(Boolean).join(', ');
