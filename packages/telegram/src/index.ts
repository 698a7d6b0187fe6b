export { createTelegramClient, type TelegramClient } from './client.ts';
export type { DownloadedFile, DownloadFile, DownloadOptions } from './download.ts';
export { type TelegramFailure, type TelegramFailureKind, telegramFailure } from './errors.ts';
export { escapeHtml, escapeMarkdownV2, type MarkdownPlace } from './escape.ts';
export { type ByteStream, type FileSource, type InputFileOptions, inputFile } from './files.ts';
export {
  type InitData,
  type InitDataChat,
  type InitDataOptions,
  type InitDataUser,
  verifyInitData,
} from './init-data.ts';
export type { Rate, TelegramRates } from './limits.ts';
export type { FormattedText } from './markup.ts';
export type { TelegramMethod } from './operations.ts';
export type { TelegramClientOptions } from './options.ts';
export { createTelegramPoller, type TelegramPoller, type TelegramPollerOptions } from './poller.ts';
export type { SendText } from './send-text.ts';
export type { SyncWebhook, WebhookSettings } from './set-webhook.ts';
export { type SplitOptions, splitText, textLimits } from './split-text.ts';
export type {
  InputFile,
  Telegram,
  TelegramAnswer,
  TelegramArguments,
  TelegramMethods,
  TelegramParams,
  TelegramResult,
} from './types.ts';
export { allowedUpdates, type UpdateKind, type WantedKinds } from './updates.ts';
export { createTelegramWebhook, type TelegramWebhookOptions } from './webhook.ts';
