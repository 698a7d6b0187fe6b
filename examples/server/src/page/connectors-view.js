import { addConnector, follow, loginBy, removeConnector, resume, unfollow } from './connector-actions.js';
import { icons } from './icons.js';
import { repeat } from './lit-html/directives/repeat.js';
import { html, nothing } from './lit-html/lit-html.js';
import { busyButton, button, emptyState, external, focusOn, loading, panel, time } from './parts.js';
import { state, update } from './state.js';
import { connectorReasons, connectorWords, loginVia } from './words.js';

/** The Telegram accounts that read channels. */
export function connectorsView() {
  const { connectors, session } = state;
  if (connectors === undefined) return loading();
  return panel(
    {
      title: 'Connectors',
      text: 'Telegram accounts that read channels. Each logs in once: its session is kept encrypted, and it is live again after every restart.',
      more: session.simulated.includes('mtproto')
        ? html`<p>Simulated: log in as +380 50 000 00 01; the code is on the sandbox’s page.</p>
          <div class="actions">${external(`${session.sandboxUrl}/mtproto`, 'The sandbox’s page')}</div>`
        : nothing,
    },
    html`
      ${
        connectors.length === 0
          ? emptyState({
              icon: icons.connectors,
              title: 'No account is connected',
              text: 'Add one below and log in with its phone number or by a QR code.',
            })
          : html`<ul class="connectors">${repeat(connectors, ({ id }) => id, connector)}</ul>`
      }
      ${addForm(session)}`,
  );
}

function connector(one) {
  const { id, label, user, state: status } = one;
  return html`
    <li class="card" data-connector=${id}>
      <header>
        <div>
          <h2>${label}</h2>
          <p>${user === null ? 'Not logged in' : [user.name, user.username && `@${user.username}`].filter(Boolean).join(' · ')}</p>
        </div>
        <span class="status ${tones[status.name]}">${connectorWords[status.name]}</span>
      </header>
      ${reason(status)}
      ${status.name === 'login_required' ? login(one) : nothing}
      ${user === null ? nothing : channels(one)}
      <footer>${busyButton('Remove', () => askToRemove(one), { kind: 'small', label: `Remove ${label}` })}</footer>
    </li>`;
}

const tones = {
  ready: 'ok',
  connecting: 'unknown',
  waiting: 'degraded',
  login_required: 'degraded',
  stopped: 'unknown',
  failed: 'down',
};

const reason = ({ name, reason, retryAt }) =>
  reason === null || name === 'ready'
    ? nothing
    : html`<p class="detail">
        ${connectorReasons[reason] ?? reason.replaceAll('_', ' ')}${retryAt === null ? nothing : html` Next try: ${time(retryAt)}.`}
      </p>`;

async function askToRemove({ id, label }) {
  if (confirm(`Log «${label}» out of Telegram and forget it?`)) await removeConnector(id);
}

/** The step at which the login stands. */
function login({ id, login: step }) {
  switch (step.step) {
    case 'none':
      return html`
        ${field(id, { name: 'phone', label: 'Phone number', type: 'tel', autocomplete: 'tel', placeholder: '+380 67 123 45 67' }, 'Send the code', (values) => loginBy(id, 'phone', values))}
        <div class="actions">${busyButton('Show a QR code instead', () => loginBy(id, 'qr'))}</div>`;
    case 'code':
      return html`
        <p class="detail">Telegram sent a code ${loginVia[step.via] ?? `by ${step.via}`}.</p>
        ${field(id, { name: 'code', label: 'Code', inputmode: 'numeric', autocomplete: 'one-time-code' }, 'Log in', (values) => loginBy(id, 'code', values))}
        <div class="actions">
          ${step.nextVia ? busyButton('Send it another way', () => loginBy(id, 'resend')) : nothing} ${cancel(id)}
        </div>`;
    case 'password':
      return html`
        <p class="detail">The account has a password${step.hint ? html` (hint: ${step.hint})` : nothing}.</p>
        ${field(id, { name: 'password', label: 'Password', type: 'password', autocomplete: 'off' }, 'Log in', (values) => loginBy(id, 'password', values))}
        <div class="actions">${cancel(id)}</div>`;
    case 'qr':
      return html`
        <p class="detail">In Telegram on the phone: Settings → Devices → Link a device. The code renews itself.</p>
        <img class="qr" src="/api/connectors/${id}/qr.svg?${step.expiresAt}" alt="QR code of the login" width="240" height="240" />
        <div class="actions">${cancel(id)}</div>`;
    default:
      return nothing;
  }
}

const cancel = (id) => busyButton('Cancel', () => loginBy(id, 'cancel'));

function field(id, { label, name, ...attributes }, action, submit) {
  const error = state.connectorErrors.get(id);
  return html`
    <form class="fields" @submit=${(event) => send(event, submit)}>
      <label>
        ${label}
        <input name=${name} required type=${attributes.type ?? 'text'} inputmode=${attributes.inputmode ?? nothing}
          autocomplete=${attributes.autocomplete} placeholder=${attributes.placeholder ?? nothing} aria-invalid=${error ? 'true' : nothing} />
      </label>
      <button class="button primary" type="submit">${action}</button>
      ${error ? html`<p class="is-error" role="alert">${error}</p>` : nothing}
    </form>`;
}

async function send(event, submit) {
  event.preventDefault();
  const form = event.currentTarget;
  const sendButton = form.querySelector('button');
  sendButton.disabled = true;
  try {
    if (await submit(Object.fromEntries(new FormData(form)))) form.reset();
  } finally {
    sendButton.disabled = false;
  }
}

const channels = ({ id, channels: list, state: status }) => html`
  <ul class="channels" aria-label="Channels">
    ${repeat(
      list,
      ({ channelId }) => channelId,
      ({ channelId, title, username }) => html`<li>
        <span>${title} ${username === null ? nothing : html`<small>@${username}</small>`}</span>
        ${busyButton('Unfollow', () => unfollow(id, channelId), { kind: 'small', label: `Unfollow ${title}` })}
      </li>`,
    )}
  </ul>
  ${
    status.name === 'ready'
      ? field(
          id,
          { name: 'channel', label: 'Follow a channel', placeholder: '@name or link' },
          'Follow',
          (values) => follow(id, values.channel),
        )
      : status.name === 'failed'
        ? html`<div class="actions">${busyButton('Try again', () => resume(id))}</div>`
        : nothing
  }`;

function addForm({ needsApiKeys }) {
  if (!state.addingConnector) {
    const open = () => {
      update({ addingConnector: true });
      focusOn('.fields [name="label"]');
    };
    return html`<div class="more">${button('Add an account', open, { kind: 'primary' })}</div>`;
  }
  const error = state.connectorErrors.get('new');
  return html`
    <form class="fields group" aria-label="Add an account" @submit=${(event) => send(event, addConnector)}>
      <label>Name <input name="label" required maxlength="60" autocomplete="off" placeholder="Cars of Kyiv" /></label>
      ${
        needsApiKeys
          ? html`<label>api_id <input name="apiId" required inputmode="numeric" pattern="\d+" autocomplete="off" /></label>
            <label>api_hash <input name="apiHash" required pattern="[\da-f]{32}" autocomplete="off" /></label>`
          : nothing
      }
      <button class="button primary" type="submit">Add</button>
      ${button('Cancel', () => update({ addingConnector: false }))}
      ${needsApiKeys ? html`<p class="rest">api_id and api_hash are of your app at my.telegram.org/apps.</p>` : nothing}
      ${error ? html`<p class="is-error" role="alert">${error}</p>` : nothing}
    </form>`;
}
