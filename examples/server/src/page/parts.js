// Small pieces that several views use.

import { icons } from './icons.js';
import { loadOlder } from './lists.js';
import { html, nothing } from './lit-html/lit-html.js';
import { notify, state } from './state.js';
import { fullTime, hueOf, initials, isoTime, shortTime, stateWords } from './words.js';

export const avatar = (name, id) =>
  html`<span class="avatar hue-${hueOf(id)}" aria-hidden="true">${initials(name)}</span>`;

export const time = (at, text = shortTime(at)) =>
  html`<time datetime=${isoTime(at)} title=${fullTime(at)}>${text}</time>`;

/** A message's state as an icon that says its name. */
export const tick = (state) =>
  html`<span class="tick ${state}" role="img" aria-label=${stateWords[state]} title=${stateWords[state]}>${icons[state]}</span>`;

export const button = (text, onClick, { kind = '', label, disabled = false } = {}) =>
  html`<button type="button" class="button ${kind}" ?disabled=${disabled} aria-label=${label ?? nothing} @click=${onClick}>
    ${text}
  </button>`;

/** A button that is off while what it began is under way, and says why that failed. */
export function busyButton(text, action, options) {
  return button(
    text,
    async (event) => {
      const { currentTarget } = event;
      currentTarget.disabled = true;
      try {
        await action();
      } catch (error) {
        notify(error.message, true);
      } finally {
        currentTarget.disabled = false;
      }
    },
    options,
  );
}

/** Puts the cursor into what is only now being drawn: that happens at the end of the turn. */
export async function focusOn(selector) {
  await Promise.resolve();
  document.querySelector(selector)?.focus();
}

/** Goes on with a list, where it has more. */
export const olderButton = (list) =>
  state.hasOlder[list]
    ? html`<div class="more">${busyButton('Show older', () => loadOlder(list))}</div>`
    : nothing;

/** A view of its own: a title, a sentence, and what belongs to both; then the content. */
export const panel = ({ title, text, more = nothing }, content) => html`
  <section class="panel" aria-label=${title}>
    <header class="panel-head">
      <h1>${title}</h1>
      <p>${text}</p>
      ${more}
    </header>
    ${content}
  </section>`;

/** Numbers side by side; `{ name, value, detail }` of each. */
export const tiles = (...all) => html`
  <dl class="tiles">
    ${all.map(
      ({ name, value, detail }) => html`<div class="tile">
        <dt>${name}</dt>
        <dd>${value.toLocaleString()}${detail ? html`<small>${detail}</small>` : nothing}</dd>
      </div>`,
    )}
  </dl>`;

export const emptyState = ({ icon, title, text, action = nothing }) => html`
  <div class="empty">
    <span class="empty-icon">${icon}</span>
    <h2>${title}</h2>
    <p>${text}</p>
    ${action}
  </div>`;

export const external = (href, text, kind = '') =>
  html`<a class="button ${kind}" href=${href} target="_blank" rel="noopener">${text} ${icons.external}</a>`;

export const loading = () =>
  html`<div class="loading" role="status"><span class="visually-hidden">Loading</span></div>`;
