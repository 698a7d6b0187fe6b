// Who we are, and the stream of everything that changes.

import { showNewest } from './lists.js';
import { get, post, remove, watch } from './server.js';
import { state, update } from './state.js';
import { refreshThread } from './thread.js';

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
      conversations(conversations) {
        showNewest('conversations', conversations);
        refreshThread();
      },
      leads({ leads, events, contacts }) {
        showNewest('leads', leads);
        update({ leadCounts: { events, contacts } });
      },
      feed: (feed) => showNewest('feed', feed),
      errors: (errors) => showNewest('errors', errors),
      connectors: (connectors) => update({ connectors }),
      queue: (queue) => update({ queue }),
      integrations: (integrations) => update({ integrations }),
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
