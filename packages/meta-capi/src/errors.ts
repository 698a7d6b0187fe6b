import { type Answer, type ErrorCode, type Failure, isHtml } from '@cartie/core';
import { usageOf } from './usage.ts';

interface CodeRow {
  readonly code: ErrorCode;
  /** What it means and what to do, in plain words: Meta's own are in the language of the token's owner. */
  readonly message: string;
  /** Is it about the events, so that dividing the batch finds the bad one? */
  readonly aboutEvents?: true;
  readonly field?: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
}

const throttled = { code: 'rate_limited', message: 'Meta limits the rate of calls for now' } as const;
const trouble = { code: 'upstream_error', message: 'Meta is in trouble: try again later' } as const;
const badToken = {
  code: 'unauthorized',
  message: 'Meta does not take `accessToken`: make a new one',
  field: 'accessToken',
} as const;
const noRight = {
  code: 'forbidden',
  message: 'The access token has no right to send events to this dataset',
} as const;
const badEvent = {
  code: 'rejected',
  message: 'Meta refused: a parameter is not valid',
  aboutEvents: true,
} as const;

/**
 * What Meta's codes mean. Ranges of codes are in {@link rowOf}.
 * @see https://developers.facebook.com/docs/graph-api/guides/error-handling
 */
const codes = {
  1: trouble,
  2: trouble,
  3: noRight,
  4: throttled,
  10: noRight,
  17: throttled,
  32: throttled,
  100: badEvent,
  102: badToken,
  105: { ...badEvent, message: 'Meta refused: too many parameters' },
  190: badToken,
  341: throttled,
  368: {
    code: 'forbidden',
    message: 'Meta has blocked this for a breach of its policies, for a time',
    retryable: true,
    retryAfterMs: 3_600_000,
  },
  506: { ...badEvent, message: 'Meta refused: it has this already' },
  613: throttled,
  803: { code: 'not_found', message: 'There is no such dataset', field: 'datasetId' },
  2635: {
    code: 'invalid_config',
    message: 'Meta has ended this version of its API: set `apiVersion` to a newer one',
    field: 'apiVersion',
  },
  5000: trouble,
  21009: { code: 'upstream_error', message: 'The dataset is not ready for events yet: try again later' },
} as const satisfies Record<number, CodeRow>;

/** Refusals of events (code 100) by subcode: what is wrong, and the field where one is to blame. */
const subcodes = {
  33: {
    code: 'not_found',
    message: 'There is no such dataset, or the access token has no right to it',
    field: 'datasetId',
  },
  2804001: badEvent,
  2804003: { ...badEvent, message: 'The event is older than Meta takes', field: 'event_time' },
  2804007: badEvent,
  2804008: { ...badEvent, message: 'A Purchase needs a value', field: 'custom_data.value' },
  2804009: { ...badEvent, message: 'A Purchase needs a value', field: 'custom_data.value' },
  2804010: { ...badEvent, message: 'A Purchase needs a currency', field: 'custom_data.currency' },
  2804016: { ...badEvent, message: 'A personal datum is not hashed', field: 'user_data' },
  2804017: badEvent,
  2804019: { ...badEvent, message: 'The event or its ctwa_clid is not valid', field: 'user_data.ctwa_clid' },
  2804030: {
    ...badEvent,
    message: 'The data processing options are incomplete',
    field: 'data_processing_options',
  },
  2804043: {
    ...badEvent,
    message: 'extinfo lacks the version of the operating system',
    field: 'app_data.extinfo[4]',
  },
  2804048: badEvent,
  2804050: {
    ...badEvent,
    message: 'There is too little in user_data to match a person by',
    field: 'user_data',
  },
  2804066: {
    ...badEvent,
    message: 'Meta takes no messaging event of this name from this account',
    field: 'event_name',
  },
  2804072: {
    ...badEvent,
    message: 'The page is not the one that the click belongs to',
    field: 'user_data.page_id',
  },
  2804081: { ...badEvent, message: 'The currency is missing', field: 'custom_data.currency' },
  2804087: {
    ...badEvent,
    message: 'The ctwa_clid is not one that Meta gave out',
    field: 'user_data.ctwa_clid',
  },
  2804116: {
    ...badEvent,
    message: 'A ctwa_clid needs whatsapp_business_account_id',
    field: 'user_data.whatsapp_business_account_id',
  },
  2804131: {
    ...badEvent,
    message: 'page_id does not go with this dataset, or the dataset has no Page',
    field: 'user_data.page_id',
  },
  2804132: {
    ...badEvent,
    message: 'This dataset takes no whatsapp_business_account_id',
    field: 'user_data.whatsapp_business_account_id',
  },
} as const satisfies Record<number, CodeRow>;

