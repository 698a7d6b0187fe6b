import { type Duplex, pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** The `request` of npm `undici` 6 or newer, as far as it is used here. */
export type UndiciRequest<Dispatcher> = (
  url: string,
  options: {
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';
    headers: Record<string, string>;
    body: string | Uint8Array | Readable | null;
    signal: AbortSignal | null;
    dispatcher?: Dispatcher;
  },
) => Promise<{
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  body: Readable & { bytes(): Promise<Uint8Array> };
}>;

/** Options of {@link undiciFetch}. */
export interface UndiciFetchOptions<Dispatcher> {
  /** `request` of the `undici` that the app has installed. */
  request: UndiciRequest<Dispatcher>;
  /** An `Agent`, a `ProxyAgent`. @default undici's global dispatcher */
  dispatcher?: Dispatcher | undefined;
}

/**
 * A `fetch` for clients' `fetch` option over `undici.request`: several times cheaper than the global one, and the
 * way to an own `Agent` or `ProxyAgent` whatever undici the running Node has inside. Redirects are not followed.
 *
 * ```ts
 * import { Agent, request } from 'undici';
 * const fetch = undiciFetch({ request, dispatcher: new Agent({ connections: 40 }) });
 * ```
 */
export function undiciFetch<Dispatcher>({
  request,
  dispatcher,
}: UndiciFetchOptions<Dispatcher>): typeof globalThis.fetch {
  return async (input, init) => {
    const { url, method, headers, body, signal } = await requestOf(input, init);
    signal?.throwIfAborted();
    const answer = await request(url, {
      method: method as 'GET',
      headers,
      body,
      signal,
      ...(dispatcher !== undefined && { dispatcher }),
    });
    return responseOf(answer);
  };
}

type Outgoing = {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array | Readable | null;
  readonly signal: AbortSignal | null;
};

/** What http.ts sends is used as it is; anything else that `fetch` takes goes through a `Request`. */
async function requestOf(input: Parameters<typeof fetch>[0], init: RequestInit = {}): Promise<Outgoing> {
  const { method = 'GET', headers = {}, body = null, signal = null } = init;
  const sent = sendable(body);
  if (typeof input === 'string' && sent !== undefined && isPlainObject(headers)) {
    return { url: input, method, headers: trimmed(headers), body: sent, signal };
  }
  const request = new Request(input, init);
  return {
    url: request.url,
    method: request.method,
    headers: Object.fromEntries(request.headers),
    // A form or a Blob is read first, so that its length is known: some servers take no body without it.
    body: sent === undefined ? new Uint8Array(await request.arrayBuffer()) : (sendable(request.body) ?? null),
    signal: request.signal,
  };
}

/** What undici.request can send by itself; `undefined` for anything else. */
function sendable(body: RequestInit['body']): Outgoing['body'] | undefined {
  if (body === null || body === undefined) return null;
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof ReadableStream) return Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  return undefined;
}

// As fetch does: a secret read from a file often ends in a line break.
function trimmed(headers: Record<string, string>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name in headers) result[name] = String(headers[name]).trim();
  return result;
}

function isPlainObject(value: NonNullable<RequestInit['headers']>): value is Record<string, string> {
  return !Array.isArray(value) && !(value instanceof Headers);
}

type UndiciAnswer = Awaited<ReturnType<UndiciRequest<unknown>>>;

const withoutBody: ReadonlySet<number> = new Set([101, 204, 205, 304]);

const decoders: Readonly<Record<string, (() => Duplex) | undefined>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * A light stand-in for `Response`: status, headers and bytes cost nothing that is not asked for; everything else is
 * left to a real `Response` made when it is needed.
 */
function responseOf({ statusCode, headers: rawHeaders, body: rawBody }: UndiciAnswer): Response {
  const decoder = decoders[String(rawHeaders['content-encoding'] ?? '').toLowerCase()];
  let headers: Headers | undefined;
  let real: Response | undefined;
  let isRead = false;
  const getHeaders = (): Headers => {
    headers ??= headersOf(rawHeaders);
    return headers;
  };
  const getReal = (): Response => {
    if (!real) {
      const hasBody = !withoutBody.has(statusCode);
      if (!hasBody) rawBody.resume();
      const decoded = decoder ? pipeline(rawBody, decoder(), () => undefined) : rawBody;
      const stream = hasBody ? (Readable.toWeb(decoded) as ReadableStream<Uint8Array<ArrayBuffer>>) : null;
      real = new Response(stream, { status: statusCode, headers: getHeaders() });
    }
    return real;
  };
  const bytes = async (): Promise<Uint8Array<ArrayBuffer>> => {
    if (real || decoder) return new Uint8Array(await getReal().arrayBuffer());
    isRead = true;
    return (await rawBody.bytes()) as Uint8Array<ArrayBuffer>;
  };
  return {
    [Symbol.toStringTag]: 'Response',
    status: statusCode,
    statusText: '',
    ok: statusCode >= 200 && statusCode < 300,
    redirected: false,
    type: 'basic',
    url: '',
    get headers() {
      return getHeaders();
    },
    get body() {
      return isRead ? null : getReal().body;
    },
    get bodyUsed() {
      return isRead || (real?.bodyUsed ?? false);
    },
    bytes,
    arrayBuffer: async () => {
      const all = await bytes();
      return all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength);
    },
    text: async () => new TextDecoder().decode(await bytes()),
    json: async () => JSON.parse(new TextDecoder().decode(await bytes())) as unknown,
    blob: () => getReal().blob(),
    formData: () => getReal().formData(),
    clone: () => getReal().clone(),
  } as Response;
}

function headersOf(raw: UndiciAnswer['headers']): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(raw)) {
    if (Array.isArray(value)) for (const each of value) headers.append(name, each);
    else if (value !== undefined) headers.append(name, value);
  }
  return headers;
}
