import { badRequest } from './api-failure.ts';
import { detectEntities } from './detect-entities.ts';
import type { Params } from './params.ts';
import type { TelegramEntity } from './types.ts';

/** Limits of texts, in UTF-16 units after the formatting is taken out. */
export const textLimits = { text: 4_096, caption: 1_024 } as const;

/** A text and what its parts mean. */
export interface FormattedText {
  readonly text: string;
  readonly entities: TelegramEntity[];
}

/** Reads the text of a message; refuses empty and too long ones. */
export function readText(params: Params, name = 'text'): { text: string; entities?: TelegramEntity[] } {
  const { text, entities } = readFormatted(params, name, 'entities');
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

function readFormatted(params: Params, name: string, entitiesName: string): FormattedText {
  const text = params.text(name).trim();
  return { text, entities: detectEntities(text, (params.array(entitiesName) ?? []) as TelegramEntity[]) };
}
