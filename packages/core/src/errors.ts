/** Every code that a {@link CartieError} can carry. The list is closed: a `switch` over it can be exhaustive. */
export const errorCodes = [
  'invalid_config',
  'invalid_input',
  'unauthorized',
  'forbidden',
  'not_found',
  'conflict',
  'rejected',
  'rate_limited',
  'upstream_error',
  'invalid_response',
  'connection_failed',
  'timeout',
  'circuit_open',
  'overloaded',
  'storage_error',
  'invalid_signature',
] as const;

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number];

/**
 * May the provider have acted on the call? `not_executed`: certainly not, it can be repeated without harm.
 * `unknown`: it may have; repeating it may do the thing twice.
 */
export type Outcome = 'not_executed' | 'unknown';

/** What the provider itself said, in its own numbers. The message is scrubbed of tokens, addresses and URLs. */
export interface ProviderFailure {
  code?: string | number | undefined;
  subcode?: string | number | undefined;
  message?: string | undefined;
}

/** The facts of a {@link CartieError} beside its code and message. */
export interface CartieErrorDetails {
  /** Which client or component failed: `telegram`, `postgres`, … */
  service?: string | undefined;
  /** The method or step that failed: `sendMessage`, `accept`, … */
  operation?: string | undefined;
  /** The option or field to fix, as a path: `text`, `reply_markup.inline_keyboard[0]`. */
  field?: string | undefined;
  /** Could the same call succeed later? Default: by the code. */
  retryable?: boolean | undefined;
  /** May the provider have acted? Default: by the code. */
  outcome?: Outcome | undefined;
  /** How long to wait before another try, where the provider or a limiter said so. Milliseconds. */
  retryAfterMs?: number | undefined;
  /** The HTTP status, where there was an answer. */
  status?: number | undefined;
  /** The provider's id of the request, for its support. */
  requestId?: string | undefined;
  provider?: ProviderFailure | undefined;
  /** How many attempts reached for the network. */
  attempts?: number | undefined;
}

interface CodeDefaults {
  readonly retryable: boolean;
  readonly outcome: Outcome;
}

const defaults = {
  invalid_config: { retryable: false, outcome: 'not_executed' },
  invalid_input: { retryable: false, outcome: 'not_executed' },
  unauthorized: { retryable: false, outcome: 'not_executed' },
  forbidden: { retryable: false, outcome: 'not_executed' },
  not_found: { retryable: false, outcome: 'not_executed' },
  conflict: { retryable: false, outcome: 'not_executed' },
  rejected: { retryable: false, outcome: 'not_executed' },
  rate_limited: { retryable: true, outcome: 'not_executed' },
  upstream_error: { retryable: true, outcome: 'unknown' },
  invalid_response: { retryable: true, outcome: 'unknown' },
  connection_failed: { retryable: true, outcome: 'unknown' },
  timeout: { retryable: true, outcome: 'unknown' },
  circuit_open: { retryable: true, outcome: 'not_executed' },
  overloaded: { retryable: true, outcome: 'not_executed' },
  storage_error: { retryable: true, outcome: 'unknown' },
  invalid_signature: { retryable: false, outcome: 'not_executed' },
} as const satisfies Record<ErrorCode, CodeDefaults>;

// Shared by every copy of this package that one process may load, so that `isCartieError` holds across them.
const brand = Symbol.for('@cartie/core/CartieError');

/**
 * The one error of every `@cartie` package. It holds no URL, header, body, token, phone or e-mail, neither in a
 * property nor in `cause` or `stack`, so it can be logged as it is.
 */
export class CartieError extends Error {
  readonly code: ErrorCode;
  readonly service: string | undefined;
  readonly operation: string | undefined;
  readonly field: string | undefined;
  readonly retryable: boolean;
  readonly outcome: Outcome;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly provider: ProviderFailure | undefined;
  readonly attempts: number;

  constructor(code: ErrorCode, message: string, details: CartieErrorDetails = {}) {
    super(message);
    this.name = 'CartieError';
    Object.defineProperty(this, brand, { value: true });
    this.code = code;
    this.service = details.service;
    this.operation = details.operation;
    this.field = details.field;
    this.retryable = details.retryable ?? defaults[code].retryable;
    this.outcome = details.outcome ?? defaults[code].outcome;
    this.retryAfterMs = details.retryAfterMs;
    this.status = details.status;
    this.requestId = details.requestId;
    this.provider = details.provider;
    this.attempts = details.attempts ?? 0;
  }
}

/** Is this a {@link CartieError}, also one that another copy of the package made? */
export function isCartieError(error: unknown): error is CartieError {
  return typeof error === 'object' && error !== null && brand in error;
}
