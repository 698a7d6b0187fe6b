import { badRequest } from '../api-failure.ts';
import { isRecord } from '../params.ts';
import type { TelegramEntity } from '../types.ts';

/** Checks entities that a bot gives itself. */
export function checkedEntities(text: string, given: readonly unknown[]): TelegramEntity[] {
  return given.map((entity) => {
    if (!isRecord(entity) || typeof entity.type !== 'string') {
      throw badRequest("can't parse MessageEntity: MessageEntity must be an Object");
    }
    const { offset, length } = entity;
    if (typeof offset !== 'number' || offset < 0) {
      throw badRequest(`receive an entity with incorrect offset ${String(offset)}`);
    }
    if (typeof length !== 'number' || length < 0) {
      throw badRequest(`receive an entity with incorrect length ${String(length)}`);
    }
    if (offset > text.length) {
      throw badRequest(`entity begins after the end of the text at UTF-16 offset ${offset}`);
    }
    if (offset + length > text.length) {
      throw badRequest(
        `entity beginning at UTF-16 offset ${offset} ends after the end of the text at UTF-16 offset ${offset + length}`,
      );
    }
    return entity as TelegramEntity;
  });
}
