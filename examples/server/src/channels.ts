/** A channel that conversations are held through. */
export interface Channel {
  readonly id: 'telegram' | 'viber';
  readonly name: string;
  /** Which of our bots or numbers: conversations of another one can be read, not answered. */
  readonly account: string;
  /** Longest text of one message, in UTF-16 units. */
  readonly maxTextLength: number;
}

/** Everything that this server is to connect, by the names of the packages: the not yet present ones are shown as not configured. */
export const integrations = {
  telegram: 'Telegram',
  whatsapp: 'WhatsApp',
  viber: 'Viber',
  'meta-capi': 'Meta Conversions API',
  sendpulse: 'SendPulse',
  autoria: 'AUTO.RIA',
  mtproto: 'Telegram accounts (MTProto)',
} as const satisfies Record<string, string>;

/** Why nobody can write into a conversation now, as a sentence; `undefined` if one can. */
export function whyNoReply(
  channels: readonly Channel[],
  conversation: { channel: string; account: string; unreachable: boolean },
): string | undefined {
  const channel = channels.find(({ id }) => id === conversation.channel);
  if (channel === undefined) return 'This channel is not configured.';
  if (channel.account !== conversation.account) {
    return `This conversation belongs to another ${channel.name} bot (${conversation.account}) than the configured one.`;
  }
  if (conversation.unreachable) return 'This person has left: nothing can be sent until they write again.';
  return undefined;
}
