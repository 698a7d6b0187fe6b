import type { TelegramEntity } from '../types.ts';

/** What a link in a formatted text becomes: a mention of a user, a link, or nothing if it is no address. */
export function linkEntity(url: string, offset: number, length: number): TelegramEntity | undefined {
  const user = /^tg:\/\/user\?id=(\d+)$/i.exec(url)?.[1];
  if (user) {
    return {
      offset,
      length,
      type: 'text_mention',
      user: { id: Number(user), is_bot: false, first_name: `User ${user}` },
    };
  }
  const address = /^[a-z][a-z0-9+.-]*:/i.test(url) ? url : `http://${url}`;
  if (!URL.canParse(address) || !/^(https?|tg|ton):/i.test(address)) return undefined;
  const { hostname, href, protocol } = new URL(address);
  if (/^https?:$/.test(protocol) && !hostname.includes('.') && hostname !== 'localhost') return undefined;
  return { offset, length, type: 'text_link', url: href };
}

/** `tg://emoji?id=…` and `tg://time?unix=…`, which MarkdownV2 writes as images. */
export function imageEntity(url: string, offset: number, length: number): TelegramEntity | undefined {
  const emoji = /^tg:\/\/emoji\?id=(\d+)$/i.exec(url)?.[1];
  if (emoji) return { offset, length, type: 'custom_emoji', custom_emoji_id: emoji };
  if (!/^tg:\/\/time\?/i.test(url)) return undefined;
  const query = new URLSearchParams(url.slice(url.indexOf('?')));
  const unix = Number(query.get('unix'));
  if (!(unix > 0)) return undefined;
  const format = query.get('format');
  return { offset, length, type: 'date_time', unix_time: unix, ...(format && { date_time_format: format }) };
}
