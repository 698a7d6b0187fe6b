import type { CallOptions } from '@cartie/core';
import type { ApiMethods } from '@grammyjs/types';
import type { TelegramMethod } from './operations.ts';

/**
 * Every type of the Bot API in Telegram's own names: `Telegram.Message`, `Telegram.Update`, `Telegram.InlineKeyboardMarkup`.
 * There is nothing of it at run time: `import type { Telegram } from '@cartie/telegram'`.
 */
export type * as Telegram from '@grammyjs/types';

/** A file to upload, made by `inputFile()`. */
export interface InputFile {
  /** The name that the receiver sees. */
  readonly name: string;
  readonly contentType: string;
  /** `false` where the content can be read only once: a call with such a file is never repeated. */
  readonly replayable: boolean;
  /** How many bytes it has, where that can be known without reading it. */
  size(): Promise<number | undefined>;
  /** Reads the content. */
  read(): AsyncIterable<Uint8Array>;
}

type Parameter<Method extends TelegramMethod> = Parameters<ApiMethods<InputFile>[Method]>[0];

/** The parameters of a method in Telegram's spelling, files as {@link InputFile}. */
export type TelegramParams<Method extends TelegramMethod> = [NonNullable<Parameter<Method>>] extends [never]
  ? Record<string, never>
  : NonNullable<Parameter<Method>>;

/** What a method gives. */
export type TelegramResult<Method extends TelegramMethod> = ReturnType<ApiMethods<InputFile>[Method]>;

/** The arguments of a method: parameters may be left out where none is required. */
export type TelegramArguments<Method extends TelegramMethod> =
  Record<string, never> extends TelegramParams<Method>
    ? [params?: TelegramParams<Method> | undefined, options?: CallOptions | undefined]
    : [params: TelegramParams<Method>, options?: CallOptions | undefined];

/**
 * Every method of the Bot API.
 * @see https://core.telegram.org/bots/api#available-methods
 */
export type TelegramMethods = {
  [Method in TelegramMethod]: (...args: TelegramArguments<Method>) => Promise<TelegramResult<Method>>;
};

/** The end of a `call()`: the result and how it came about. */
export interface TelegramAnswer<Result> {
  data: Result;
  /** The HTTP status. */
  status: number;
  /** Telegram gives its requests no ids, a gateway in front of it may. */
  requestId: string | undefined;
  attempts: number;
}
