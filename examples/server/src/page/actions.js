// What the page does. Each action tells the state what came of it.

import { get, post, RequestFailed, remove, watch } from './server.js';
import { notify, state, update } from './state.js';

let endWatching = () => {};

/** Asks who we are; with the right to see everything, begins to watch. */
export async function start() {
  try {
    const session = await get('/session');
    update({ session, failure: undefined });
    if (session.signedIn) startWatching();
  } catch (error) {
    update({ failure: error.message });
    setTimeout(start, 3000);
  }
}

export async function signIn(token) {
  await post('/session', { token });
  await start();
}

export async function signOut() {
  await remove('/session');
  endWatching();
  location.reload();
}

function startWatching() {
  endWatching();
  endWatching = watch(
    {
      conversations: showConversations,
      leads: ({ events, contacts, leads }) =>
        update({ leads: { events, contacts, leads: merge(leads, state.leads?.leads ?? [], byNewestLead) } }),
      feed: (feed) => update({ feed: merge(feed, state.feed ?? [], byNewestPost, ({ seq }) => seq) }),
      connectors: (connectors) => update({ connectors }),
      queue: (queue) => update({ queue }),
      integrations: (integrations) => update({ integrations }),
      errors: (errors) => update({ errors: merge(errors, state.errors ?? [], (a, b) => b.id - a.id) }),
    },
    async (connected) => {
      if (state.connected !== connected) update({ connected });
      if (connected) return;
      // The stream ends when the session does: then it is time to sign in again.
      const session = await get('/session').catch(() => undefined);
      if (session && !session.signedIn) {
        endWatching();
        update({ session });
      }
    },
  );
}

const pageSize = 50;

function showConversations(newest) {
  const isFirst = state.conversations === undefined;
  const conversations = merge(newest, state.conversations ?? [], byNewest);
  update({ conversations, ...(isFirst && { hasOlderConversations: newest.length === pageSize }) });
  refreshThread();
}

export async function loadOlderConversations() {
  const last = state.conversations.at(-1);
  const older = await get(`/conversations?before=${last.lastMessageAt},${last.id}`);
  update({
    conversations: merge(state.conversations, older, byNewest),
    hasOlderConversations: older.length === pageSize,
  });
}

/** Shows the conversation of the route, and its changes. */
export async function openThread() {
  const { view, id } = state.route;
  if (view !== 'inbox' || id === undefined) {
    update({ thread: undefined });
    return;
  }
  if (state.thread?.id === id) return;
  update({
    thread: { id, conversation: undefined, messages: undefined, version: undefined, hasOlder: false },
  });
  await refreshThread();
}

let refreshing = false;
let again = false;

/** Loads the newest messages of the open conversation if they have changed. */
async function refreshThread() {
  const { thread } = state;
  if (thread === undefined || state.session?.signedIn !== true) return;
  const known = state.conversations?.find(({ id }) => id === thread.id);
  if (known !== undefined && thread.version === known.version) return;
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = true;
  try {
    const [conversation, messages] = await Promise.all([
      known ?? get(`/conversations/${thread.id}`),
      get(`/conversations/${thread.id}/messages`),
    ]);
    showThread(conversation, messages);
  } catch (error) {
    if (error.status === 404) update({ thread: { ...thread, isMissing: true } });
    else notify(error.message, true);
  } finally {
    refreshing = false;
    if (again) {
      again = false;
      refreshThread();
    }
  }
}

function showThread(conversation, newest) {
  const { thread } = state;
  if (thread?.id !== conversation.id) {
    again = true;
    return;
  }
  const isFirst = thread.messages === undefined;
  const messages = merge(newest, thread.messages ?? [], (a, b) => a.id - b.id);
  const arrived = new Set(newest.map(({ outboxId }) => outboxId));
  const isMoving = newest.some(({ state }) => state === 'queued' || state === 'sending');
  update({
    thread: {
      ...thread,
      conversation,
      messages,
      version: conversation.version,
      ...(isFirst && { hasOlder: newest.length >= threadPage }),
    },
    unsent: state.unsent.filter(({ id }) => !arrived.has(`operator:${id}`)),
  });
  // «Sending» is no change of the conversation: it is seen by looking once more.
  clearTimeout(movingTimer);
  if (isMoving) movingTimer = setTimeout(lookAgain, 1000);
  if (conversation.unread > 0 && document.visibilityState === 'visible') markRead(conversation.id);
}

