import type { IncomingMessage } from 'node:http';
import { type BodyReader, bodyConsumed, bodyCut, bodyTooLarge, bodyTooSlow, discardMs } from './body.ts';
import type { WebhookHeaders } from './webhook.ts';
import type { Refusal } from './webhook-refusal.ts';

/** The headers of Node's own request. */
export function incomingHeaders({ headers }: IncomingMessage): WebhookHeaders {
  return {
    get(name) {
      const value = headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : (value ?? null);
    },
  };
}

/** Reads the body of Node's own request, or takes the bytes that a parser kept. */
export function incomingBodyReader(request: IncomingMessage): BodyReader {
  return async ({ maxBytes, timeoutMs }) => {
    const kept = keptBytes(request);
    if (kept !== undefined) return kept.byteLength > maxBytes ? bodyTooLarge : kept;
    if (request.readableDidRead) return bodyConsumed;
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      await discard(request);
      return bodyTooLarge;
    }
    const bytes = await readAll(request, maxBytes, timeoutMs);
    if (bytes === bodyTooLarge) await discard(request);
    return bytes;
  };
}

function keptBytes(request: IncomingMessage & { rawBody?: unknown; body?: unknown }): Uint8Array | undefined {
  if (request.rawBody instanceof Uint8Array) return request.rawBody;
  if (request.body instanceof Uint8Array) return request.body;
  return undefined;
}

function readAll(
  request: IncomingMessage,
  maxBytes: number,
  timeoutMs: number,
): Promise<Uint8Array | Refusal> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    let settled = false;
    const settle = (result: Uint8Array | Refusal): void => {
      clearTimeout(timer);
      settled = true;
      resolve(result);
    };
    // The listeners are not taken off: they go with the request, and it would cost each request time.
    const onData = (chunk: Uint8Array): void => {
      if (settled) return;
      size += chunk.byteLength;
      if (size > maxBytes) settle(bodyTooLarge);
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      if (settled) return;
      const [only] = chunks;
      settle(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, size));
    };
    const onCut = (): void => settle(bodyCut);
    const timer = setTimeout(() => settle(bodyTooSlow), timeoutMs);
    request.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut);
    if (request.destroyed) onCut();
  });
}

// For `discardMs` at most.
function discard(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      request.off('end', done).off('error', done).off('close', done);
      resolve();
    };
    const timer = setTimeout(done, discardMs);
    request.on('end', done).on('error', done).on('close', done);
    request.resume();
    if (request.destroyed || request.readableEnded) done();
  });
}
