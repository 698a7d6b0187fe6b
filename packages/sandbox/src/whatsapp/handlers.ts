import { createHmac } from 'node:crypto';
import { type HttpHandler, http } from 'msw';
import { faultyAnswer, type ProviderFaults } from '../faulty-answer.ts';
import type { ProviderContext } from '../provider.ts';
import { type ApiFailure, apiFailure, failureBody, isApiFailure } from './api-failure.ts';
import { isRecord } from './check-message.ts';
import type { WhatsAppCallRecord } from './public.ts';
import { type Operations, type Route, routeOf } from './routes.ts';
import type { State } from './state.ts';

/** Where the Cloud API is, and its files. */
export const whatsAppOrigin = 'https://graph.facebook.com';
/** The host of files. */
export const filesOrigin = 'https://lookaside.fbsbx.com';

/** What the API server is built from. */
export interface HandlerParts {
  readonly state: State;
  readonly operations: Operations;
  /** Gives a file by the key of its URL. */
  file(key: string): { bytes: Uint8Array; type: string } | undefined;
  record(call: WhatsAppCallRecord): void;
}

/** Creates the Cloud API over HTTP. Addresses that are not WhatsApp's are left to other handlers. */
export function createHandlers(context: ProviderContext, parts: HandlerParts): HttpHandler[] {
  const { clock, faults } = context;
  const { state } = parts;

  function authorize(request: Request, url: URL): void {
    const header = /^(?:Bearer|OAuth) +(.+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
    const token = header ?? url.searchParams.get('access_token') ?? '';
    const standing = state.tokens.get(token);
    if (standing === undefined || standing === 'expired') {
      throw apiFailure(190, 'Error validating access token: the session has expired or is not valid.', 401);
    }
    if (standing === 'no_permission')
      throw apiFailure(200, 'The token lacks whatsapp_business_messaging.', 403);
    const number = [...state.numbers.values()].find((one) => one.token === token);
    if (!number?.requireProof) return;
    const proof = createHmac('sha256', number.appSecret).update(token).digest('hex');
    if (url.searchParams.get('appsecret_proof') !== proof) {
      throw apiFailure(100, 'Invalid appsecret_proof provided in the API argument');
    }
  }

  async function handle(
    request: Request,
    url: URL,
    operation: string,
    run: () => Promise<Response>,
  ): Promise<Response> {
    const at = clock.now();
    let executed = false;
    let failure: ApiFailure | undefined;
    const execute = async (): Promise<Response> => {
      executed = true;
      try {
        authorize(request, url);
        return await run();
      } catch (error) {
        if (!isApiFailure(error)) throw error;
        failure = error;
        return refusal(error);
      }
    };
    const fault = faults.take('whatsapp', operation);
    const response = fault
      ? await faultyAnswer(fault, execute, faultAnswers, request.signal)
      : await execute();
    parts.record({
      at,
      method: request.method,
      path: url.pathname,
      operation,
      tokenIn: request.headers.has('authorization')
        ? 'header'
        : url.searchParams.has('access_token')
          ? 'query'
          : undefined,
      status: response.type === 'error' ? undefined : response.status,
      code: failure?.code,
      executed,
      fault: fault?.kind,
    });
    return response;
  }

  const download = (request: Request, url: URL): Promise<Response> =>
    handle(request, url, 'download', async () => {
      const file = parts.file(url.searchParams.get('mid') ?? '');
      if (!file) return new Response('URL signature expired', { status: 404 });
      return new Response(Uint8Array.from(file.bytes), { headers: { 'content-type': file.type } });
    });

  return [
    http.all(/^https:\/\/graph\.facebook\.com\//, async ({ request }) => {
      const url = new URL(request.url);
      if (url.pathname.endsWith('/whatsapp_business/attachments/')) return download(request, url);
      const route = routeOf(request.method, url, state);
      if (!route) return undefined;
      return handle(request, url, route.operation, async () =>
        Response.json(await parts.operations[route.operation](await inputOf(request, url, route))),
      );
    }),
    http.get(/^https:\/\/lookaside\.fbsbx\.com\//, ({ request }) => download(request, new URL(request.url))),
  ];
}

/** What a request says to an operation. */
export interface Input {
  readonly id: string;
  /** Query and JSON, form or multipart together. */
  readonly params: Readonly<Record<string, unknown>>;
  /** A file of a multipart body. */
  readonly file: File | undefined;
  /** A body that is none of these. */
  readonly bytes: Uint8Array | undefined;
  readonly headers: Headers;
}

async function inputOf(request: Request, url: URL, { id }: Route): Promise<Input> {
  const query: Record<string, unknown> = Object.fromEntries(url.searchParams);
  const base = { id, params: query, file: undefined, bytes: undefined, headers: request.headers };
  const type = request.headers.get('content-type') ?? '';
  if (request.method === 'GET') return base;
  if (type.startsWith('multipart/form-data')) {
    const form = await request.formData().catch(() => undefined);
    if (!form) throw apiFailure(100, 'The multipart body cannot be read');
    const fields = Object.fromEntries([...form].filter(([, value]) => typeof value === 'string'));
    const file = [...form.values()].find((value) => typeof value !== 'string') as File | undefined;
    return { ...base, params: { ...query, ...fields }, file };
  }
  if (type.startsWith('application/json')) {
    const text = await request.text();
    const body: unknown = text === '' ? {} : parse(text);
    if (!isRecord(body)) throw apiFailure(100, 'The JSON body must be an object');
    return { ...base, params: { ...query, ...body } };
  }
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (type.startsWith('application/x-www-form-urlencoded')) {
    return {
      ...base,
      params: { ...query, ...Object.fromEntries(new URLSearchParams(new TextDecoder().decode(bytes))) },
    };
  }
  return { ...base, bytes };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw apiFailure(100, 'The body is not valid JSON');
  }
}

function refusal(failure: ApiFailure): Response {
  return Response.json(failureBody(failure), { status: failure.status });
}

const faultAnswers: ProviderFaults = {
  rate_limited: () => refusal(apiFailure(130429, 'Cloud API message throughput has been reached.')),
  server_error: () => refusal(apiFailure(2, 'Service temporarily unavailable', 500)),
  unauthorized: () => refusal(apiFailure(190, 'Error validating access token: Session has expired.', 401)),
  forbidden: () => refusal(apiFailure(200, 'The token lacks whatsapp_business_messaging.', 403)),
};
