/** A refusal of the gateway or of an endpoint. */
export interface RiaFailure {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The gateway's code, or the text of the endpoint's own message. */
  readonly code: string;
}

/**
 * Codes of the gateway, which answers before any endpoint is asked.
 * @see https://github.com/ria-com/auto-ria-rest-api/blob/master/AUTO_RIA_API/README.md
 */
const gatewayCodes = {
  API_KEY_MISSING: {
    status: 403,
    message: 'No api_key was supplied. Get one at https://developers.ria.com',
  },
  API_KEY_INVALID: {
    status: 403,
    message: 'An invalid api_key was supplied. Get one at https://developers.ria.com',
  },
  API_KEY_DISABLED: { status: 403, message: 'The api_key supplied has been disabled.' },
  API_KEY_UNAUTHORIZED: {
    status: 403,
    message: 'The api_key supplied is not authorized to access the given service.',
  },
  API_KEY_UNVERIFIED: { status: 403, message: 'The api_key supplied has not been verified yet.' },
  HTTPS_REQUIRED: { status: 400, message: 'Requests must be made over HTTPS.' },
  OVER_RATE_LIMIT: { status: 429, message: 'You have exceeded your rate limit.' },
  NOT_FOUND: { status: 404, message: 'The requested URL was not found on this server.' },
} as const satisfies Record<string, { status: number; message: string }>;

/** A code of the gateway. */
export type GatewayCode = keyof typeof gatewayCodes;

const failures = new WeakSet<object>();

function failure(status: number, code: string, body: Record<string, unknown>): RiaFailure {
  const made: RiaFailure = { status, code, body };
  failures.add(made);
  return made;
}

/** A refusal of the gateway, to throw. */
export function refusal(code: GatewayCode): RiaFailure {
  const { status, message } = gatewayCodes[code];
  return failure(status, code, { error: { code, message } });
}

/** A refusal of an endpoint, which says only `{ message }`. */
export function complaint(status: number, message: string): RiaFailure {
  return failure(status, message, { message });
}

/** What the paid endpoints answer, with status 200, to input that they cannot use. */
export function noticeError(notice: string): RiaFailure {
  return failure(200, notice, {
    noticeData: [{ linkHref: '', linkText: '', noticeString: notice, noticeType: 'error' }],
    searchType: 'omniId',
  });
}

/** Whether a text is a code of the gateway. */
export function isGatewayCode(text: string): text is GatewayCode {
  return Object.hasOwn(gatewayCodes, text);
}

/** Was this made by one of the functions here? */
export function isRiaFailure(value: unknown): value is RiaFailure {
  return typeof value === 'object' && value !== null && failures.has(value);
}
