import { type CallOptions, CartieError, isCartieError } from '@cartie/core';
import type { Message, MessageEntity } from '@grammyjs/types';
import type { AnyParams, Call } from './call.ts';
import { telegramFailure } from './errors.ts';
import { type FormattedText, parseMarkup } from './markup.ts';
import { splitText, textLimits } from './split-text.ts';
import type { TelegramParams } from './types.ts';

/** Sends a text of any length, in as many messages as it takes. */
export type SendText = (
  params: TelegramParams<'sendMessage'>,
  options?: CallOptions,
) => Promise<Message.TextMessage[]>;

/** Builds `sendText`. */
export function createSendText(call: Call): SendText {
  return async (params, options) => {
    const { text, parse_mode, entities, reply_parameters, reply_markup, ...shared } = params;
    const send = async (message: AnyParams): Promise<Message.TextMessage> =>
      (await call('sendMessage', message, options)).data as Message.TextMessage;

    // What fits is left to Telegram to read.
    if (typeof text !== 'string' || text.length <= textLimits.message) {
      try {
        return [await send(params)];
      } catch (error) {
        if (!cannotParse(error)) throw error;
      }
    }
    const parts = text.length <= textLimits.message ? plain(text) : partsOf(text, parse_mode, entities);
    const sent: Message.TextMessage[] = [];
    for (const [i, part] of parts.entries()) {
      const message = {
        ...shared,
        ...(i === 0 ? { reply_parameters } : {}),
        ...(i === parts.length - 1 ? { reply_markup } : {}),
        text: part.text,
      };
      try {
        sent.push(await sendFormatted(send, message, part.entities));
      } catch (error) {
        throw sent.length > 0 ? partlySent(error) : error;
      }
    }
    return sent;
  };
}

async function sendFormatted(
  send: (message: AnyParams) => Promise<Message.TextMessage>,
  message: AnyParams,
  entities: readonly MessageEntity[],
): Promise<Message.TextMessage> {
  if (entities.length === 0) return send(message);
  try {
    return await send({ ...message, entities });
  } catch (error) {
    if (!cannotParse(error)) throw error;
    return send(message);
  }
}

function partsOf(
  text: string,
  parseMode: TelegramParams<'sendMessage'>['parse_mode'],
  entities: readonly MessageEntity[] | undefined,
): FormattedText[] {
  if (parseMode === undefined) return splitText(text, { entities });
  const formatted = parseMarkup(text, parseMode);
  return formatted === undefined ? plain(text) : splitText(formatted.text, { entities: formatted.entities });
}

function plain(text: string): FormattedText[] {
  return splitText(text);
}

function cannotParse(error: unknown): boolean {
  return telegramFailure(error)?.kind === 'cannot_parse_entities';
}

// The first parts are with the reader: repeating the whole would show them twice.
function partlySent(error: unknown): unknown {
  if (!isCartieError(error) || error.outcome === 'unknown') return error;
  const {
    code,
    message,
    service,
    operation,
    field,
    retryable,
    retryAfterMs,
    status,
    requestId,
    provider,
    attempts,
  } = error;
  return new CartieError(code, message, {
    service,
    operation,
    field,
    retryable,
    outcome: 'unknown',
    retryAfterMs,
    status,
    requestId,
    provider,
    attempts,
  });
}