const threadPage = 60;
let movingTimer;

/** Looks at the open conversation once more. */
export function lookAgain() {
  if (state.thread) update({ thread: { ...state.thread, version: undefined } });
  refreshThread();
}

function markRead(id) {
  const conversations = state.conversations?.map((one) => (one.id === id ? { ...one, unread: 0 } : one));
  update({ conversations });
  // Not worth a word if it fails: the next look marks it again.
  post(`/conversations/${id}/read`).catch(() => {});
}

export function looked() {
  const { thread } = state;
  const conversation = state.conversations?.find(({ id }) => id === thread?.id);
  if (conversation?.unread > 0) markRead(conversation.id);
}

export async function loadOlderMessages() {
  const { thread } = state;
  const older = await get(`/conversations/${thread.id}/messages?before=${thread.messages[0].id}`);
  if (state.thread?.id !== thread.id) return;
  const messages = merge(state.thread.messages, older, (a, b) => a.id - b.id);
  update({ thread: { ...state.thread, messages, hasOlder: older.length >= threadPage } });
}

/** «Send again», «it arrived», «give up» of a message. */
export function settle(outboxId, action) {
  const done = { resend: 'It will be sent again.', confirm: 'Marked as sent.', discard: 'Given up.' };
  return act(`/outbox/${encodeURIComponent(outboxId)}/${action}`, done[action]);
}

/** «Try again», «discard» of an update that could not be handled. */
export function settleUpdate(seq, action) {
  const done = { retry: 'It will be tried again.', discard: 'Discarded.' };
  return act(`/inbox/${seq}/${action}`, done[action]);
}

async function act(path, done) {
  try {
    await post(path);
    notify(done);
  } catch (error) {
    notify(error instanceof RequestFailed ? error.message : 'This did not work.', true);
  }
  update({ queue: await get('/queue').catch(() => state.queue) });
  lookAgain();
}

/** Begins a lead of a conversation. */
export async function markAsLead(conversationId) {
  await tell(`/conversations/${conversationId}/lead`, { id: crypto.randomUUID() }, 'Marked as a lead.');
}

/** Writes down what a lead paid. */
export async function sell(leadId, sale) {
  if (await tell(`/leads/${leadId}/sold`, sale, 'The sale is written down.')) update({ selling: undefined });
}

/** Sends an event to Meta again. */
export async function resendEvent(id) {
  await tell(`/meta-events/${encodeURIComponent(id)}/resend`, {}, 'It will be sent again.');
}

/** Puts a person into SendPulse's book again. */
export async function syncAgain(leadId) {
  await tell(`/leads/${leadId}/sync`, {}, 'It will be synced again.');
}

async function tell(path, body, done) {
  try {
    await post(path, body);
    notify(done);
    return true;
  } catch (error) {
    notify(error instanceof RequestFailed ? error.message : 'This did not work.', true);
    return false;
  }
}

export async function loadOlderLeads() {
  const older = await get(`/leads?before=${state.leads.leads.at(-1).seq}`);
  update({
    leads: { ...state.leads, leads: merge(state.leads.leads, older, byNewestLead) },
    hasOlderLeads: older.length === pageSize,
  });
}

const byNewestLead = (a, b) => b.seq - a.seq;

export async function loadOlderPosts() {
  const last = state.feed.at(-1);
  const older = await get(`/feed?before=${last.postedAt},${last.seq}`);
  update({
    feed: merge(state.feed, older, byNewestPost, ({ seq }) => seq),
    hasOlderPosts: older.length === pageSize,
  });
}

const byNewestPost = (a, b) => b.postedAt - a.postedAt || b.seq - a.seq;

export async function loadOlderErrors() {
  const older = await get(`/errors?before=${state.errors.at(-1).id}`);
  update({
    errors: merge(state.errors, older, (a, b) => b.id - a.id),
    hasOlderErrors: older.length === pageSize,
  });
}

function byNewest(a, b) {
  return b.lastMessageAt - a.lastMessageAt || b.id - a.id;
}

/** Both lists in order; where both have an item, the first list's. */
function merge(first, second, order, key = ({ id }) => id) {
  const known = new Set(first.map(key));
  return [...first, ...second.filter((item) => !known.has(key(item)))].sort(order);
}
