import { malformed } from './graph-failure.ts';

/** What a request says, whichever way it was sent. */
export interface GraphRequest {
  readonly token: string | undefined;
  readonly tokenIn: 'header' | 'body' | 'query' | undefined;
  readonly proof: string | undefined;
  /** Query and body without token and proof. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** Reads query, headers and a JSON, form or multipart body. */
export async function readGraphRequest(request: Request, url: URL): Promise<GraphRequest> {
  const query = Object.fromEntries(url.searchParams);
  const body = await readBody(request);
  const header = /^(?:Bearer|OAuth) +(.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  const { access_token: fromQuery, ...queryRest } = query;
  const { access_token: fromBody, ...bodyRest } = body;
  const { appsecret_proof: proof, ...params } = { ...queryRest, ...bodyRest } as Record<string, unknown>;
  const found = [
    ['query', fromQuery],
    ['body', fromBody],
    ['header', header],
  ] as const;
  const [tokenIn, token] = found.find(([, value]) => typeof value === 'string' && value !== '') ?? [];
  return {
    token: token as string | undefined,
    tokenIn,
    proof: typeof proof === 'string' ? proof : undefined,
    params,
  };
}

/** `data` of an events request: an array, or the same as a JSON string. */
export function readEvents(params: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  const given = params.data;
  if (given === undefined) throw malformed('The parameter data is required');
  const data = typeof given === 'string' ? parse(given, 'Param data must be an array.') : given;
  if (!Array.isArray(data)) throw malformed('Param data must be an array.');
  if (data.length === 0) throw malformed('Param data must be non-empty.');
  if (data.length > maxEvents) throw malformed(`Param data must have at most ${maxEvents} element(s).`);
  for (const [index, event] of data.entries()) {
    if (!isRecord(event)) {
      throw malformed(`Param data[${index}] must be an object.`, { index, field: 'data' });
    }
  }
  return data;
}

/** What was sent as `data`, right or wrong; for the logs. */
export function sentEvents(data: unknown): readonly unknown[] {
  try {
    const events: unknown = typeof data === 'string' ? JSON.parse(data) : data;
    return Array.isArray(events) ? events : [];
  } catch {
    return [];
  }
}

/** Whether a value is a plain JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Events that Meta takes in one request. */
const maxEvents = 1000;

async function readBody(request: Request): Promise<Record<string, unknown>> {
  const type = request.headers.get('content-type') ?? '';
  if (request.method === 'GET' || request.method === 'HEAD') return {};
  if (type.startsWith('multipart/form-data')) {
    const form = await request.formData().catch(() => undefined);
    if (!form) throw malformed('The multipart body cannot be read');
    return Object.fromEntries(
      await Promise.all(
        [...form].map(async ([name, value]) => [
          name,
          typeof value === 'string' ? value : await value.text(),
        ]),
      ),
    );
  }
  const text = await request.text();
  if (text === '') return {};
  if (!type.startsWith('application/json')) return Object.fromEntries(new URLSearchParams(text));
  const body = parse(text, 'The body is not valid JSON');
  if (!isRecord(body)) throw malformed('The JSON body must be an object');
  return body;
}

function parse(text: string, mistake: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed(mistake);
  }
}
