import type { MessageEntity } from '@grammyjs/types';

/** An entity before its place is known. */
export type EntityKind = MessageEntity extends infer Entity
  ? Entity extends MessageEntity
    ? Omit<Entity, 'offset' | 'length'>
    : never
  : never;

/** A kind of entity that has no more than a name. */
export type PlainKind = MessageEntity.CommonMessageEntity['type'];

/** Puts entities in the order of the text, the outer before the inner, without empty ones. */
export function inOrder(entities: readonly MessageEntity[]): MessageEntity[] {
  return entities
    .filter(({ length }) => length > 0)
    .sort((a, b) => a.offset - b.offset || b.length - a.length);
}

/** The entity that an address inside a link or an emoji stands for; `undefined` if there is none. */
export function special(url: string): EntityKind | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host, searchParams } = new URL(url);
  if (protocol !== 'tg:') return undefined;
  const id = searchParams.get('id');
  if (host === 'emoji' && id !== null && /^\d+$/.test(id))
    return { type: 'custom_emoji', custom_emoji_id: id };
  if (host === 'time') return dateTime(searchParams.get('unix'), searchParams.get('format'));
  return undefined;
}

/** A point in time, shown in the reader's own zone. */
export function dateTime(
  unix: string | null | undefined,
  format: string | null | undefined,
): EntityKind | undefined {
  if (unix == null || !/^\d{1,12}$/.test(unix)) return undefined;
  const wanted = format ?? '';
  if (!/^(r|w?[dD]?[tT]?)$/.test(wanted)) return undefined;
  return {
    type: 'date_time',
    unix_time: Number(unix),
    date_time_format: wanted as MessageEntity.DateTimeMessageEntity['date_time_format'],
  };
}
