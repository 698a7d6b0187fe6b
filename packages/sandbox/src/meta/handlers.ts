import { type HttpHandler, http } from 'msw';
import { faultyAnswer, type ProviderFaults } from '../faulty-answer.ts';
import type { ProviderContext } from '../provider.ts';
import { type ApiVersions, newestVersion } from './api-versions.ts';
import { type Datasets, missingObject } from './datasets.ts';
import { failureBody, type GraphFailure, graphFailure, isGraphFailure, malformed } from './graph-failure.ts';
import { type GraphRequest, readGraphRequest, sentEvents } from './graph-request.ts';
import type { SandboxDataset } from './public.ts';
import type { MetaCallRecord } from './records.ts';
import { tooManyCalls, type Usage } from './usage.ts';

/** The real address of the Graph API. */
export const metaOrigin = 'https://graph.facebook.com';

/** What the API server is built from. */
export interface GraphParts {
  readonly versions: ApiVersions;
  readonly datasets: Datasets;
  readonly usage: Usage;
  /** Checks and takes the events of one request; gives the body of the answer. */
  takeEvents(dataset: SandboxDataset, params: GraphRequest['params']): Record<string, unknown>;
  /** Notes a refusal of what was in a request. */
  refused(datasetId: string, params: GraphRequest['params'], failure: GraphFailure): void;
  record(call: MetaCallRecord): void;
}

interface Route {
  readonly version: string | undefined;
  readonly id: string;
  readonly operation: 'events' | 'dataset' | 'node';
}

interface Execution {
  readonly request: GraphRequest | undefined;
  readonly version: string;
  readonly body: Record<string, unknown>;
  readonly failure: GraphFailure | undefined;
}

/** Creates the Graph API over HTTP, as far as the Conversions API goes. A gateway's `/capi/<dataset>/events` is there too. */
export function createGraphHandlers(context: ProviderContext, parts: GraphParts): HttpHandler[] {
  const { clock, faults } = context;

  async function execute(httpRequest: Request, url: URL, route: Route): Promise<Execution> {
    let request: GraphRequest | undefined;
    let version: string = newestVersion;
    try {
      version = parts.versions.serving(route.version);
      request = await readGraphRequest(httpRequest, url);
      parts.usage.check();
      const body = answer(httpRequest.method, route, request);
      return { request, version, body, failure: undefined };
    } catch (error) {
      if (!isGraphFailure(error)) throw error;
      return { request, version, body: failureBody(error), failure: error };
    }
  }

  function answer(
    method: string,
    { id, operation }: Route,
    { token, proof, params }: GraphRequest,
  ): Record<string, unknown> {
    if (operation === 'dataset') {
      const connected = parts.datasets.connectedTo(id);
      parts.datasets.authorize(connected?.id ?? id, token, proof);
      if (!connected || method !== 'POST') throw missingObject(id);
      return { id: connected.id };
    }
    const dataset = parts.datasets.authorize(id, token, proof);
    if (operation === 'node') {
      if (method !== 'GET') throw missingObject(id);
      return fieldsOf(dataset, params.fields);
    }
    if (method !== 'POST') throw malformed('Unsupported get request.');
    try {
      return parts.takeEvents(dataset, params);
    } catch (error) {
      if (isGraphFailure(error)) parts.refused(id, params, error);
      throw error;
    }
  }

  return [
    http.all(/^https:\/\/graph\.facebook\.com\//, async ({ request }) => {
      const at = clock.now();
      const url = new URL(request.url);
      const route = routeOf(url.pathname);
      if (!route) return toResponse(unknownPath(url.pathname), newestVersion, {});
      let execution: Execution | undefined;
      const run = async (): Promise<Response> => {
        execution = await execute(request, url, route);
        const { failure, version, body } = execution;
        return toResponse(failure ?? body, version, parts.usage.headers(route.id));
      };
      const fault = faults.take('meta', route.operation);
      const response = fault ? await faultyAnswer(fault, run, faultAnswers, request.signal) : await run();
      const { data, ...params } = execution?.request?.params ?? {};
      const received = execution?.body.events_received;
      parts.record({
        at,
        durationMs: clock.now() - at,
        method: request.method,
        path: url.pathname,
        operation: route.operation,
        datasetId: route.operation === 'dataset' ? parts.datasets.connectedTo(route.id)?.id : route.id,
        tokenIn: execution?.request?.tokenIn,
        eventCount: sentEvents(data).length,
        params,
        status: response.type === 'error' ? undefined : response.status,
        code: execution?.failure?.code,
        subcode: execution?.failure?.subcode,
        eventsReceived: typeof received === 'number' ? received : undefined,
        executed: execution !== undefined,
        fault: fault?.kind,
      });
      return response;
    }),
  ];
}