// Meta's windows are an hour long, so asking again in seconds only uses more of it up.
const defaultThrottleMs = 60_000;

/** How an answer failed; `undefined` for success. The body's code counts, not the HTTP status. */
export function classify(answer: Answer): Failure | undefined {
  const { status, json } = answer;
  const error = isRecord(json) && isRecord(json.error) ? json.error : undefined;
  if (error === undefined) return status >= 200 && status < 300 ? notEvents(answer) : notMeta(answer);
  const code = numberOf(error.code);
  const subcode = numberOf(error.error_subcode);
  const row = rowOf(code, subcode, error, status);
  return {
    code: row.code,
    message: row.message,
    field: row.field,
    retryable: row.retryable,
    retryAfterMs: row.code === 'rate_limited' ? throttleMs(answer) : row.retryAfterMs,
    provider: { code, subcode, message: typeof error.message === 'string' ? error.message : undefined },
  };
}

/** Meta's id of the request, of a success or a failure. */
export function requestIdOf({ headers, json }: Answer): string | undefined {
  const holder = isRecord(json) && isRecord(json.error) ? json.error : json;
  const id = isRecord(holder) ? holder.fbtrace_id : undefined;
  return typeof id === 'string' ? id : (headers.get('x-fb-trace-id') ?? undefined);
}

/** Is the refusal about the events of a batch and not about the request? Then dividing the batch finds the bad one. */
export function isAboutEvents(error: {
  code: string;
  status?: number | undefined;
  provider?: { code?: unknown } | undefined;
}): boolean {
  return error.code === 'rejected' && (typeof error.provider?.code === 'number' || error.status === 413);
}

function rowOf(
  code: number | undefined,
  subcode: number | undefined,
  error: Record<string, unknown>,
  status: number,
): CodeRow {
  const known = knownRow(code, subcode);
  if (error.is_transient === true && known?.code !== 'rate_limited') return trouble;
  // An id or proof that is wrong for the whole request comes as this type; the events are not to blame for it.
  if (code === 100 && error.type === 'GraphMethodException' && subcode !== 33 && !isEventSubcode(subcode)) {
    return {
      code: 'forbidden',
      message: 'Meta refused the request as a whole: check `datasetId`, `accessToken` and `appSecret`',
    };
  }
  if (known !== undefined) return known;
  if (status === 429) return throttled;
  if (status === 401) return badToken;
  if (status === 403) return noRight;
  return status >= 500 || status < 300 ? trouble : badEvent;
}

function knownRow(code: number | undefined, subcode: number | undefined): CodeRow | undefined {
  if (code === undefined) return undefined;
  if (code === 100 && subcode !== undefined && Object.hasOwn(subcodes, subcode)) {
    return subcodes[subcode as keyof typeof subcodes];
  }
  if (Object.hasOwn(codes, code)) return codes[code as keyof typeof codes];
  if (code >= 200 && code <= 299) return noRight;
  return code >= 80_000 && code <= 80_014 ? throttled : undefined;
}

function isEventSubcode(subcode: number | undefined): boolean {
  return subcode !== undefined && subcode >= 2_804_000 && subcode < 2_805_000;
}

/** A success must say how many events it took: anything else is not Meta's. */
function notEvents(answer: Answer): Failure | undefined {
  const { json } = answer;
  if (isRecord(json)) return undefined;
  return isHtml(answer)
    ? { code: 'upstream_error', message: 'A gateway answered with a web page instead of Meta' }
    : { code: 'invalid_response', message: 'The answer is not JSON' };
}

function notMeta(answer: Answer): Failure {
  const { status } = answer;
  if (status === 413) return { code: 'rejected', message: 'The request is too large' };
  if (status === 429) {
    return {
      code: 'rate_limited',
      message: 'A gateway limits the rate of calls',
      retryAfterMs: throttleMs(answer),
    };
  }
  if (isHtml(answer) || status >= 500) {
    return { code: 'upstream_error', message: 'A gateway answered instead of Meta: it is in trouble' };
  }
  if (status === 401) return badToken;
  if (status === 403) return noRight;
  if (status === 404) {
    return {
      code: 'not_found',
      message: 'There is no Conversions API at this address: check `baseUrl`',
      field: 'baseUrl',
    };
  }
  return { code: 'invalid_response', message: 'The answer is not of Meta' };
}

function throttleMs(answer: Answer): number {
  const asked = answer.headers.get('retry-after');
  if (asked !== null && /^\d+$/.test(asked.trim())) return Number(asked) * 1_000;
  return usageOf(answer.headers).regainMs ?? defaultThrottleMs;
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
