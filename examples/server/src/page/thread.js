// The open conversation: its messages, and that they are read.

import { merge } from './lists.js';
import { get, post } from './server.js';
import { notify, state, update } from './state.js';

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
export async function refreshThread() {
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
  const arrived = new Set(newest.map(({ outboxId }) => outboxId));
  const isMoving = newest.some(({ state }) => state === 'queued' || state === 'sending');
  update({
    thread: {
      ...thread,
      conversation,
      messages: merge(newest, thread.messages ?? [], { order: oldestFirst }),
      version: conversation.version,
      ...(isFirst && { hasOlder: isWholePage(newest) }),
    },
    unsent: state.unsent.filter(({ id }) => !arrived.has(`operator:${id}`)),
  });
  // «Sending» is no change of the conversation: it is seen by looking once more.
  clearTimeout(movingTimer);
  if (isMoving) movingTimer = setTimeout(lookAgain, 1000);
  if (conversation.unread > 0 && document.visibilityState === 'visible') markRead(conversation.id);
}

const oldestFirst = (a, b) => a.id - b.id;
const isWholePage = (messages) => messages.length >= state.session.threadPageSize;
let movingTimer;

/** Looks at the open conversation once more. */
export function lookAgain() {
  if (state.thread) update({ thread: { ...state.thread, version: undefined } });
  refreshThread();
}

/** What is on the screen has been seen. */
export function looked() {
  const { thread } = state;
  const conversation = state.conversations?.find(({ id }) => id === thread?.id);
  if (conversation?.unread > 0) markRead(conversation.id);
}

function markRead(id) {
  const conversations = state.conversations?.map((one) => (one.id === id ? { ...one, unread: 0 } : one));
  update({ conversations });
  // Not worth a word if it fails: the next look marks it again.
  post(`/conversations/${id}/read`).catch(() => {});
}

export async function loadOlderMessages() {
  const { thread } = state;
  const older = await get(`/conversations/${thread.id}/messages?before=${thread.messages[0].id}`);
  if (state.thread?.id !== thread.id) return;
  const messages = merge(state.thread.messages, older, { order: oldestFirst });
  update({ thread: { ...state.thread, messages, hasOlder: isWholePage(older) } });
}
