// What an operator does. Each action says how it ended.

import { get, post } from './server.js';
import { notify, state, update } from './state.js';
import { lookAgain } from './thread.js';

/** «Send again», «it arrived», «give up» of a message. */
export function settle(outboxId, action) {
  const done = { resend: 'It will be sent again.', confirm: 'Marked as sent.', discard: 'Given up.' };
  return decide(`/outbox/${encodeURIComponent(outboxId)}/${action}`, done[action]);
}

/** «Try again», «discard» of an update that could not be handled. */
export function settleUpdate(seq, action) {
  const done = { retry: 'It will be tried again.', discard: 'Discarded.' };
  return decide(`/inbox/${seq}/${action}`, done[action]);
}

/** Begins a lead of a conversation. */
export function markAsLead(conversationId) {
  return act(`/conversations/${conversationId}/lead`, 'Marked as a lead.', { id: crypto.randomUUID() });
}

/** Writes down what a lead paid. */
export async function sell(leadId, sale) {
  if (await act(`/leads/${leadId}/sold`, 'The sale is written down.', sale)) update({ selling: undefined });
}

/** Sends an event to Meta again. */
export function resendEvent(id) {
  return act(`/meta-events/${encodeURIComponent(id)}/resend`, 'It will be sent again.');
}

/** Puts a person into SendPulse's book again. */
export function syncAgain(leadId) {
  return act(`/leads/${leadId}/sync`, 'It will be synced again.');
}

/** Asks a provider whether it takes our credentials. */
export async function testConnection(id, name) {
  try {
    const { ok, reason } = await post(`/integrations/${id}/test`);
    notify(ok ? `${name} takes our credentials.` : reason, !ok);
  } catch (error) {
    notify(error.message, true);
  }
}

async function decide(path, done) {
  await act(path, done);
  update({ queue: await get('/queue').catch(() => state.queue) });
  lookAgain();
}

async function act(path, done, body) {
  try {
    await post(path, body);
    notify(done);
    return true;
  } catch (error) {
    notify(error.message, true);
    return false;
  }
}
