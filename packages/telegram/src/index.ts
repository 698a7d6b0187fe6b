export { type AlbumInbox, type AlbumOptions, type AlbumRow, collectAlbums } from './albums.ts';
export {
  type Broadcast,
  type BroadcastMethod,
  type BroadcastOptions,
  type BroadcastParams,
  type BroadcastReport,
  type BroadcastResult,
  broadcast,
} from './broadcast.ts';
export { createTelegramClient, type TelegramClient } from './client.ts';
export type { DownloadedFile, DownloadFile, DownloadOptions } from './download.ts';
export { type TelegramFailure, type TelegramFailureKind, telegramFailure } from './errors.ts';
export { escapeHtml, escapeMarkdownV2, type MarkdownPlace } from './escape.ts';
export { type ByteStream, type FileSource, type InputFileOptions, inputFile } from './files.ts';
export {
  type InitData,
  type InitDataChat,
  type InitDataOptions,
  type InitDataSignatureOptions,
  type InitDataUser,
  verifyInitData,
  verifyInitDataSignature,
} from './init-data.ts';
export type { Rate, TelegramRates } from './limits.ts';
export type { LocalServer } from './local-file.ts';
export {
  type CompletedLogin,
  createTelegramLogin,
  type LoginScope,
  type PendingLogin,
  type TelegramLogin,
} from './login.ts';
export type { TelegramLoginOptions } from './login-options.ts';
export type { LoginUser } from './login-token.ts';
export {
  type LoginWidgetData,
  type LoginWidgetOptions,
  type LoginWidgetUser,
  verifyLoginWidget,
} from './login-widget.ts';
export type { FormattedText } from './markup.ts';
export type { TelegramMethod } from './operations.ts';
export type { TelegramClientOptions } from './options.ts';
export { createPkce, type Pkce } from './pkce.ts';
export { createTelegramPoller, type TelegramPoller, type TelegramPollerOptions } from './poller.ts';
export type { SendText } from './send-text.ts';
export type { SyncWebhook, WebhookSettings } from './set-webhook.ts';
export type { SignedAge } from './signed-fields.ts';
export { type SplitOptions, splitText, textLimits } from './split-text.ts';
export type { StreamText, StreamTextOptions, StreamTextParams } from './stream-text.ts';
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
export type { ReplyMethod, TelegramReply } from './webhook-reply.ts';