function routeOf(path: string): Route | undefined {
  const found = /^(?:\/(v\d+\.\d+)|\/capi)?\/(\d+)(?:\/(events|dataset))?\/?$/.exec(path);
  if (!found?.[2]) return undefined;
  return { version: found[1], id: found[2], operation: (found[3] ?? 'node') as Route['operation'] };
}

function unknownPath(path: string): GraphFailure {
  return graphFailure({ message: `Unknown path components: ${path}`, code: 2500 });
}

function fieldsOf(dataset: SandboxDataset, fields: unknown): Record<string, unknown> {
  const known: Record<string, unknown> = { id: dataset.id, name: dataset.name };
  if (typeof fields !== 'string') return known;
  const asked = fields.split(',').map((name) => name.trim());
  const unknown = asked.find((name) => !(name in known));
  if (unknown !== undefined) throw malformed(`Tried accessing nonexisting field (${unknown})`);
  return Object.fromEntries([...new Set(['id', ...asked])].map((name) => [name, known[name]]));
}

function toResponse(
  answer: GraphFailure | Record<string, unknown>,
  version: string,
  headers: Record<string, string>,
): Response {
  const failure = isGraphFailure(answer) ? answer : undefined;
  const body = failure ? failureBody(failure) : answer;
  return new Response(JSON.stringify(body), {
    status: failure?.status ?? 200,
    headers: {
      'content-type': 'application/json; charset=UTF-8',
      'facebook-api-version': version,
      ...(failure && {
        'www-authenticate': `OAuth "Facebook Platform" "invalid_request" "(#${failure.code})"`,
      }),
      ...headers,
    },
  });
}

const faultAnswers: ProviderFaults = {
  // Meta tells the wait in minutes, so a shorter one is not told.
  rate_limited: ({ retryAfter = 1 }) => {
    const minutes = retryAfter >= 60 ? Math.ceil(retryAfter / 60) : 0;
    const failure = tooManyCalls({ estimated_time_to_regain_access: minutes });
    const limit = {
      type: 'ads_management',
      call_count: 100,
      total_cputime: 25,
      total_time: 25,
      estimated_time_to_regain_access: minutes,
    };
    return toResponse(failure, newestVersion, {
      'x-app-usage': JSON.stringify({ call_count: 100, total_time: 25, total_cputime: 25 }),
      ...(minutes > 0 && { 'x-business-use-case-usage': JSON.stringify({ '0': [limit] }) }),
    });
  },
  server_error: () =>
    toResponse(
      graphFailure({
        message: 'Service temporarily unavailable',
        code: 2,
        status: 500,
        isTransient: true,
      }),
      newestVersion,
      {},
    ),
  unauthorized: () =>
    toResponse(
      graphFailure({
        message: 'Error validating access token: Session has expired.',
        code: 190,
        subcode: 463,
        status: 401,
      }),
      newestVersion,
      {},
    ),
  forbidden: () =>
    toResponse(
      graphFailure({
        message: '(#200) Requires ads_management permission to manage the object',
        code: 200,
        status: 403,
      }),
      newestVersion,
      {},
    ),
};
