export type { Breaker, BreakerOptions } from './breaker.ts';
export type {
  Answer,
  Caller,
  CallerConfig,
  CallPlan,
  CallResult,
  Failure,
  OutgoingRequest,
} from './caller.ts';
export {
  CartieError,
  type CartieErrorDetails,
  type ErrorCode,
  errorCodes,
  isCartieError,
  type Outcome,
  type ProviderFailure,
} from './errors.ts';
export type { CircuitState, ClientEvent, EventListener } from './events.ts';
export type { HealthCheck, HealthReport, HealthStatus } from './health.ts';
export { type CachedHealthOptions, cachedHealth } from './health-check.ts';
export { createHealthHandler, type HealthHandlerOptions, type HealthSummary } from './health-handler.ts';
export type { Job, JobQueue, SendOptions } from './job-queue.ts';
export type { KeyValueStore, StoredValue } from './key-value-store.ts';
export type { Limiter, LimitKey } from './limiter.ts';
export { memoryStore } from './memory-store.ts';
export type { CallOptions, ClientOptions, Secret } from './options.ts';
export { type HmacCheck, safeEqual, verifyHmacSha256 } from './signature.ts';
export type {
  DedupClaim,
  DedupStore,
  Lease,
  LeaseStore,
  SessionStore,
  StoredSession,
  StoredToken,
  TokenStore,
} from './stores.ts';
export {
  createWebhookHandler,
  type RequestHandler,
  type Update,
  type WebhookAnswer,
  type WebhookHeaders,
  type WebhookOptions,
  type WebhookRate,
  type WebhookRequest,
} from './webhook.ts';
