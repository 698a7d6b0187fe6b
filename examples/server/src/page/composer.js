import { icons } from './icons.js';
import { live } from './lit-html/directives/live.js';
import { html, nothing } from './lit-html/lit-html.js';
import { reply, replyWithFile } from './replies.js';
import { channelOf, notify, state, update } from './state.js';
import { openTemplates, templatePicker } from './template-picker.js';

/** Where an operator writes: texts, and where the channel takes them files and templates. */
export function composer(conversation) {
  const { id, noReply, title, windowEndsAt } = conversation;
  if (noReply !== null) return html`<p class="no-reply">${icons.errors} <span>${noReply}</span></p>`;
  const channel = channelOf(conversation);
  const isClosed = windowEndsAt !== null && Date.now() >= windowEndsAt;
  const takesText = !isClosed || channel.fallbackTemplate !== undefined;
  const draft = state.drafts.get(id) ?? '';
  const limit = channel.maxTextLength;
  const isTooLong = draft.length > limit;
  const send = () => {
    const text = draft.trim();
    if (text !== '' && !isTooLong && takesText) reply(id, text);
  };
  const submit = (event) => {
    event.preventDefault();
    send();
  };
  const tools = [
    channel.files && !isClosed ? fileButton(id, channel) : nothing,
    channel.hasTemplates ? templateButton(conversation) : nothing,
  ].filter((tool) => tool !== nothing);
  return html`
    ${isClosed ? html`<p class="no-reply" role="status">${icons.queued} <span>${closedText(channel)}</span></p>` : nothing}
    ${templatePicker(conversation)}
    <form class="composer" @submit=${submit}>
      <div class="tools">${tools}</div>
      <textarea
        id="reply"
        rows="1"
        placeholder=${takesText ? 'Write a reply' : 'Choose a template'}
        aria-label="Reply to ${title}"
        aria-describedby="reply-hint"
        ?disabled=${!takesText}
        .value=${live(draft)}
        @input=${(event) => {
          state.drafts.set(id, event.target.value);
          update({});
        }}
        @keydown=${(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          send();
        }}
      ></textarea>
      <button class="send" type="submit" aria-label="Send" ?disabled=${draft.trim() === '' || isTooLong || !takesText}>${icons.send}</button>
      <p id="reply-hint" class=${isTooLong ? 'is-error' : ''}>
        ${
          isTooLong
            ? `${(draft.length - limit).toLocaleString()} characters too many for one message`
            : html`<kbd>Enter</kbd> sends, <kbd>Shift</kbd> <kbd>Enter</kbd> begins a new line`
        }
      </p>
    </form>`;
}

const closedText = ({ fallbackTemplate }) =>
  fallbackTemplate === undefined
    ? 'More than 24 hours since this person wrote: only a template can be sent.'
    : `More than 24 hours since this person wrote: your text goes out in the template «${fallbackTemplate}».`;

function fileButton(conversationId, { name, files }) {
  const choose = (event) => {
    const [file] = event.target.files;
    event.target.value = '';
    if (file === undefined) return;
    if (!files.accept.includes(file.type)) return notify(`${name} does not take files of this type.`, true);
    if (file.size > files.maxBytes) {
      return notify(`A file may have at most ${files.maxBytes / 1024 / 1024} MB.`, true);
    }
    const caption = (state.drafts.get(conversationId) ?? '').trim();
    replyWithFile(conversationId, file, caption);
  };
  return html`<label class="icon-button" title="Attach a file; what is written becomes its caption">
    <input class="visually-hidden" type="file" accept=${files.accept.join(',')} aria-label="Attach a file" @change=${choose} />
    ${icons.attach}
  </label>`;
}

const templateButton = (
  conversation,
) => html`<button type="button" class="icon-button" aria-label="Send a template" title="Send a template"
    aria-expanded=${state.picking?.conversationId === conversation.id ? 'true' : 'false'} @click=${() => openTemplates(conversation)}>
    ${icons.template}
  </button>`;
