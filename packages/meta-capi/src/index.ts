export { type BrowserId, type BrowserIdOptions, buildFbc, buildFbp, parseBrowserId } from './browser-ids.ts';
export { createMetaCapiClient, type MetaCapiClient, type SendOptions } from './client.ts';
export { type ClientIpSources, chooseClientIp } from './client-ip.ts';
export {
  type BufferCounts,
  createEventBuffer,
  type DeadEvent,
  type EventBuffer,
  type EventBufferOptions,
  type TrackedEvent,
} from './event-buffer.ts';
export type { MetaCapiClientOptions } from './options.ts';
export type {
  ActionSource,
  AppData,
  Content,
  CustomData,
  EventResult,
  EventWarning,
  MetaEvent,
  PreparedEvent,
  StandardEvent,
  UserData,
  WireEvent,
} from './types.ts';
export { type HashedUserData, type HashUserDataOptions, hashUserData } from './user-data.ts';
export { readVisitor, type Visitor, type VisitorOptions, type VisitorRequest } from './visitor.ts';
