import type { Files } from './files.ts';
import type { Flood } from './flood.ts';
import type { Params } from './params.ts';
import type { Polling } from './polling.ts';
import type { Bot, TelegramState } from './state.ts';
import type { Webhooks } from './webhooks.ts';

/** The parts of the simulated Telegram that methods work with. */
export interface TelegramParts {
  readonly state: TelegramState;
  readonly flood: Flood;
  readonly files: Files;
  readonly webhooks: Webhooks;
  readonly polling: Polling;
}

/** One call of a method, already authorised. */
export interface Call extends TelegramParts {
  readonly bot: Bot;
  readonly params: Params;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

/** A method of the Bot API. */
export interface MethodRow {
  /** Parameters that must be there, refused with Telegram's text where the method has no better one. */
  readonly required?: readonly string[];
  /** Gives the result, or throws an `ApiFailure`. */
  run(call: Call): unknown;
}

/** A result with the text that Telegram puts beside it («Webhook was set»). */
export interface DescribedResult {
  readonly [descriptionKey]: string;
  readonly result: unknown;
}

const descriptionKey = Symbol('description');

/** Makes a {@link DescribedResult}. */
export function described(result: unknown, description: string): DescribedResult {
  return { result, [descriptionKey]: description };
}

/** The parts of the answer that a method's result becomes. */
export function answerOf(result: unknown): { result: unknown; description?: string } {
  if (typeof result !== 'object' || result === null || !(descriptionKey in result)) return { result };
  const { result: value, [descriptionKey]: description } = result as DescribedResult;
  return { result: value, description };
}
