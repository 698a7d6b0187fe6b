// The one state of the page. `update` changes it and draws the page again.

const views = ['inbox', 'leads', 'feed', 'valuation', 'queue', 'integrations', 'connectors', 'errors'];

export const state = {
  /** What the server told about itself; undefined until it has. */
  session: undefined,
  /** Why nothing can be shown. */
  failure: undefined,
  signInError: undefined,
  connected: true,
  /** `{ view: 'inbox', id: 12 }` */
  route: routeOf(location.hash),
  /** Undefined until loaded, like all lists. */
  conversations: undefined,
  /** Lists that go on after their last item, by name. */
  hasOlder: {},
  thread: undefined,
  leads: undefined,
  /** `{ events, contacts }`: where the events for Meta are, and who waits for SendPulse; null where one is off. */
  leadCounts: undefined,
  /** The lead whose sale is being written down. */
  selling: undefined,
  /** `{ brands, brand, models, result, error, isLoading }` */
  valuation: {},
  /** What the followed channels posted, the newest first. */
  feed: undefined,
  /** The accounts that read channels. */
  connectors: undefined,
  addingConnector: false,
  /** What was wrong with what was written last, by the connector's id; `new` for one to be added. */
  connectorErrors: new Map(),
  queue: undefined,
  integrations: undefined,
  errors: undefined,
  /** Texts that are written but not sent, by conversation. */
  drafts: new Map(),
  /** The choice of a template that is open: `{ conversationId, templates, chosen, values }`. */
  picking: undefined,
  /** Why files could not be shown, by their addresses. */
  brokenFiles: new Map(),
  /** Messages that the server has not taken yet: `{ id, conversationId, text, label, at, error, send }`. */
  unsent: [],
  /** One line that says how an action ended. */
  notice: undefined,
};

let draw = () => {};
let isDue = false;

export function onChange(render) {
  draw = render;
}

/** Changes the state; the page is drawn once for all changes of one turn. */
export function update(changes) {
  Object.assign(state, changes);
  if (isDue) return;
  isDue = true;
  queueMicrotask(() => {
    isDue = false;
    draw();
  });
}

let noticeTimer;

/** Says something for a few seconds; screen readers read it out. */
export function notify(text, isError = false) {
  clearTimeout(noticeTimer);
  update({ notice: { text, isError } });
  noticeTimer = setTimeout(() => update({ notice: undefined }), isError ? 8000 : 4000);
}

/** The channel that a conversation is held through. */
export const channelOf = ({ channel }) => state.session.channels.find(({ id }) => id === channel);

export function routeOf(hash) {
  const [view = '', id] = hash.replace(/^#\/?/, '').split('/');
  return { view: views.includes(view) ? view : 'inbox', id: id ? Number(id) : undefined };
}
