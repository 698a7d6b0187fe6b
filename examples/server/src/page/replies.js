// What an operator sends. Each message gets its id once, so that trying again can't send it twice.

import { post, postFile } from './server.js';
import { state, update } from './state.js';
import { lookAgain } from './thread.js';

export function reply(conversationId, text) {
  state.drafts.delete(conversationId);
  begin({
    conversationId,
    text,
    send: (id) => post(`/conversations/${conversationId}/messages`, { id, text }),
  });
}

/** `text` is what the person will read. */
export function replyWithTemplate(conversationId, { name, language }, values, text) {
  const template = { name, language, values };
  begin({
    conversationId,
    text,
    label: 'Template',
    send: (id) => post(`/conversations/${conversationId}/messages`, { id, template }),
  });
}

export function replyWithFile(conversationId, file, caption) {
  state.drafts.delete(conversationId);
  begin({
    conversationId,
    text: caption,
    label: file.name,
    send: (id) => postFile(`/conversations/${conversationId}/files`, { id, name: file.name, caption }, file),
  });
}

export function replyAgain(message) {
  const fresh = { ...message, error: undefined };
  update({ unsent: state.unsent.map((one) => (one.id === message.id ? fresh : one)) });
  deliver(fresh);
}

function begin(message) {
  const whole = { ...message, id: crypto.randomUUID(), at: Date.now(), error: undefined };
  update({ unsent: [...state.unsent, whole] });
  deliver(whole);
}

async function deliver({ id, send }) {
  try {
    await send(id);
    lookAgain();
  } catch (error) {
    update({
      unsent: state.unsent.map((one) => (one.id === id ? { ...one, error: error.message } : one)),
    });
  }
}
