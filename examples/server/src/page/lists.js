// Lists that the server gives in pages: the newest come by the stream, older ones when they are asked for.

import { get } from './server.js';
import { state, update } from './state.js';

/** Where each list goes on after an item, and its order. */
const lists = {
  conversations: {
    cursor: ({ lastMessageAt, id }) => `${lastMessageAt},${id}`,
    order: (a, b) => b.lastMessageAt - a.lastMessageAt || b.id - a.id,
  },
  leads: { cursor: ({ seq }) => seq, order: (a, b) => b.seq - a.seq },
  feed: {
    cursor: ({ postedAt, seq }) => `${postedAt},${seq}`,
    order: (a, b) => b.postedAt - a.postedAt || b.seq - a.seq,
    key: ({ seq }) => seq,
  },
  errors: { cursor: ({ id }) => id, order: (a, b) => b.id - a.id },
};

/** Shows the newest page of a list, and what is known of it already. */
export function showNewest(name, newest) {
  const known = state[name];
  show(name, merge(newest, known ?? [], lists[name]), known === undefined ? newest.length : undefined);
}

/** Goes on after the last item of a list. */
export async function loadOlder(name) {
  const older = await get(`/${name}?before=${lists[name].cursor(state[name].at(-1))}`);
  show(name, merge(state[name], older, lists[name]), older.length);
}

function show(name, list, lastPage) {
  const hasOlder = lastPage === undefined ? state.hasOlder[name] : lastPage >= state.session.pageSize;
  update({ [name]: list, hasOlder: { ...state.hasOlder, [name]: hasOlder } });
}

/** Both lists in order; where both have an item, the first list's. */
export function merge(first, second, { order, key = ({ id }) => id }) {
  const known = new Set(first.map(key));
  return [...first, ...second.filter((item) => !known.has(key(item)))].sort(order);
}
