import type { TelegramEntity } from '../types.ts';

const patterns = [
  ['bot_command', /(?<![\w/])\/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?!\w)/g],
  [
    'url',
    /(?<![\w@.])(?:https?:\/\/[^\s<>"]+|(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|ua|ru|me|app)(?:\/[^\s<>"]*)?)(?![\w@])/gi,
  ],
  ['email', /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g],
  ['mention', /(?<![\w@])@[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)/g],
  ['hashtag', /(?<![\w#])#[\p{L}\p{N}_]*\p{L}[\p{L}\p{N}_]*/gu],
  ['cashtag', /(?<![\w$])\$[A-Z]{1,8}(?:@[A-Za-z0-9_]{3,32})?(?!\w)/g],
  ['phone_number', /(?<![\w+])\+\d{10,14}(?!\d)/g],
] as const;

/** Adds what Telegram finds in a text by itself: commands, links, mentions, tags. Never inside an entity that is given. */
export function detectEntities(text: string, given: readonly TelegramEntity[] = []): TelegramEntity[] {
  const entities = [...given];
  // Nothing to find in a text without these: the common case under load.
  const patternsToTry = /[/.@#$+]/.test(text) ? patterns : [];
  for (const [type, pattern] of patternsToTry) {
    for (const match of text.matchAll(pattern)) {
      const found = { type, offset: match.index, length: match[0].length };
      if (!entities.some((entity) => overlap(entity, found))) entities.push(found);
    }
  }
  return entities.sort((a, b) => a.offset - b.offset || b.length - a.length);
}

function overlap(a: TelegramEntity, b: TelegramEntity): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}
