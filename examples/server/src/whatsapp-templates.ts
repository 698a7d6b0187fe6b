import { CartieError } from '@cartie/core';
import type { StoredTemplate, Template, TemplateDefinition, WhatsAppClient } from '@cartie/whatsapp';

/** A template that an operator may send, as the page shows it. */
export interface ReplyTemplate {
  readonly name: string;
  readonly language: string;
  readonly category: string;
  /** Texts of its parts, from top to bottom, with `{{1}}` where a variable is. */
  readonly parts: readonly { readonly type: 'header' | 'body' | 'footer'; readonly text: string }[];
  readonly buttons: readonly string[];
  /** In the order in which they are asked for, with the part that each belongs to. */
  readonly variables: readonly { readonly part: 'header' | 'body'; readonly name: string }[];
}

/** The approved templates of an account. */
export interface TemplateBook {
  /** Only those that need nothing but texts. Asked for at most once a minute. */
  list(): Promise<ReplyTemplate[]>;
  /**
   * A template to send with these values for its variables, in their order, and what the person will read.
   * @throws CartieError `invalid_input` if there is no such template, or the values are not as many as its variables
   */
  fill(choice: {
    name: string;
    language: string;
    values: readonly string[];
  }): Promise<{ template: Template; text: string }>;
}

const keptMs = 60_000;
/** More than anybody would choose from. */
const maxTemplates = 200;

/** Creates the {@link TemplateBook} of a client. */
export function createTemplateBook(whatsapp: Pick<WhatsAppClient, 'templates'>): TemplateBook {
  let known: { readonly at: number; readonly templates: Promise<ReplyTemplate[]> } | undefined;

  async function load(): Promise<ReplyTemplate[]> {
    const templates: ReplyTemplate[] = [];
    for await (const stored of whatsapp.templates.list({ status: 'APPROVED', limit: maxTemplates })) {
      const template = readTemplate(stored);
      if (template !== undefined) templates.push(template);
    }
    return templates.sort((a, b) => a.name.localeCompare(b.name));
  }

  const list = (): Promise<ReplyTemplate[]> => {
    if (known !== undefined && Date.now() - known.at < keptMs) return known.templates;
    const templates = load();
    known = { at: Date.now(), templates };
    // A failure is not kept.
    templates.catch(() => {
      known = undefined;
    });
    return templates;
  };

  return {
    list,
    async fill({ name, language, values }) {
      const found = (await list()).find((one) => one.name === name && one.language === language);
      if (found === undefined) throw wrong('There is no such approved template.');
      if (values.length !== found.variables.length) {
        throw wrong(`This template has ${found.variables.length} variables.`);
      }
      return { template: toTemplate(found, values), text: textOf(found, values) };
    },
  };
}

function wrong(message: string): CartieError {
  return new CartieError('invalid_input', message, { service: 'server', operation: 'template' });
}

/** `undefined` for one that needs more than texts: a file, a code, a link with a variable. */
function readTemplate({ name, language, category, components }: StoredTemplate): ReplyTemplate | undefined {
  const parts: ReplyTemplate['parts'][number][] = [];
  const buttons: string[] = [];
  for (const component of components) {
    const type = component.type.toLowerCase();
    if (type === 'buttons') {
      for (const button of (component.buttons ?? []) as TemplateDefinition[]) {
        if (!isPlainButton(button)) return undefined;
        buttons.push(String(button.text ?? ''));
      }
    } else if (type === 'header' || type === 'body' || type === 'footer') {
      if (type === 'header' && String(component.format ?? 'TEXT').toUpperCase() !== 'TEXT') return undefined;
      parts.push({ type, text: String(component.text ?? '') });
    } else return undefined;
  }
  const variables = parts.flatMap(({ type, text }) =>
    type === 'footer' ? [] : variablesOf(text).map((variable) => ({ part: type, name: variable })),
  );
  return { name, language, category, parts, buttons, variables };
}

function isPlainButton({ type, url }: TemplateDefinition): boolean {
  if (type === 'URL') return !String(url).includes('{{');
  return type === 'QUICK_REPLY' || type === 'PHONE_NUMBER';
}

const variable = /\{\{\s*(\w+)\s*\}\}/g;

function variablesOf(text: string): string[] {
  const names = [...new Set([...text.matchAll(variable)].map(([, name = '']) => name))];
  // Those with numbers are given by position, whatever their order in the text.
  return names.every((name) => /^\d+$/.test(name)) ? names.sort((a, b) => Number(a) - Number(b)) : names;
}

function toTemplate({ name, language, variables }: ReplyTemplate, values: readonly string[]): Template {
  const components = (['header', 'body'] as const).flatMap((type) => {
    const parameters = variables.flatMap((one, index) =>
      one.part === type
        ? [
            {
              type: 'text' as const,
              text: values[index] ?? '',
              ...(/^\d+$/.test(one.name) ? {} : { parameter_name: one.name }),
            },
          ]
        : [],
    );
    return parameters.length === 0 ? [] : [{ type, parameters }];
  });
  return { name, language: { code: language }, ...(components.length > 0 && { components }) };
}

function textOf({ parts, variables }: ReplyTemplate, values: readonly string[]): string {
  return parts
    .map(({ type, text }) =>
      text.replace(variable, (whole, name: string) => {
        const index = variables.findIndex((one) => one.part === type && one.name === name);
        return values[index] ?? whole;
      }),
    )
    .join('\n');
}
