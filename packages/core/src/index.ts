export { abortable } from './abortable.ts';
export { isHtml } from './answer.ts';
export { type Breaker, type BreakerOptions, createBreaker } from './breaker.ts';
export {
  type Answer,
  type Caller,
  type CallerConfig,
  type CallPlan,
  type CallResult,
  createCaller,
  type Failure,
  type OutgoingRequest,
} from './caller.ts';
export { createDeadline, type Deadline, type DeadlineOptions, maxTimerMs, sleep } from './deadline.ts';
export type { EncryptionKey, EncryptionKeys } from './encryption.ts';
export {
  CartieError,
  type CartieErrorDetails,
  type ErrorCode,
  errorCodes,
  isCartieError,
  type Outcome,
  type ProviderFailure,
} from './errors.ts';
export {
  type CallEnd,
  type CircuitState,
  type ClientEvent,
  type EventListener,
  quietListener,
} from './events.ts';
export { guardStore } from './guard-store.ts';
export type { HealthCheck, HealthReport, HealthStatus } from './health.ts';
export { type CachedHealthOptions, cachedHealth } from './health-check.ts';
export { createHealthHandler, type HealthHandlerOptions, type HealthSummary } from './health-handler.ts';
export type { Inbox, InboxHandler, InboxRow } from './inbox.ts';
export {
  type CheckedJob,
  checkJob,
  type Job,
  type JobQueue,
  type SendOptions,
  type TransactionalJobQueue,
} from './job-queue.ts';
export { type ParseJsonOptions, parseJson } from './json.ts';
export type { KeyValueStore, StoredValue } from './key-value-store.ts';
export type { AcquireOptions, Limiter, LimitKey, Place, Places } from './limiter.ts';
export { type MemoryLimiter, type MemoryLimiterOptions, memoryLimiter } from './memory-limiter.ts';
export { type MemoryQueueOptions, memoryQueue } from './memory-queue.ts';
export { memoryStore } from './memory-store.ts';
export {
  type AddressOptions,
  normalizeCity,
  normalizeCountry,
  normalizeState,
  normalizeZip,
} from './normalize-address.ts';
export { normalizeEmail } from './normalize-email.ts';
export { normalizeDateOfBirth, normalizeGender, normalizeName } from './normalize-person.ts';
export { normalizePhone, type PhoneOptions } from './normalize-phone.ts';
export {
  type CallOptions,
  type ClientOptions,
  checkCallOptions,
  defaultOptions,
  durationSchema,
  type OwnFields,
  parseClientOptions,
  parseOptions,
  resolveSecret,
  type Secret,
  secretSchema,
} from './options.ts';
export type { Outbox, OutboxMessage, OutboxRow, OutboxStatus, Sender, SendResult } from './outbox.ts';
export { type Page, type PaginateOptions, paginate } from './pagination.ts';
export { hashPii, type PiiField, type PiiOptions } from './pii.ts';
export type { Policy } from './policy.ts';
export { redactText } from './redaction.ts';
export {
  type ParseContext,
  parseWith,
  type Schema,
  type SchemaIssue,
  type SchemaResult,
  unknownField,
} from './schema.ts';
export { type HmacCheck, safeEqual, verifyHmacSha256 } from './signature.ts';
export { closestName } from './spelling.ts';
export type { SqlDatabase, SqlExecutor, SqlTransaction } from './sql.ts';
export { type StoreClock, storeClock } from './store-clock.ts';
export { type StoreLimiterOptions, storeLimiter } from './store-limiter.ts';
export {
  createStores,
  type DedupClaim,
  type DedupStore,
  type Lease,
  type LeaseStore,
  type PlainStores,
  type SessionStore,
  type StoredSession,
  type StoredToken,
  type Stores,
  type StoresOptions,
  type TokenStore,
} from './stores.ts';
export {
  createTokenSource,
  type FetchedToken,
  type TokenSource,
  type TokenSourceOptions,
} from './token-source.ts';
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
