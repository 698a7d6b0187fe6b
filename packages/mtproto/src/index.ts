export type { MtprotoAccount } from './account.ts';
export {
  createMtprotoHub,
  type EventFilter,
  type MtprotoHub,
  type NewAccount,
  type StartedAccount,
} from './client.ts';
export type {
  ConnectionEnd,
  Datacenter,
  Engine,
  EngineAnswer,
  EngineConnection,
  EngineConnectOptions,
} from './engine.ts';
export { type MtprotoFailure, type MtprotoFailureKind, mtprotoFailure } from './errors.ts';
export type { HistoryOptions } from './history.ts';
export { type MtprotoUpdatePayload, toUpdate } from './inbox-update.ts';
export { MAX_HISTORY_LIMIT } from './limits.ts';
export type { LoginOptions, MtprotoLogin } from './login.ts';
export type { DownloadOptions } from './media.ts';
export type {
  MtprotoCallOptions,
  MtprotoDevice,
  MtprotoHandler,
  MtprotoHubOptions,
  MtprotoServers,
} from './options.ts';
export type { OutgoingText } from './send.ts';
export type { TlObject, TlValue } from './tl.ts';
export type {
  ChatLike,
  LoginStep,
  MtprotoChat,
  MtprotoEvent,
  MtprotoMedia,
  MtprotoMessage,
  MtprotoState,
  MtprotoStateChange,
  MtprotoStateReason,
  MtprotoUser,
} from './types.ts';
