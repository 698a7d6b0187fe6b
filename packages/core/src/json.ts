import { CartieError, type ErrorCode } from './errors.ts';

/** How {@link parseJson} treats a text. */
export interface ParseJsonOptions {
  service?: string | undefined;
  operation?: string | undefined;
  /** The code of the error. @default 'invalid_response' */
  code?: ErrorCode | undefined;
  /** Deepest nesting of arrays and objects. @default 200 */
  maxDepth?: number | undefined;
}

/**
 * `JSON.parse` that is safe for what comes from outside: integers beyond 2^53 come as strings with all their digits,
 * deep nesting is refused, bytes must be UTF-8, and the error quotes nothing of the text.
 *
 * @throws CartieError `invalid_response`, or `options.code`
 */
export function parseJson(input: string | Uint8Array, options: ParseJsonOptions = {}): unknown {
  const { service, operation, code = 'invalid_response', maxDepth = 200 } = options;
  const fault = (message: string): CartieError =>
    new CartieError(code, message, {
      service,
      operation,
      ...(code === 'invalid_response' && { outcome: 'unknown' }),
    });
  const text = typeof input === 'string' ? input : decode(input);
  if (text === undefined) throw fault('The body is not UTF-8');
  if (isDeeper(text, maxDepth)) throw fault('The JSON is nested too deep');
  try {
    return digitRun.test(text) ? (JSON.parse(text, keepDigits) as unknown) : (JSON.parse(text) as unknown);
  } catch {
    throw fault('The body is not JSON');
  }
}

// Fewer digits always fit a number. A run inside a string only costs the slower way.
const digitRun = /\d{16}/;

// The third parameter (Node 22 and newer) is not in TypeScript's library yet.
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? source : value;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

// Before parsing: a reviver walks the result by recursion, and so does most code that gets it.
function isDeeper(text: string, maxDepth: number): boolean {
  if (text.length <= maxDepth) return false;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22:
        i = endOfString(text, i);
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > maxDepth) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth--;
        break;
    }
  }
  return false;
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}
