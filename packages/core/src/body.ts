import type { Refusal } from './webhook-refusal.ts';

/** What a body may cost. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** The body's raw bytes, or why it was refused. Never rejects. */
export type BodyReader = (limits: BodyLimits) => Promise<Uint8Array | Refusal>;

/** The body is larger than allowed. */
export const bodyTooLarge: Refusal = {
  status: 413,
  code: 'invalid_input',
  message: 'The body is larger than the limit (maxBodyBytes).',
};

/** The body did not arrive in time. The rest of it may come at any moment, so the connection serves nothing else. */
export const bodyTooSlow: Refusal = {
  status: 408,
  code: 'timeout',
  message: 'The body did not arrive in time.',
  headers: { connection: 'close' },
};

/**
 * How long a body that is too large is read on and thrown away before it is refused: a sender who gets his answer
 * while he is still sending often sees a reset instead of it. Milliseconds.
 */
export const discardMs = 500;

/** The connection ended before the body did. */
export const bodyCut: Refusal = {
  status: 400,
  code: 'connection_failed',
  message: 'The body was cut off.',
};

/** Somebody read the body before us, so that its raw bytes, which the signature is over, are gone. */
export const bodyConsumed: Refusal = {
  status: 500,
  code: 'invalid_config',
  message:
    'The body was read before the webhook handler got it, and a signature can only be checked over the raw bytes. ' +
    'Mount the handler before any body parser (app.use(express.json()) and the like), give its route express.raw({ type: "*/*" }), ' +
    'or keep the raw bytes as a Buffer in req.rawBody.',
};

/** Reads the body of a web `Request`. */
export function requestBodyReader(request: Request): BodyReader {
  return async ({ maxBytes, timeoutMs }) => {
    if (request.bodyUsed) return bodyConsumed;
    const declared = request.headers.get('content-length');
    if (declared !== null && Number(declared) > maxBytes) return bodyTooLarge;
    try {
      // With a declared length the server itself holds the sender to it, and reading at once is far cheaper than
      // `request.body`, which makes servers build a whole web stream.
      if (declared === null) return await readStream(request.body, maxBytes, timeoutMs);
      const buffer = await inTime(request.arrayBuffer(), timeoutMs);
      if (buffer === 'slow') return bodyTooSlow;
      return buffer.byteLength > maxBytes ? bodyTooLarge : new Uint8Array(buffer);
    } catch (error) {
      return isUnusable(error) ? bodyConsumed : bodyCut;
    }
  };
}

async function readStream(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  timeoutMs: number,
): Promise<Uint8Array | Refusal> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  const bytes = await inTime(readUpTo(reader, maxBytes), timeoutMs);
  if (bytes instanceof Uint8Array) return bytes;
  if (
    bytes === 'large' &&
    (await inTime(readUpTo(reader, Number.POSITIVE_INFINITY, 'discard'), discardMs)) !== 'slow'
  ) {
    return bodyTooLarge;
  }
  // Nobody reads on: the server has to part with the connection.
  reader.cancel().catch(() => {});
  return bytes === 'slow' ? bodyTooSlow : { ...bodyTooLarge, headers: { connection: 'close' } };
}

async function readUpTo(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  mode: 'keep' | 'discard' = 'keep',
): Promise<Uint8Array | 'large'> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    size += value.byteLength;
    if (size > maxBytes) return 'large';
    if (mode === 'keep') chunks.push(value);
  }
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T | 'slow'> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<'slow'>((resolve) => {
        timer = setTimeout(resolve, timeoutMs, 'slow');
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

// The Fetch standard gives a TypeError for a body that was read before; each runtime words it differently.
function isUnusable(error: unknown): boolean {
  return error instanceof TypeError && /unusable|already|locked|disturbed/i.test(error.message);
}
