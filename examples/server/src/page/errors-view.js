import { loadOlderErrors } from './actions.js';
import { icons } from './icons.js';
import { repeat } from './lit-html/directives/repeat.js';
import { html, nothing } from './lit-html/lit-html.js';
import { busyButton, emptyState, loading, time } from './parts.js';
import { state } from './state.js';
import { capital, reasonOf } from './words.js';

const pageSize = 50;

/** What went wrong at the providers. */
export function errorsView() {
  const { errors } = state;
  if (errors === undefined) return loading();
  const hasOlder = state.hasOlderErrors ?? errors.length >= pageSize;
  return html`
    <section class="panel" aria-labelledby="errors-title">
      <header class="panel-head">
        <h1 id="errors-title">Error log</h1>
        <p>Failed calls, refused webhooks and paused circuits. Equal errors of one minute are counted in one line. Kept for 30 days.</p>
      </header>
      ${
        errors.length === 0
          ? emptyState({
              icon: icons.check,
              title: 'No errors',
              text: 'When a provider fails or refuses something, it is written down here.',
            })
          : html`<div class="table-frame" tabindex="0" role="region" aria-label="Errors">
            <table>
              <thead>
                <tr><th>Last</th><th>Service</th><th>Operation</th><th>Error</th><th class="number">HTTP</th><th class="number">Times</th></tr>
              </thead>
              <tbody>
                ${repeat(errors, ({ id }) => id, errorRow)}
              </tbody>
            </table>
          </div>`
      }
      ${hasOlder ? html`<div class="more">${busyButton('Show older', loadOlderErrors)}</div>` : nothing}
    </section>`;
}

const errorRow = ({ lastAt, service, operation, code, status, count, requestId }) => html`
  <tr>
    <td>${time(lastAt)}</td>
    <td>${capital(service)}</td>
    <td class="mono">${operation}</td>
    <td>
      <span class="mono">${code}</span>
      <small>${reasonOf(code)}${requestId ? html` · request <span class="mono">${requestId}</span>` : nothing}</small>
    </td>
    <td class="number">${status || '–'}</td>
    <td class="number">${count.toLocaleString()}</td>
  </tr>`;
