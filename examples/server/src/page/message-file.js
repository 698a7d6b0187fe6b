import { icons } from './icons.js';
import { html } from './lit-html/lit-html.js';
import { state, update } from './state.js';

/** The file of a message: shown where a browser can, else a link. It comes through our server. */
export function fileView({ id, kind, file }) {
  const url = `/api/conversations/${state.thread.id}/messages/${id}/file`;
  const fault = state.brokenFiles.get(url);
  if (fault !== undefined) return html`<span class="file is-broken">${icons.failed} ${fault}</span>`;
  const onError = () => explain(url);
  switch (file.type.split('/')[0]) {
    case 'image':
      return html`<a class="file" href=${url} target="_blank" rel="noopener">
        <img src=${url} alt=${file.name ?? kind} loading="lazy" @error=${onError} @load=${stayAtEnd} />
      </a>`;
    case 'audio':
      return html`<audio class="file" src=${url} controls preload="none" @error=${onError}></audio>`;
    case 'video':
      return html`<video class="file" src=${url} controls preload="none" @error=${onError}></video>`;
    default:
      return html`<a class="file document" href=${url} download=${file.name ?? 'file'}>${icons.attach} ${file.name ?? file.type}</a>`;
  }
}

/** An element that could not load its file does not know why: the server does. */
async function explain(url) {
  const response = await fetch(url);
  const answer = await response.json().catch(() => undefined);
  state.brokenFiles.set(url, answer?.error ?? 'The file cannot be shown');
  update({});
}

/** A picture that makes the last message higher must not push it out of sight. */
function stayAtEnd({ target }) {
  const list = document.getElementById('messages');
  if (list === null) return;
  const isNear = list.scrollHeight - list.scrollTop - list.clientHeight < target.clientHeight + 120;
  if (isNear) list.scrollTop = list.scrollHeight;
}
