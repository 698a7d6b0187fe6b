import { html, nothing } from './lit-html/lit-html.js';
import { button } from './parts.js';
import { replyWithTemplate } from './replies.js';
import { get } from './server.js';
import { notify, state, update } from './state.js';

/** Opens the choice of templates, or closes it. */
export async function openTemplates({ id, channel }) {
  if (state.picking?.conversationId === id) return update({ picking: undefined });
  update({ picking: { conversationId: id, templates: undefined, chosen: 0, values: [] } });
  try {
    const templates = await get(`/channels/${channel}/templates`);
    if (state.picking?.conversationId === id) update({ picking: { ...state.picking, templates } });
  } catch (error) {
    update({ picking: undefined });
    notify(error.message, true);
  }
}

/** The choice of a template, its variables, and what the person will read. */
export function templatePicker(conversation) {
  const { picking } = state;
  if (picking?.conversationId !== conversation.id) return nothing;
  const { templates, chosen, values } = picking;
  const close = () => update({ picking: undefined });
  if (templates === undefined) return html`<div class="picker" role="status">Asking for the templates…</div>`;
  if (templates.length === 0) {
    return html`<div class="picker"><p>There is no approved template that needs nothing but texts.</p>${button('Close', close)}</div>`;
  }
  const template = templates[chosen];
  const given = template.variables.map((_, index) => (values[index] ?? '').trim());
  const submit = (event) => {
    event.preventDefault();
    update({ picking: undefined });
    replyWithTemplate(conversation.id, template, given, readText(template, given));
  };
  return html`
    <form class="picker" aria-label="Template" @submit=${submit}>
      <label>Template
        <select @change=${(event) => update({ picking: { ...picking, chosen: Number(event.target.value), values: [] } })}>
          ${templates.map(
            ({ name, language, category }, index) =>
              html`<option value=${index} ?selected=${index === chosen}>${name} · ${language} · ${category.toLowerCase()}</option>`,
          )}
        </select>
      </label>
      ${template.variables.map(
        ({ part, name }, index) => html`<label>${part === 'header' ? 'Header' : 'Text'} {{${name}}}
          <input required maxlength="1024" .value=${values[index] ?? ''} @input=${(event) => {
            const changed = [...values];
            changed[index] = event.target.value;
            update({ picking: { ...picking, values: changed } });
          }} />
        </label>`,
      )}
      <blockquote>${readText(template, given)}${template.buttons.map((text) => html`<span class="template-button">${text}</span>`)}</blockquote>
      <div class="actions">
        ${button('Cancel', close)}
        <button type="submit" class="button primary" ?disabled=${given.includes('')}>Send template</button>
      </div>
    </form>`;
}

/** The template with what is given; a variable that is not yet given stays as it is. */
function readText({ parts, variables }, given) {
  return parts
    .map(({ type, text }) =>
      text.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name) => {
        const index = variables.findIndex((one) => one.part === type && one.name === name);
        return given[index] || whole;
      }),
    )
    .join('\n');
}
