import { apiFailure } from './api-failure.ts';
import { success } from './found.ts';
import type { OperationParts } from './operation-parts.ts';
import { page } from './pages.ts';
import type { Operations } from './routes.ts';
import { newId } from './state.ts';

/** Templates: they begin in review, and what is edited is reviewed again. */
export function templateOperations({
  state,
  found,
  templateChanged,
}: OperationParts): Pick<
  Operations,
  'templates' | 'create_template' | 'template' | 'edit_template' | 'delete_template'
> {
  return {
    templates: ({ id, params }) => {
      found.ofAccount(id);
      const all = [...state.templates.values()].filter(
        (one) =>
          one.businessAccountId === id &&
          ['name', 'status', 'language', 'category'].every(
            (name) => params[name] === undefined || params[name] === one[name as 'name'],
          ),
      );
      return page(
        all.map(({ businessAccountId: _own, ...rest }) => rest),
        params,
      );
    },
    create_template({ id, params }) {
      found.ofAccount(id);
      const { name, language, category, components } = params;
      if (!/^[a-z0-9_]{1,512}$/.test(String(name))) throw apiFailure(100, 'The parameter name is not valid.');
      if (!Array.isArray(components)) throw apiFailure(100, 'The parameter components is required.');
      if (
        [...state.templates.values()].some(
          (one) => one.name === name && one.language === language && one.businessAccountId === id,
        )
      ) {
        throw apiFailure(100, 'There is already content in this language for this template.');
      }
      const made = {
        id: newId(),
        businessAccountId: id,
        name: String(name),
        language: String(language),
        category: String(category),
        status: 'PENDING' as const,
        components,
      };
      state.templates.set(made.id, made);
      return { id: made.id, status: made.status, category: made.category };
    },
    template: ({ id }) => {
      const { businessAccountId: _own, ...rest } = found.one(state.templates, id);
      return rest;
    },
    edit_template({ id, params }) {
      const stored = found.one(state.templates, id);
      if (stored.status === 'PENDING') throw apiFailure(100, 'A template in review cannot be edited.');
      if (Array.isArray(params.components)) stored.components = params.components;
      if (typeof params.category === 'string') stored.category = params.category;
      templateChanged(id, 'PENDING');
      return success;
    },
    delete_template({ id, params }) {
      found.ofAccount(id);
      const doomed = [...state.templates.values()].filter(
        (one) =>
          one.businessAccountId === id &&
          one.name === params.name &&
          (params.hsm_id === undefined || params.hsm_id === one.id),
      );
      if (doomed.length === 0) throw apiFailure(100, 'The message template was not found.');
      for (const one of doomed) state.templates.delete(one.id);
      return success;
    },
  };
}
