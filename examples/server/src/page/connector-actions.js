// What the page does with the accounts that read channels. A mistake is shown at its form.

import { get, post, remove } from './server.js';
import { notify, state, update } from './state.js';

export async function addConnector({ label, apiId, apiHash }) {
  const body = { id: crypto.randomUUID(), label, ...(apiId && { apiId: Number(apiId), apiHash }) };
  const isAdded = await attempt('new', () => post('/connectors', body));
  if (isAdded) update({ addingConnector: false });
  return isAdded;
}

export async function removeConnector(id) {
  await attempt(id, () => remove(`/connectors/${id}`), 'The account is logged out and forgotten.');
}

/** A step of a login: `phone`, `qr`, `code`, `password`, `resend`, `cancel`. */
export function loginBy(id, step, values = {}) {
  return attempt(id, () => post(`/connectors/${id}/login/${step}`, values));
}

export function resume(id) {
  return attempt(id, () => post(`/connectors/${id}/resume`));
}

export function follow(id, channel) {
  return attempt(id, () => post(`/connectors/${id}/channels`, { channel }), 'The channel is followed.');
}

export function unfollow(id, channelId) {
  return attempt(
    id,
    () => remove(`/connectors/${id}/channels/${encodeURIComponent(channelId)}`),
    'No longer followed.',
  );
}

async function attempt(id, request, done) {
  const errors = new Map(state.connectorErrors);
  errors.delete(id);
  let isDone = false;
  try {
    await request();
    isDone = true;
    if (done) notify(done);
  } catch (error) {
    errors.set(id, error.message);
  }
  update({ connectorErrors: errors });
  const connectors = await get('/connectors').catch(() => undefined);
  if (connectors) update({ connectors });
  return isDone;
}
