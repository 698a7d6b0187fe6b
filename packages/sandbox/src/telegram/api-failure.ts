/** The Bot API's refusal: becomes `{ ok: false, error_code, description, parameters }`. */
export interface ApiFailure extends Error {
  readonly errorCode: number;
  readonly parameters: { readonly retry_after?: number; readonly migrate_to_chat_id?: number } | undefined;
}

/** Any refusal, to throw; `description` is the whole text that the API gives. */
export function apiFailure(
  errorCode: number,
  description: string,
  parameters?: ApiFailure['parameters'],
): ApiFailure {
  return Object.assign(new Error(description), { name: 'ApiFailure', errorCode, parameters });
}

/** A 400; the text follows the prefix «Bad Request: ». */
export function badRequest(text: string, parameters?: ApiFailure['parameters']): ApiFailure {
  return apiFailure(400, `Bad Request: ${text}`, parameters);
}

/** A 403; the text follows the prefix «Forbidden: ». */
export function forbidden(text: string): ApiFailure {
  return apiFailure(403, `Forbidden: ${text}`);
}

/** A 429 with `retry_after` in whole seconds. */
export function tooManyRequests(retryAfter: number): ApiFailure {
  return apiFailure(429, `Too Many Requests: retry after ${retryAfter}`, { retry_after: retryAfter });
}

/** Whether something caught is an {@link ApiFailure}. */
export function isApiFailure(value: unknown): value is ApiFailure {
  return value instanceof Error && value.name === 'ApiFailure';
}
