import { icons } from './icons.js';
import { repeat } from './lit-html/directives/repeat.js';
import { html, nothing } from './lit-html/lit-html.js';
import { emptyState, loading, olderButton, panel, time } from './parts.js';
import { state } from './state.js';
import { capital, reasonOf } from './words.js';

/** What went wrong at the providers. */
export function errorsView() {
  const { errors } = state;
  if (errors === undefined) return loading();
  return panel(
    {
      title: 'Error log',
      text: 'Failed calls, refused webhooks and paused circuits. Equal errors of one minute are counted in one line. Kept for 30 days.',
    },
    errors.length === 0
      ? emptyState({
          icon: icons.check,
          title: 'No errors',
          text: 'When a provider fails or refuses something, it is written down here.',
        })
      : html`<ul class="rows">${repeat(errors, ({ id }) => id, errorRow)}</ul>
          ${olderButton('errors')}`,
  );
}

const errorRow = ({ lastAt, service, operation, code, status, count, requestId }) => html`
  <li class="row">
    <div class="row-text">
      <p class="row-title">${state.session.integrations[service] ?? capital(service)} <span class="mono">${operation}</span> ${time(lastAt)}</p>
      <p class="row-reason">
        ${reasonOf(code)} · <span class="mono">${code}</span>${status ? ` · HTTP ${status}` : nothing}${
          requestId ? html` · request <span class="mono">${requestId}</span>` : nothing
        }
      </p>
    </div>
    ${count > 1 ? html`<span class="count quiet" title="In one minute">${count.toLocaleString()} times</span>` : nothing}
  </li>`;
