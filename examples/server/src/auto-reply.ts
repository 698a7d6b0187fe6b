import type { AutoReplyConfig } from './config.ts';
import type { InboundMessage } from './inbound.ts';

/**
 * The text that answers a message by itself, or `undefined`: the place for your own rule. It runs inside the
 * transaction that stores the message, so it must not wait for anything.
 */
export function autoReply(
  message: InboundMessage,
  context: { firstContact: boolean; config: AutoReplyConfig },
): string | undefined {
  const { mode, prefix } = context.config;
  if (mode === 'off' || !message.isPrivate || !message.text.startsWith(prefix)) return undefined;
  if (message.text === '/start' || message.text.startsWith('/start ')) {
    return 'Hello! Write your question here and we will answer in this chat.';
  }
  if (mode === 'all' && message.text !== '') {
    return `Received: ${shortened(message.text)}`;
  }
  if (context.firstContact || mode === 'all') return 'Thank you for your message. We will answer here soon.';
  return undefined;
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200).trimEnd()}…` : text;
}
