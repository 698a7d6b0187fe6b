import type { CallOptions } from '@cartie/core';
import { type CallPath, dataOf } from './call.ts';
import { invalid } from './invalid.ts';
import { pages } from './pages.ts';
import type { Done, ListOptions } from './types.ts';

/** A fault that Meta found in a flow's JSON. */
export interface FlowFault {
  error: string;
  error_type: string;
  message: string;
  line_start?: number;
  line_end?: number;
  column_start?: number;
  column_end?: number;
}

/** A flow at Meta. */
export interface StoredFlow {
  id: string;
  name: string;
  status: 'DRAFT' | 'PUBLISHED' | 'DEPRECATED' | 'BLOCKED' | 'THROTTLED' | (string & {});
  categories: string[];
  validation_errors?: FlowFault[];
  json_version?: string;
  endpoint_uri?: string;
  preview?: { preview_url: string; expires_at: string };
}

/** A flow to create. */
export interface NewFlow {
  name: string;
  categories: readonly string[];
  endpoint_uri?: string;
  clone_flow_id?: string;
  /** The flow's JSON as text. */
  flow_json?: string;
  publish?: boolean;
}

/** Flows of the account. Needs the client's `businessAccountId`. @see https://developers.facebook.com/docs/whatsapp/flows/reference/flowsapi */
export interface Flows {
  create(
    flow: NewFlow,
    options?: CallOptions,
  ): Promise<{ id: string; success?: boolean; validation_errors?: FlowFault[] }>;
  list(options?: ListOptions): AsyncGenerator<StoredFlow, void, undefined>;
  get(id: string, options?: CallOptions & { fields?: string }): Promise<StoredFlow>;
  update(
    id: string,
    change: Partial<Pick<NewFlow, 'name' | 'categories' | 'endpoint_uri'>>,
    options?: CallOptions,
  ): Promise<Done>;
  /** Replaces a draft's JSON: an object, or its text. Faults are in the answer. */
  setJson(
    id: string,
    json: string | object,
    options?: CallOptions,
  ): Promise<Done & { validation_errors?: FlowFault[] }>;
  assets(
    id: string,
    options?: ListOptions,
  ): AsyncGenerator<{ name: string; asset_type: string; download_url: string }, void, undefined>;
  publish(id: string, options?: CallOptions): Promise<Done>;
  deprecate(id: string, options?: CallOptions): Promise<Done>;
  /** Deletes a draft. */
  delete(id: string, options?: CallOptions): Promise<Done>;
  /** Copies flows of another account by their names. */
  migrate(
    from: { source_waba_id: string; source_flow_names?: readonly string[] },
    options?: CallOptions,
  ): Promise<{
    migrated_flows?: { source_name: string; source_id: string; migrated_id: string }[];
    failed_flows?: unknown[];
  }>;
}

const fields = 'id,name,status,categories,validation_errors,json_version,endpoint_uri';

/** Builds the methods for flows. */
export function createFlows({ call }: CallPath): Flows {
  return {
    create: (flow, options) => dataOf(call('createFlow', { json: flow }, options)),
    list: (options) => pages(call, 'listFlows', options),
    get: (id, { fields: wanted = fields, ...options } = {}) =>
      dataOf(call('getFlow', { id, query: { fields: wanted } }, options)),
    update: (id, change, options) => dataOf(call('updateFlow', { id, json: change }, options)),
    async setJson(id, json, options) {
      const text = typeof json === 'string' ? json : JSON.stringify(json);
      if (text === undefined || text.length > 10_000_000) {
        throw invalid('uploadFlowJson', 'json', 'must be JSON of at most 10 MB');
      }
      const body = (): FormData => {
        const form = new FormData();
        form.set('name', 'flow.json');
        form.set('asset_type', 'FLOW_JSON');
        form.set('file', new Blob([text], { type: 'application/json' }), 'flow.json');
        return form;
      };
      return dataOf(call('uploadFlowJson', { id, body }, options));
    },
    assets: (id, options) => pages(call, 'listFlowAssets', { ...options, id }),
    publish: (id, options) => dataOf(call('publishFlow', { id }, options)),
    deprecate: (id, options) => dataOf(call('deprecateFlow', { id }, options)),
    delete: (id, options) => dataOf(call('deleteFlow', { id }, options)),
    migrate: (from, options) => dataOf(call('migrateFlows', { json: from }, options)),
  };
}
