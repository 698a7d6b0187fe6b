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
import { signIn, signOut, start } from './session.js';
import { onChange, routeOf, state, update } from './state.js';
import { applyTheme, nextTheme, theme } from './theme.js';
import { looked, openThread } from './thread.js';
import { valuationView } from './valuation-view.js';

/** In the order of the navigation. `needs`: what of it waits for an operator, and in which colour it is told. */
const views = {
  inbox: { name: 'Inbox', show: inboxView, needs: unreadConversations, word: 'unread' },
  leads: { name: 'Leads', show: leadsView, needs: eventsInTrouble, tone: 'warn' },
  feed: { name: 'Feed', show: feedView },
  valuation: { name: 'Evaluate', show: valuationView },
  queue: { name: 'Queue', show: queueView, needs: messagesInTrouble, tone: 'warn' },
  integrations: { name: 'Integrations', show: integrationsView, needs: isAnyDown, tone: 'bad' },
  connectors: { name: 'Connectors', show: connectorsView, needs: accountsToLogIn, tone: 'warn' },
  errors: { name: 'Errors', show: errorsView },
};

function unreadConversations() {
  return (state.conversations ?? []).filter(({ unread }) => unread > 0).length;
}

function eventsInTrouble() {
  const { events } = state.leadCounts ?? {};
  return events ? events.refused + events.inDoubt : 0;
}

function messagesInTrouble() {
  const { queue } = state;
  return queue ? queue.outbox.in_doubt + queue.outbox.failed + queue.inbox.dead : 0;
}

function isAnyDown() {
  const reports = Object.values(state.integrations ?? {});
  return reports.some(({ status }) => status === 'down' || status === 'degraded') ? '!' : 0;
}

function accountsToLogIn() {
  const inNeed = ['login_required', 'failed'];
  return (state.connectors ?? []).filter(({ state: { name } }) => inNeed.includes(name)).length;
}

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
    <main class=${state.route.id === undefined ? '' : 'is-deep'}>${views[state.route.view].show()}</main>
    <div class="notice ${state.notice?.isError ? 'is-error' : ''}" role="status" aria-live="polite">
      ${state.notice ? html`<span>${state.notice.text}</span>` : nothing}
    </div>`;
}

function navigation() {
  const { session, connected } = state;
  const simulated = session.simulated.map((id) => session.integrations[id]);
  const shown = Object.keys(views).filter((view) => view !== 'connectors' || session.hasConnectors);
  return html`
    <nav class="navigation" aria-label="Main">
      <a class="brand" href="#/inbox"><img src="/icon.svg" alt="" width="24" height="24" />Cartie</a>
      <ul>
        ${shown.map(link)}
      </ul>
      <div class="navigation-foot">
        ${simulated.length > 0 ? html`<span class="mode" title="Simulated: ${simulated.join(', ')}">Sandbox</span>` : nothing}
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

function link(view) {
  const { name, needs, word = 'need attention', tone = '' } = views[view];
  const count = needs?.();
  const isHere = state.route.view === view;
  return html`<li>
    <a href="#/${view}" aria-current=${isHere ? 'page' : nothing}>
      ${icons[view]} <span>${name}</span>
      ${count ? html`<span class="count ${tone}">${count}<span class="visually-hidden"> ${word}</span></span>` : nothing}
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
  keepAtEnd(wasAtEnd, wasOpen);
  const unread = (state.conversations ?? []).reduce((sum, conversation) => sum + conversation.unread, 0);
  document.title = `${unread > 0 ? `(${unread}) ` : ''}${views[state.route.view].name} · Cartie`;
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
