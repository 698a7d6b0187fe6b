import { fromSent } from './messages.ts';
import { type TlObject, tlObject } from './tl.ts';

/**
 * What the answer to a request of ours says as an update; `undefined` where it says none. A deletion, and often a message, is told
 * to the session that did it by this answer alone, which leaves out what the request said.
 * @see https://core.telegram.org/api/updates
 */
export function ownUpdate(request: TlObject, answer: TlObject, self: bigint): TlObject | undefined {
  const { pts, ptsCount } = answer;
  if (answer._ === 'updateShortSentMessage')
    return { _: 'updateNewMessage', pts, ptsCount, message: fromSent(answer, request, self) };
  if (answer._ !== 'messages.affectedMessages') return undefined;
  const channelId = tlObject(request.channel)?.channelId;
  const place = { pts, ptsCount, ...(channelId !== undefined && { channelId }) };
  switch (request._) {
    case 'messages.deleteMessages':
      return { ...place, _: 'updateDeleteMessages', messages: request.id };
    case 'channels.deleteMessages':
      return { ...place, _: 'updateDeleteChannelMessages', messages: request.id };
    default:
      return { ...place, _: answer._ };
  }
}
