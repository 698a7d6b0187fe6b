import { apiFailure } from './api-failure.ts';
import { success } from './found.ts';
import type { OperationParts } from './operation-parts.ts';
import { page } from './pages.ts';
import type { Operations } from './routes.ts';
import { newId } from './state.ts';

/** Flows: drafts are filled, published and deprecated. */
export function flowOperations({
  state,
  found,
  fileUrl,
}: OperationParts): Pick<
  Operations,
  | 'flows'
  | 'create_flow'
  | 'flow'
  | 'update_flow'
  | 'delete_flow'
  | 'flow_assets'
  | 'set_flow_json'
  | 'publish_flow'
  | 'deprecate_flow'
  | 'migrate_flows'
> {
  return {
    flows: ({ id, params }) => {
      found.ofAccount(id);
      return page(
        [...state.flows.values()].filter((one) => one.businessAccountId === id).map(shownFlow),
        params,
      );
    },
    create_flow({ id, params }) {
      found.ofAccount(id);
      const made = {
        id: newId(),
        businessAccountId: id,
        name: String(params.name),
        status: 'DRAFT',
        categories: params.categories ?? [],
        json: typeof params.flow_json === 'string' ? params.flow_json : undefined,
      };
      state.flows.set(made.id, made);
      return { id: made.id, success: true };
    },
    flow: ({ id }) => shownFlow(found.one(state.flows, id)),
    update_flow({ id, params }) {
      const stored = found.one(state.flows, id);
      if (params.name !== undefined) stored.name = String(params.name);
      if (params.categories !== undefined) stored.categories = params.categories;
      return success;
    },
    delete_flow({ id }) {
      if (found.one(state.flows, id).status !== 'DRAFT')
        throw apiFailure(139004, 'Only drafts can be deleted.');
      state.flows.delete(id);
      return success;
    },
    flow_assets: ({ id, params }) => {
      found.one(state.flows, id);
      return page(
        [{ name: 'flow.json', asset_type: 'FLOW_JSON', download_url: fileUrl(`flow-${id}`) }],
        params,
      );
    },
    async set_flow_json({ id, file: given }) {
      const stored = found.one(state.flows, id);
      if (stored.status !== 'DRAFT') throw apiFailure(139000, 'Only drafts can be changed.');
      const text = (await given?.text()) ?? '';
      try {
        JSON.parse(text);
      } catch {
        return {
          success: true,
          validation_errors: [
            { error: 'INVALID_JSON', error_type: 'JSON_SCHEMA_ERROR', message: 'The JSON cannot be read.' },
          ],
        };
      }
      stored.json = text;
      return { success: true, validation_errors: [] };
    },
    publish_flow({ id }) {
      const stored = found.one(state.flows, id);
      if (stored.json === undefined) throw apiFailure(139002, 'A flow without JSON cannot be published.');
      stored.status = 'PUBLISHED';
      return success;
    },
    deprecate_flow({ id }) {
      const stored = found.one(state.flows, id);
      if (stored.status !== 'PUBLISHED') throw apiFailure(139003, 'Only published flows can be deprecated.');
      stored.status = 'DEPRECATED';
      return success;
    },
    migrate_flows({ id, params }) {
      found.ofAccount(id);
      const names = params.source_flow_names;
      const sources = [...state.flows.values()].filter(
        (one) =>
          one.businessAccountId === params.source_waba_id &&
          (!Array.isArray(names) || names.includes(one.name)),
      );
      const migrated_flows = sources.map((source) => {
        const made = { ...source, id: newId(), businessAccountId: id, status: 'DRAFT' };
        state.flows.set(made.id, made);
        return { source_name: source.name, source_id: source.id, migrated_id: made.id };
      });
      return { migrated_flows, failed_flows: [] };
    },
  };
}

function shownFlow({
  id,
  name,
  status,
  categories,
}: {
  id: string;
  name: string;
  status: string;
  categories: unknown;
}): object {
  return { id, name, status, categories, validation_errors: [] };
}
