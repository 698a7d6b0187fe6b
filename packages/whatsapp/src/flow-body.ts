import { CartieError } from '@cartie/core';
import { service } from './invalid.ts';

/** The body's bytes, the status that it is refused with, or `consumed`: somebody has read it before. */
export async function readFlowBody(
  request: Request,
  maxBytes: number,
  timeoutMs: number,
): Promise<Uint8Array | number | 'consumed'> {
  const declared = Number(request.headers.get('content-length'));
  if (declared > maxBytes) return 413;
  if (request.bodyUsed || request.body?.locked) return 'consumed';
  const bytes = await readUpTo(request.body, maxBytes, timeoutMs);
  // A body was sent, and nothing of it is left.
  return bytes instanceof Uint8Array && bytes.byteLength === 0 && declared > 0 ? 'consumed' : bytes;
}

/** The error for a body that is `consumed`. */
export function bodyConsumed(): CartieError {
  return new CartieError(
    'invalid_config',
    'The body was read before the flow handler got it, and the signature can only be checked over the raw bytes: mount the ' +
      'handler before any body parser (app.use(express.json()) and the like)',
    { service, operation: 'flow' },
  );
}

async function readUpTo(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  timeoutMs: number,
): Promise<Uint8Array | number> {
  const reader = body?.getReader();
  if (reader === undefined) return new Uint8Array();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  const chunks: Uint8Array[] = [];
  let size = 0;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    cancel(); // ends the read that waits
  }, timeoutMs);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) return 408;
      if (done) return Buffer.concat(chunks, size);
      size += value.byteLength;
      if (size > maxBytes) return 413;
      chunks.push(value);
    }
  } catch {
    return isLate ? 408 : 400;
  } finally {
    clearTimeout(timer);
    cancel();
  }
}
