import type { Input } from './handlers.ts';
import type { State } from './state.ts';

/** Addresses below a number, a WABA, an app or another object, by method. */
const edges = {
  number: {
    'POST messages': 'messages',
    'POST marketing_messages': 'marketing_messages',
    'POST media': 'media',
    'GET ': 'number',
    'POST ': 'pin',
    'POST register': 'register',
    'POST deregister': 'deregister',
    'POST request_code': 'request_code',
    'POST verify_code': 'verify_code',
    'GET settings': 'settings',
    'POST settings': 'set_settings',
    'GET whatsapp_business_profile': 'profile',
    'POST whatsapp_business_profile': 'set_profile',
    'GET whatsapp_business_encryption': 'encryption',
    'POST whatsapp_business_encryption': 'set_encryption',
    'GET block_users': 'blocked',
    'POST block_users': 'block',
    'DELETE block_users': 'unblock',
  },
  account: {
    'GET message_templates': 'templates',
    'POST message_templates': 'create_template',
    'DELETE message_templates': 'delete_template',
    'GET flows': 'flows',
    'POST flows': 'create_flow',
    'POST migrate_flows': 'migrate_flows',
    'GET phone_numbers': 'numbers',
    'GET subscribed_apps': 'subscriptions',
    'POST subscribed_apps': 'subscribe',
    'DELETE subscribed_apps': 'unsubscribe',
  },
  app: { 'POST uploads': 'start_upload' },
  upload: { 'GET ': 'upload', 'POST ': 'continue_upload' },
  media: { 'GET ': 'media_info', 'DELETE ': 'delete_media' },
  template: { 'GET ': 'template', 'POST ': 'edit_template' },
  flow: {
    'GET ': 'flow',
    'POST ': 'update_flow',
    'DELETE ': 'delete_flow',
    'GET assets': 'flow_assets',
    'POST assets': 'set_flow_json',
    'POST publish': 'publish_flow',
    'POST deprecate': 'deprecate_flow',
  },
} as const satisfies Record<string, Record<string, string>>;

type Edges = typeof edges;

/** Every operation that the sandbox has. */
export type OperationName = {
  [Kind in keyof Edges]: Edges[Kind][keyof Edges[Kind]];
}[keyof Edges];

/** What each operation does: gives the body of its answer, or throws. */
export type Operations = Readonly<Record<OperationName, (input: Input) => object | Promise<object>>>;

/** Which operation a request is for. */
export interface Route {
  readonly operation: OperationName;
  readonly id: string;
}

/** Finds the operation; undefined where the address is of no object of WhatsApp. */
export function routeOf(method: string, url: URL, state: State): Route | undefined {
  const found = /^\/(?:v\d+\.\d+\/)?(upload:[\w-]+|\d+)(?:\/(\w+))?\/?$/.exec(url.pathname);
  const [, id = '', edge = ''] = found ?? [];
  const key = `${method} ${edge}`;
  for (const kind of kindsOf(id, state)) {
    const table: Readonly<Record<string, string>> = edges[kind];
    const operation = Object.hasOwn(table, key) ? table[key] : undefined;
    if (operation !== undefined) return { operation: operation as OperationName, id };
  }
  // What looks like WhatsApp's gets its answer even where the object does not exist.
  const lost = (['number', 'account'] as const).find(
    (kind) => edge !== '' && Object.hasOwn(edges[kind], key),
  );
  return lost && { operation: (edges[lost] as Record<string, OperationName>)[key] as OperationName, id };
}

function kindsOf(id: string, state: State): (keyof Edges)[] {
  const numbers = [...state.numbers.values()];
  return [
    ...(state.numbers.has(id) ? (['number'] as const) : []),
    ...(numbers.some((one) => one.businessAccountId === id) ? (['account'] as const) : []),
    ...(numbers.some((one) => one.appId === id) ? (['app'] as const) : []),
    ...(state.uploads.has(id) ? (['upload'] as const) : []),
    ...(state.files.has(id) ? (['media'] as const) : []),
    ...(state.templates.has(id) ? (['template'] as const) : []),
    ...(state.flows.has(id) ? (['flow'] as const) : []),
  ];
}
