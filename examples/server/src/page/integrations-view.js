import { testConnection } from './actions.js';
import { html, nothing } from './lit-html/lit-html.js';
import { busyButton, loading, panel, time } from './parts.js';
import { state } from './state.js';
import { circuitWords, factName, healthWords, hueOf, initials, problemWords, timeOf } from './words.js';

/** How each provider is. */
export function integrationsView() {
  const { integrations, session } = state;
  if (integrations === undefined) return loading();
  const cards = Object.entries(session.integrations).map(([id, name]) => ({
    id,
    name,
    report: integrations[id],
  }));
  return panel(
    {
      title: 'Integrations',
      text: 'Each is asked at most twice a minute. The outage of one never reaches the others.',
    },
    html`
      <div class="cards">${cards.filter(isConfigured).map(card)}</div>
      <div class="cards">${cards.filter((one) => !isConfigured(one)).map(card)}</div>`,
  );
}

const isConfigured = ({ report }) => report !== undefined && report.status !== 'not_configured';

function card({ id, name, report = { status: 'not_configured' } }) {
  const { status, circuit, latencyMs, detail, facts, checkedAt } = report;
  const isOn = status !== 'not_configured';
  const isSimulated = isOn && state.session.simulated.includes(id);
  return html`
    <article class="card ${status}" aria-label=${name} data-integration=${id}>
      <header>
        <span class="logo hue-${hueOf(id)}" aria-hidden="true">${initials(name.replace(/\(.*/, ''))}</span>
        <div>
          <h2>${name}</h2>
          ${isOn ? html`<p>${isSimulated ? 'Simulated by the sandbox' : 'Connected'}</p>` : nothing}
        </div>
        <span class="status ${status}">${problemWords[facts?.problem] ?? healthWords[status]}</span>
      </header>
      ${detail ? html`<p class="detail">${detail}</p>` : nothing}
      ${
        isOn
          ? html`<dl>
            ${fact('Latency', latencyMs === undefined ? '–' : `${latencyMs} ms`)}
            ${fact('Circuit', circuitWords[circuit] ?? '–')}
            ${Object.entries(facts ?? {})
              .filter(([key]) => key !== 'problem')
              .map(([key, value]) => fact(factName(key), factValue(key, value)))}
            ${fact('Checked', time(checkedAt, timeOf(checkedAt)))}
          </dl>`
          : nothing
      }
      ${state.session.testable.includes(id) ? html`<div class="actions">${busyButton('Test the connection', () => testConnection(id, name), { kind: 'small' })}</div>` : nothing}
    </article>`;
}

const fact = (name, value) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

function factValue(key, value) {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No';
  if (value === null) return '–';
  if (typeof value === 'number' && key.endsWith('At')) return time(value);
  return typeof value === 'number' ? value.toLocaleString() : value;
}
