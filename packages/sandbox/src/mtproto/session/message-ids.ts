import type { DcClock } from '../dc-clock.ts';

/** How far a client's clock may be behind and ahead, in milliseconds. @see https://core.telegram.org/mtproto/description#message-identifier-msg-id */
const acceptedAgeMs = { behind: 300_000, ahead: 30_000 } as const;

/** The error code for a message's id, or undefined when it is right. @see https://core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message */
export function messageIdFault(messageId: bigint, clock: DcClock): number | undefined {
  const sentAt = Number((messageId * 1000n) >> 32n);
  if (sentAt < clock.now() - acceptedAgeMs.behind) return 16;
  if (sentAt > clock.now() + acceptedAgeMs.ahead) return 17;
  return messageId % 4n === 0n ? undefined : 18;
}

/** Makes message ids that rise: 1 modulo 4 for answers, 3 for pushes. */
export function createMessageIds(clock: DcClock): (kind: 'answer' | 'push') => bigint {
  let last = 0n;
  return (kind) => {
    const now = ((BigInt(clock.now()) << 32n) / 1000n) & ~3n;
    last = now > last ? now : (last & ~3n) + 4n;
    const id = last | (kind === 'answer' ? 1n : 3n);
    last = id;
    return id;
  };
}
