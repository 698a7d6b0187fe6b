import { type Answer, type ErrorCode, type Failure, isHtml } from '@cartie/core';

interface LoginFailureRow {
  readonly code: ErrorCode;
  readonly message: string;
}

/**
 * What the token endpoint means by its `error`.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.2
 */
const failures = {
  invalid_grant: { code: 'rejected', message: 'the code is used, too old, or for another redirectUri' },
  invalid_client: { code: 'unauthorized', message: 'check `clientId` and `clientSecret`' },
  unauthorized_client: { code: 'unauthorized', message: 'check `clientId` and `clientSecret`' },
  invalid_request: { code: 'rejected', message: 'check `redirectUri` and the code' },
  invalid_scope: { code: 'rejected', message: 'check `scopes`' },
  unsupported_grant_type: { code: 'rejected', message: 'the server takes no authorization codes' },
  server_error: { code: 'upstream_error', message: 'the server failed' },
  temporarily_unavailable: { code: 'upstream_error', message: 'the server is overloaded' },
} as const satisfies Record<string, LoginFailureRow>;

/** How an answer of oauth.telegram.org failed; `undefined` for success. Nothing of the answer but its `error` is passed on. */
export function classifyLogin(answer: Answer): Failure | undefined {
  const { status, json } = answer;
  const error =
    typeof json === 'object' && json !== null && 'error' in json && typeof json.error === 'string'
      ? json.error
      : undefined;
  if (status === 429) {
    const seconds = Number(answer.headers.get('retry-after'));
    return {
      code: 'rate_limited',
      message: 'Telegram refused: too many logins',
      status,
      retryAfterMs: seconds > 0 ? seconds * 1000 : undefined,
    };
  }
  if (error !== undefined && Object.hasOwn(failures, error)) {
    const { code, message } = failures[error as keyof typeof failures];
    const provider = { code: error, message: error };
    return { code, message: `Telegram refused (${error}): ${message}`, status, provider };
  }
  if (status >= 500 || isHtml(answer)) {
    return {
      code: 'upstream_error',
      message: `A gateway answered with status ${status} instead of Telegram`,
      status,
    };
  }
  if (status === 401) {
    return {
      code: 'unauthorized',
      message: 'Telegram refused: check `clientId` and `clientSecret`',
      status,
    };
  }
  if (status >= 400 || error !== undefined) {
    return { code: 'rejected', message: `Telegram refused with status ${status}`, status };
  }
  return json === undefined
    ? { code: 'invalid_response', message: 'The answer is not one of Telegram Login; check baseUrl', status }
    : undefined;
}
