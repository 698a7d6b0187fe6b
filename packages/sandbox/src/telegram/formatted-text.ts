import { badRequest } from './api-failure.ts';
import { checkedEntities } from './entities/checked.ts';
import { detectEntities } from './entities/detect.ts';
import { parseHtml } from './entities/parse-html.ts';
import { parseMarkdown } from './entities/parse-markdown.ts';
import { parseMarkdownV2 } from './entities/parse-markdown-v2.ts';
import { createParams, type Params } from './params.ts';
import type { TelegramEntity } from './types.ts';

/** Limits of texts, in UTF-16 units after the formatting is taken out. */
const textLimits = { text: 4_096, caption: 1_024 } as const;

/** A text and what its parts mean. */
export interface FormattedText {
  readonly text: string;
  readonly entities: TelegramEntity[];
}

const parsers: Readonly<Record<string, (source: string) => FormattedText>> = {
  html: parseHtml,
  markdown: parseMarkdown,
  markdownv2: parseMarkdownV2,
};

/** Reads the text of a message; refuses empty and too long ones. */
export function readText(params: Params): { text: string; entities?: TelegramEntity[] } {
  const { text, entities } = readFormatted(params, 'text', 'entities');
  if (text === '') throw badRequest('message text is empty');
  if (text.length > textLimits.text) throw badRequest('message is too long');
  return { text, ...(entities.length > 0 && { entities }) };
}

/** Reads a caption, which may be absent. */
export function readCaption(params: Params): { caption?: string; caption_entities?: TelegramEntity[] } {
  const { text, entities } = readFormatted(params, 'caption', 'caption_entities');
  if (text === '') return {};
  if (text.length > textLimits.caption) throw badRequest('message caption is too long');
  return { caption: text, ...(entities.length > 0 && { caption_entities: entities }) };
}

/** Reads the caption of one medium of an album. */
export function captionOf(media: Readonly<Record<string, unknown>>): ReturnType<typeof readCaption> {
  return readCaption(createParams(media));
}

/** Reads a formatted text by `parse_mode` or the given entities. */
export function readFormatted(
  params: Params,
  name: string,
  entitiesName: string,
  modeName = 'parse_mode',
): FormattedText {
  const source = params.text(name);
  const mode = params.text(modeName).toLowerCase();
  const parser = parsers[mode];
  if (mode !== '' && !parser) throw badRequest('unsupported parse_mode');
  const { text, entities } = parser
    ? parser(source)
    : { text: source, entities: checkedEntities(source, params.array(entitiesName) ?? []) };
  const trimmed = trim(text, entities);
  return { text: trimmed.text, entities: detectEntities(trimmed.text, trimmed.entities) };
}

function trim(text: string, entities: readonly TelegramEntity[]): FormattedText {
  const trimmed = text.trim();
  if (trimmed.length === text.length) return { text, entities: [...entities] };
  const skipped = text.length - text.trimStart().length;
  const moved = entities.map((entity) => {
    const from = Math.max(entity.offset - skipped, 0);
    const to = Math.min(entity.offset + entity.length - skipped, trimmed.length);
    return { ...entity, offset: from, length: to - from };
  });
  return { text: trimmed, entities: moved.filter(({ length }) => length > 0) };
}
