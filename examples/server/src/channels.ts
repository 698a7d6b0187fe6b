import type { Sender } from '@cartie/core/postgres';
import type { ChannelFiles } from './message-files.ts';
import type { TemplateBook } from './whatsapp-templates.ts';

/** The channels that conversations can be held through. */
export type ChannelId = 'telegram' | 'viber' | 'whatsapp';

/** A channel that conversations are held through, as the page knows it. */
export interface Channel {
  readonly id: ChannelId;
  readonly name: string;
  /** Which of our bots or numbers: conversations of another one can be read, not answered. */
  readonly account: string;
  /** Longest text of one message, in UTF-16 units. */
  readonly maxTextLength: number;
  /** Where to write as a user, on the sandbox. */
  readonly sandboxUrl?: string | undefined;
  /** What may be attached to a message. */
  readonly files?: { readonly accept: readonly string[]; readonly maxBytes: number } | undefined;
  /** Are there templates to send? */
  readonly hasTemplates?: boolean | undefined;
  /** Free texts are taken only so long after the person wrote. Milliseconds. */
  readonly windowMs?: number | undefined;
  /** The template that a text goes out in after that; without one only templates can be sent then. */
  readonly fallbackTemplate?: string | undefined;
}

/** A provider that conversations are held through, connected. */
export interface ChannelConnection {
  readonly channel: Channel;
  /** Makes the calls of the messages that wait in the outbox. */
  readonly sender: Sender<never>;
  /** Where it keeps files, if it lets us have them. */
  readonly files?: ChannelFiles | undefined;
  /** Its templates, if it has some. */
  readonly templates?: TemplateBook | undefined;
}

/** Everything that this server connects, by the names of the packages; what is off is shown as not configured. */
export const integrations = {
  telegram: 'Telegram',
  whatsapp: 'WhatsApp',
  viber: 'Viber',
  'meta-capi': 'Meta Conversions API',
  sendpulse: 'SendPulse',
  autoria: 'AUTO.RIA',
  mtproto: 'Telegram accounts (MTProto)',
} as const satisfies Record<string, string>;

/** The channel to write into a conversation through; or why nobody can now, as a sentence. */
export function channelToAnswer(
  channels: readonly Channel[],
  conversation: { channel: string; account: string; unreachable: boolean },
): Channel | string {
  const channel = channels.find(({ id }) => id === conversation.channel);
  if (channel === undefined) return 'This channel is not configured.';
  if (channel.account !== conversation.account) {
    return `This conversation belongs to another ${channel.name} bot or number (${conversation.account}) than the configured one.`;
  }
  if (conversation.unreachable) return 'This person has left: nothing can be sent until they write again.';
  return channel;
}

/** Until when the person can be written to freely, epoch milliseconds; `undefined` where there is no such limit. */
export function windowEndOf(
  channel: Channel | undefined,
  { lastInboundAt }: { lastInboundAt: number | null },
): number | undefined {
  return channel?.windowMs === undefined ? undefined : (lastInboundAt ?? 0) + channel.windowMs;
}
