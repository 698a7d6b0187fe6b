/** One call of the API. */
export interface AutoRiaCallRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  /** The HTTP method. */
  readonly method: string;
  readonly path: string;
  /** `search`, `info`, `dictionary`, `average_price`, `paid`, `listings`, `new`. */
  readonly operation: string;
  readonly key: string | undefined;
  /** The query without the key, as it was sent. */
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly body: unknown;
  /** The HTTP status; undefined if the connection was reset. */
  readonly status: number | undefined;
  /** The gateway's code or the endpoint's message, where it refused. */
  readonly code: string | undefined;
  /** Did it count against the key's quota? */
  readonly counted: boolean;
  readonly executed: boolean;
  readonly fault: string | undefined;
}
