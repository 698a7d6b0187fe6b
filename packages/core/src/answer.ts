import type { Answer } from './caller.ts';
import { parseJson } from './json.ts';

/** Makes an {@link Answer}; text and JSON are decoded on first use. */
export function createAnswer(status: number, headers: Headers, bytes: Uint8Array): Answer {
  let text: string | undefined;
  let json: { readonly value: unknown } | undefined;
  const answer: Answer = {
    status,
    headers,
    bytes,
    get text() {
      text ??= decoder.decode(bytes);
      return text;
    },
    get json() {
      json ??= { value: parsed(answer.text) };
      return json.value;
    },
  };
  return answer;
}

/**
 * Is this a web page where JSON was due? Gateways and proxies answer with one when the provider is down. The body
 * decides: some providers send JSON as `text/html`.
 */
export function isHtml(answer: Answer): boolean {
  for (const byte of answer.bytes) {
    if (byte > 0x20) return byte === 0x3c;
  }
  return false;
}

const decoder = new TextDecoder();

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
