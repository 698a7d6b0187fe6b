import ky from 'ky';
import { createAnswer } from './answer.ts';
import type { Answer, OutgoingRequest } from './caller.ts';
import { CartieError } from './errors.ts';
import { networkFailure } from './network-failure.ts';

/** What {@link sendRequest} needs beside the request. */
export interface SendOptions {
  fetch: typeof globalThis.fetch;
  baseUrl: string;
  /** The caller's headers; they win over the request's. */
  headers: Readonly<Record<string, string>> | undefined;
  signal: AbortSignal;
  maxBytes: number;
  /** Told just before the request is handed to `fetch`: from here on the provider may act on it. */
  onSending: () => void;
}

/**
 * Sends one request and reads its answer whole. Redirects are not followed.
 *
 * This is the only place that knows ky, and no error of ky or `fetch` leaves it: they quote URLs.
 *
 * @throws CartieError `connection_failed`, `invalid_input`, `rejected` (a redirect), `invalid_response` (too large);
 *   or the signal's reason
 */
export async function sendRequest(request: OutgoingRequest, options: SendOptions): Promise<Answer> {
  const { fetch, signal, onSending, maxBytes } = options;
  const { method } = request;
  const headers = mergeHeaders(request.headers, options.headers);
  let body = request.body;
  if (request.json !== undefined) {
    body = serialize(request.json);
    headers['content-type'] ??= 'application/json';
  }
  let isSent = false;
  let unread: Response | undefined;
  try {
    const response = await ky(options.baseUrl + request.path, {
      method,
      headers,
      retry: 0,
      timeout: false,
      throwHttpErrors: false,
      // ky has checked and normalised the head; the body goes to fetch as it is, so that it is neither copied nor teed.
      fetch: async (checked) => {
        signal.throwIfAborted();
        isSent = true;
        onSending();
        return fetch((checked as Request).url, {
          method,
          headers,
          signal,
          redirect: 'manual',
          ...(body !== undefined && { body: body as NonNullable<RequestInit['body']> }),
          ...(body instanceof ReadableStream && { duplex: 'half' }),
        });
      },
    });
    unread = response;
    // A fetch that ignored its signal comes too late: nobody waits for this answer.
    signal.throwIfAborted();
    if (isRedirect(response)) throw redirected(response.status);
    if (Number(response.headers.get('content-length')) > maxBytes) throw tooLarge();
    unread = undefined;
    const bytes = await readBody(response, maxBytes, signal);
    return createAnswer(response.status, response.headers, bytes);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CartieError) throw error;
    throw isSent ? networkFailure(error) : unsendable(headers);
  } finally {
    // A body that nobody reads would keep its connection.
    unread?.body?.cancel().catch(() => undefined);
  }
}

function serialize(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    throw new CartieError(
      'invalid_input',
      'The input cannot be written as JSON: it has a cycle or a BigInt in it',
    );
  }
}

function mergeHeaders(...sources: (Readonly<Record<string, string>> | undefined)[]): Record<string, string> {
  const merged: Record<string, string> = {};
  for (const source of sources) {
    for (const name in source) if (source[name] !== undefined) merged[name.toLowerCase()] = source[name];
  }
  return merged;
}

/** The error for a request that is not valid HTTP. It names the header to blame, unless its name itself is no name. */
function unsendable(headers: Readonly<Record<string, string>>): CartieError {
  const bad = Object.entries(headers).find(([name, value]) => !isHeader(name, value))?.[0];
  if (bad === undefined || !/^[a-z][a-z\d-]{0,40}$/.test(bad)) {
    const message = 'The request cannot be sent: its path or a header is not valid HTTP';
    return new CartieError('invalid_input', message, { field: 'headers' });
  }
  const message = `The header \`${bad}\` cannot be sent: there is a line break in it, or a letter that HTTP does not take`;
  return new CartieError('invalid_input', message, { field: `headers.${bad}` });
}

function isHeader(name: string, value: string): boolean {
  try {
    new Headers([[name, value]]);
    return true;
  } catch {
    return false;
  }
}

function isRedirect({ status, type }: Response): boolean {
  return (status >= 300 && status < 400) || type === 'opaqueredirect';
}

function redirected(status: number): CartieError {
  // 302 and 303 may also answer a request that was carried out.
  const isElsewhere = status === 301 || status === 307 || status === 308;
  return new CartieError(
    'rejected',
    'The provider answered with a redirect, which is not followed: check `baseUrl`',
    {
      field: 'baseUrl',
      outcome: isElsewhere ? 'not_executed' : 'unknown',
      status: status === 0 ? undefined : status,
    },
  );
}

async function readBody(response: Response, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const { headers } = response;
  // HTTP ends a body at its declared length. What is compressed may grow beyond any limit.
  if (headers.has('content-length') && !headers.has('content-encoding')) {
    return new Uint8Array(await response.arrayBuffer());
  }
  if (!response.body) return new Uint8Array();
  const reader = response.body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
      size += value.byteLength;
      if (size > maxBytes) throw tooLarge();
      chunks.push(value);
    }
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel();
  }
}

function tooLarge(): CartieError {
  return new CartieError('invalid_response', 'The answer is larger than is allowed here', {
    retryable: false,
  });
}
