import type { CallOptions } from '@cartie/core';
import { type CallPath, dataOf } from './call.ts';
import { invalid } from './invalid.ts';
import { pages } from './pages.ts';
import type { Done, ListOptions } from './types.ts';

/** What a template is for. */
export type TemplateCategory = 'AUTHENTICATION' | 'MARKETING' | 'UTILITY';

/** How a template stands. Meta adds new ones. */
export type TemplateStatus =
  | 'APPROVED'
  | 'ARCHIVED'
  | 'DELETED'
  | 'DISABLED'
  | 'IN_APPEAL'
  | 'LIMIT_EXCEEDED'
  | 'PAUSED'
  | 'PENDING'
  | 'PENDING_DELETION'
  | 'REJECTED'
  | (string & {});

/** A part of a template: `{ type: 'BODY', text: 'Hello {{1}}', example: { body_text: [['Olena']] } }`. */
export type TemplateDefinition = { type: string } & Readonly<Record<string, unknown>>;

/** A template to create. */
export interface NewTemplate {
  /** Lower-case letters, digits and `_`, at most 512. */
  name: string;
  language: string;
  category: TemplateCategory;
  /** @default Meta's: `POSITIONAL` */
  parameter_format?: 'NAMED' | 'POSITIONAL';
  components: readonly TemplateDefinition[];
  allow_category_change?: boolean;
  message_send_ttl_seconds?: number;
}

/** A template at Meta. */
export interface StoredTemplate {
  id: string;
  name: string;
  language: string;
  status: TemplateStatus;
  category: TemplateCategory | (string & {});
  components: TemplateDefinition[];
  parameter_format?: string;
  quality_score?: { score?: string };
  rejected_reason?: string;
}

/** Templates of the account. Needs the client's `businessAccountId`. @see https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-management */
export interface Templates {
  create(
    template: NewTemplate,
    options?: CallOptions,
  ): Promise<{ id: string; status: TemplateStatus; category: string }>;
  list(
    options?: ListOptions & {
      name?: string;
      status?: TemplateStatus;
      language?: string;
      category?: TemplateCategory;
    },
  ): AsyncGenerator<StoredTemplate, void, undefined>;
  get(id: string, options?: CallOptions): Promise<StoredTemplate>;
  /** Changes a template that is approved, rejected or paused. */
  edit(
    id: string,
    change: Partial<Pick<NewTemplate, 'category' | 'components'>>,
    options?: CallOptions,
  ): Promise<Done>;
  /** Deletes all languages of a name, or with `id` one of them. */
  delete(template: { name: string; id?: string }, options?: CallOptions): Promise<Done>;
}

const fields = 'id,name,language,status,category,components,parameter_format,quality_score,rejected_reason';

/** Builds the methods for templates. */
export function createTemplates({ call }: CallPath): Templates {
  return {
    async create(template, options) {
      if (!/^[a-z0-9_]{1,512}$/.test(template.name)) {
        throw invalid('createTemplate', 'name', 'must be lower-case letters, digits and _, at most 512');
      }
      if (!Array.isArray(template.components) || template.components.length === 0) {
        throw invalid('createTemplate', 'components', 'must have at least one part');
      }
      return dataOf(call('createTemplate', { json: template }, options));
    },
    list: ({ name, status, language, category, ...options } = {}) =>
      pages(call, 'listTemplates', { ...options, query: { fields, name, status, language, category } }),
    get: (id, options) => dataOf(call('getTemplate', { id, query: { fields } }, options)),
    edit: (id, change, options) => dataOf(call('editTemplate', { id, json: change }, options)),
    async delete({ name, id }, options) {
      if (typeof name !== 'string' || name === '') throw invalid('deleteTemplate', 'name', 'must be given');
      return dataOf(call('deleteTemplate', { query: { name, hsm_id: id } }, options));
    },
  };
}
