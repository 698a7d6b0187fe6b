import type { EntityKind } from './entities.ts';

/** Which Markdown: the older one knows no escapes inside code. */
export type MarkdownStyle = 'MarkdownV2' | 'Markdown';

/** A code or code block. */
export interface Code {
  readonly text: string;
  readonly kind: EntityKind;
  /** Where the source goes on. */
  readonly end: number;
}

/** The code that begins at `at`; `undefined` if none does, `null` if it never ends. */
export function codeAt(source: string, at: number, style: MarkdownStyle): Code | null | undefined {
  if (source.charAt(at) !== '`') return undefined;
  const fence = source.startsWith('```', at) ? '```' : '`';
  let text = '';
  let i = at + fence.length;
  while (!source.startsWith(fence, i)) {
    if (i >= source.length) return null;
    const escaped = style === 'MarkdownV2' && isEscape(source, i);
    if (style === 'MarkdownV2' && !escaped && source.charAt(i) === '`') return null;
    if (escaped) i += 1;
    text += source.charAt(i);
    i += 1;
  }
  const end = i + fence.length;
  if (fence === '`') return { text, kind: { type: 'code' }, end };
  const [, language, content = text] = /^([^\s`]*)\r?\n([\s\S]*)$/.exec(text) ?? [];
  return { text: content, kind: language ? { type: 'pre', language } : { type: 'pre' }, end };
}

/** The address in round brackets that begins at `at`. */
export function addressAt(
  source: string,
  at: number,
  style: MarkdownStyle,
): { url: string; end: number } | undefined {
  if (source.charAt(at) !== '(') return undefined;
  let url = '';
  for (let i = at + 1; i < source.length; i++) {
    if (source.charAt(i) === ')') return { url, end: i + 1 };
    if (style === 'MarkdownV2' && isEscape(source, i)) i += 1;
    url += source.charAt(i);
  }
  return undefined;
}

/** Does a backslash here make the next character an ordinary one? */
export function isEscape(source: string, at: number): boolean {
  const next = source.charAt(at + 1);
  return source.charAt(at) === '\\' && next > '\0' && next <= '~';
}
