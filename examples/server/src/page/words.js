// What the page says: times, reasons, names.

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const shortDate = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const longDate = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

const day = 24 * 60 * 60 * 1000;

export const timeOf = (at) => clock.format(at);
export const fullTime = (at) => full.format(at);
export const isoTime = (at) => new Date(at).toISOString();

/** As short as it can be without doubt: a time today, a weekday this week, else a date. */
export function shortTime(at, now = Date.now()) {
  if (isSameDay(at, now)) return clock.format(at);
  return now - at < 6 * day ? weekday.format(at) : shortDate.format(at);
}

export function dayOf(at, now = Date.now()) {
  if (isSameDay(at, now)) return 'Today';
  return isSameDay(at, now - day) ? 'Yesterday' : longDate.format(at);
}

export function isSameDay(a, b) {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** «3 s», «12 min», «2 h»: how long something has lasted. */
export function span(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 2 * day ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / day)} days`;
}

export const plural = (count, one, many = `${one}s`) =>
  `${count.toLocaleString()} ${count === 1 ? one : many}`;

/** An amount in its currency, with the smaller coins only where there are some. */
export const money = (amount, currency) =>
  new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency,
    trailingZeroDisplay: 'stripIfInteger',
  }).format(amount);

/** Why a message was not sent, by the error's code. */
const reasons = {
  circuit_open: 'Calls are paused because the provider keeps failing',
  conflict: 'Something else is using this account',
  connection_failed: 'The provider could not be reached',
  crashed: 'The server stopped while it was sending',
  discarded: 'Given up by an operator',
  expired: 'It was too late to send it',
  forbidden: 'The person has blocked the bot or left the chat',
  handler_error: 'The server could not handle it',
  sender_error: 'The server could not send it',
  invalid_input: 'The provider would not take the text',
  invalid_response: 'The provider’s answer made no sense',
  not_found: 'The chat does not exist any more',
  overloaded: 'Too much was waiting',
  rate_limited: 'The provider asked for a pause',
  rejected: 'The provider refused it',
  storage_error: 'The database failed',
  timeout: 'The provider did not answer in time',
  unauthorized: 'The provider does not accept our token',
  upstream_error: 'The provider failed',
  not_delivered: 'The provider could not bring it to the phone',
  window_closed: 'More than 24 hours since the person wrote: send a template',
  undeliverable: 'This phone cannot get it: not on WhatsApp, or an old app',
  marketing_stopped: 'The person wants no marketing messages',
  marketing_cap: 'This person gets no more marketing for now',
  pair_rate: 'Too many messages to this person in a short time',
  media: 'WhatsApp could not take the file',
  template: 'The template does not exist, is disabled, or its variables do not fit',
  template_paused: 'WhatsApp has paused the template for its low quality',
};

export const reasonOf = (code) => reasons[code] ?? (code ? code.replaceAll('_', ' ') : 'No reason is known');

/** Where an event for Meta is. */
export const eventWords = {
  waiting: 'waiting',
  sent: 'taken by Meta',
  refused: 'refused',
  in_doubt: 'in doubt',
};

/** Why an event was not taken, where Meta gave no reason of its own. */
export const eventReasonOf = (code) => eventReasons[code] ?? reasonOf(code);

const eventReasons = {
  expired: 'Meta was away for so long that the event is too old for it',
  timeout: 'It may have arrived, and Meta would not recognise it if it came again',
  crashed: 'The server stopped while it was sending, and a repetition could count twice',
};

/** Why nobody knows whether a message arrived. */
const doubts = {
  connection_failed: 'The connection broke before the answer came',
  crashed: 'The server stopped while it was sending',
  timeout: 'No answer came in time',
  upstream_error: 'The provider failed while it had the message',
};

export const doubtOf = (code) => doubts[code] ?? reasonOf(code);

/** What a message is, where it has no text of its own. */
export const kindOf = (kind) => kindWords[kind] ?? capital(kind.replaceAll('_', ' '));

const kindWords = {
  callback_query: 'Pressed a button',
  keyboard_tap: 'Pressed a button',
  button_reply: 'Pressed a button',
  list_reply: 'Chose from a list',
  flow_reply: 'Filled in a form',
  revoked: 'Taken back',
  reaction_removed: 'Reaction taken back',
};

export const stateWords = {
  queued: 'Queued',
  sending: 'Sending',
  sent: 'Sent',
  failed: 'Not sent',
  in_doubt: 'In doubt',
};

export const connectorWords = {
  connecting: 'Connecting',
  ready: 'Live',
  waiting: 'Waiting',
  login_required: 'Log in',
  stopped: 'Stopped',
  failed: 'Failed',
};

/** Why an account is not live. */
export const connectorReasons = {
  owned_elsewhere: 'Another process of this server has it.',
  capacity: 'This process has as many accounts as it may.',
  connection: 'Telegram cannot be reached.',
  flood: 'Telegram asked for a pause.',
  storage: 'The database fails.',
  lease: 'The database was too slow to tell that nobody else has this account.',
  no_session: 'It has never been logged in.',
  session_lost: 'Telegram ended the session: log in again.',
  session_duplicated: 'The session was used from two places, so Telegram ended it: log in again.',
  key_unknown: 'Telegram does not know the session any more: log in again.',
  login_pending: 'The login has begun.',
  account_banned: 'Telegram has banned the account.',
  account_deleted: 'The account was deleted.',
  api_refused: 'Telegram does not accept api_id and api_hash.',
  session_unreadable: 'The stored session cannot be decrypted: was CARTIE_ENCRYPTION_KEY changed?',
};

/** How a login code travels. */
export const loginVia = {
  app: 'to the Telegram app of the account',
  sms: 'by SMS',
  call: 'by a call',
  flash_call: 'by a call that rings once',
  missed_call: 'by a missed call',
  email: 'by e-mail',
};

export const healthWords = {
  ok: 'Working',
  degraded: 'Degraded',
  down: 'Down',
  not_configured: 'Not configured',
  unknown: 'Unknown',
};

/** What SendPulse told of a person. */
export const mailingWords = { bounced: 'Letters come back', unsubscribed: 'Unsubscribed' };

/** What is wrong, where the report says it in a word. */
export const problemWords = { unauthorized: 'Unauthorized' };

export const circuitWords = { closed: 'Closed', half_open: 'Trying again', open: 'Open: calls are paused' };

/** `pendingUpdates` → «Pending updates». */
export const factName = (name) => capital(name.replace(/([A-Z])/g, ' $1').toLowerCase());

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Two letters for an avatar, whatever the script. */
export function initials(name) {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? ['?'];
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => [...word][0].toUpperCase()).join('');
}

/** The same colour for the same thing, out of eight. */
export function hueOf(id) {
  let sum = 0;
  for (const character of String(id)) sum = (sum * 31 + character.codePointAt(0)) % 997;
  return sum % 8;
}
