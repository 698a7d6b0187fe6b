import { looked, openThread, signIn, signOut, start } from './actions.js';
import { connectorsView } from './connectors-view.js';
import { errorsView } from './errors-view.js';
import { feedView } from './feed-view.js';
import { icons } from './icons.js';
import { inboxView } from './inbox-view.js';
import { integrationsView } from './integrations-view.js';
import { leadsView } from './leads-view.js';
import { html, nothing, render } from './lit-html/lit-html.js';
import { emptyState, loading } from './parts.js';
import { queueView } from './queue-view.js';
import { onChange, routeOf, state, update } from './state.js';
import { applyTheme, nextTheme, theme } from './theme.js';
import { valuationView } from './valuation-view.js';

const panels = {
  inbox: inboxView,
  leads: leadsView,
  valuation: valuationView,
  feed: feedView,
  queue: queueView,
  integrations: integrationsView,
  connectors: connectorsView,
  errors: errorsView,
};

function page() {
  if (state.session === undefined) {
    return state.failure === undefined
      ? loading()
      : emptyState({
          icon: icons.errors,
          title: 'The server does not answer',
          text: 'Trying again every few seconds.',
        });
  }
  if (!state.session.signedIn) return state.session.signInNeeded ? signInView() : wrongAddress();
  return html`
    ${navigation()}
    <main class=${state.route.id === undefined ? '' : 'is-deep'}>${panels[state.route.view]()}</main>
    <div class="notice ${state.notice?.isError ? 'is-error' : ''}" role="status" aria-live="polite">
      ${state.notice ? html`<span>${state.notice.text}</span>` : nothing}
    </div>`;
}

function navigation() {
  const { session, connected } = state;
  const unread = (state.conversations ?? []).filter((conversation) => conversation.unread > 0).length;
  const { queue } = state;
  const waiting = queue ? queue.outbox.in_doubt + queue.outbox.failed + queue.inbox.dead : 0;
  const { events } = state.leads ?? {};
  const refused = events ? events.refused + events.inDoubt : 0;
  const toLogIn = (state.connectors ?? []).filter(needsPerson).length;
  const isDown = Object.values(state.integrations ?? {}).some(
    ({ status }) => status === 'down' || status === 'degraded',
  );
  return html`
    <nav class="navigation" aria-label="Main">
      <a class="brand" href="#/inbox"><img src="/icon.svg" alt="" width="24" height="24" />Cartie</a>
      <ul>
        ${link('inbox', 'Inbox', unread)} ${link('leads', 'Leads', refused, 'warn')} ${link('feed', 'Feed')}
        ${link('valuation', 'Evaluate')} ${link('queue', 'Queue', waiting, 'warn')}
        ${link('integrations', 'Integrations', isDown ? '!' : 0, 'bad')}
        ${session.hasConnectors ? link('connectors', 'Connectors', toLogIn, 'warn') : nothing} ${link('errors', 'Errors')}
      </ul>
      <div class="navigation-foot">
        ${session.mode === 'sandbox' ? html`<span class="mode" title="No real provider is connected">Sandbox</span>` : nothing}
        <p class="connection ${connected ? 'is-up' : ''}" role="status">${connected ? 'Live' : 'Reconnecting…'}</p>
        <button type="button" class="icon-button" aria-label="Theme: ${theme()}. Change." title="Theme: ${theme()}" @click=${() => update(nextTheme())}>
          ${icons[theme()]}
        </button>
        ${
          session.signInNeeded
            ? html`<button type="button" class="icon-button" aria-label="Sign out" title="Sign out" @click=${signOut}>${icons.signOut}</button>`
            : nothing
        }
      </div>
    </nav>`;
}

const needsPerson = ({ state: { name } }) => name === 'login_required' || name === 'failed';

function link(view, name, count = 0, tone = '') {
  const isHere = state.route.view === view;
  return html`<li>
    <a href="#/${view}" aria-current=${isHere ? 'page' : nothing}>
      ${icons[view]} <span>${name}</span>
      ${count ? html`<span class="count ${tone}" aria-label="${count} need attention">${count}</span>` : nothing}
    </a>
  </li>`;
}

function signInView() {
  const submit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    form.elements.submit.disabled = true;
    try {
      await signIn(form.elements.token.value);
    } catch (error) {
      update({ signInError: error.message });
      form.elements.token.select();
    } finally {
      form.elements.submit.disabled = false;
    }
  };
  return html`
    <main class="sign-in">
      <form @submit=${submit}>
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1>Sign in</h1>
        <label for="token">Admin token</label>
        <input id="token" name="token" type="password" autocomplete="current-password" required autofocus
          aria-describedby="token-hint" aria-invalid=${state.signInError ? 'true' : nothing} />
        <p id="token-hint" class=${state.signInError ? 'is-error' : ''} role=${state.signInError ? 'alert' : nothing}>
          ${state.signInError ?? html`The value of <code>ADMIN_TOKEN</code> that the server was started with.`}
        </p>
        <button class="button primary" name="submit" type="submit">Sign in</button>
      </form>
    </main>`;
}

const wrongAddress = () =>
  emptyState({
    icon: icons.errors,
    title: 'Call this page by 127.0.0.1 or localhost',
    text: 'Without an ADMIN_TOKEN the server answers only under these names.',
  });

function draw() {
  const list = document.getElementById('messages');
  const wasAtEnd = list === null || list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const wasOpen = list?.dataset.thread;
  render(page(), document.body);
  document.body.dataset.view = state.route.view;
  keepAtEnd(wasAtEnd, wasOpen);
  const unread = (state.conversations ?? []).reduce((sum, conversation) => sum + conversation.unread, 0);
  document.title = unread > 0 ? `(${unread}) Cartie` : 'Cartie';
}

/** New messages are seen by who was at the end; who reads further up is left there. */
function keepAtEnd(wasAtEnd, wasOpen) {
  const list = document.getElementById('messages');
  if (list === null) return;
  const isNew = wasOpen !== String(state.thread?.id);
  list.dataset.thread = String(state.thread?.id);
  if (isNew || wasAtEnd) list.scrollTop = list.scrollHeight;
  if (isNew && matchMedia('(min-width: 48rem)').matches) document.getElementById('reply')?.focus();
}

applyTheme();
onChange(draw);
addEventListener('hashchange', () => {
  update({ route: routeOf(location.hash) });
  openThread();
});
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') looked();
});
addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && state.route.id !== undefined) location.hash = '#/inbox';
});
update({});
await start();
openThread();
