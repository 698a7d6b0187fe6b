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

/** Why a message was not sent, by the error's code. */
export const reasons = {
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
export const kindOf = (kind) =>
  kind === 'callback_query' ? 'Pressed a button' : capital(kind.replaceAll('_', ' '));

export const stateWords = {
  queued: 'Queued',
  sending: 'Sending',
  sent: 'Sent',
  failed: 'Not sent',
  in_doubt: 'In doubt',
};

export const healthWords = {
  ok: 'Working',
  degraded: 'Degraded',
  down: 'Down',
  not_configured: 'Not configured',
  unknown: 'Unknown',
};

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
