/** The shapes in which SendPulse words an error. */
export type SendPulseErrorShape = 'plain' | 'errors' | 'success' | 'is_error';

/** A refusal: thrown by a route, written by the handler. */
export interface ApiFailure {
  readonly status: number;
  readonly errorCode: number;
  readonly message: string;
  readonly shape: SendPulseErrorShape;
  readonly isApiFailure: true;
}

/** Makes an {@link ApiFailure}. */
export function apiFailure(
  status: number,
  errorCode: number,
  message: string,
  shape: SendPulseErrorShape = 'plain',
): ApiFailure {
  return { status, errorCode, message, shape, isApiFailure: true };
}

/** Was this thrown by a route on purpose? */
export function isApiFailure(error: unknown): error is ApiFailure {
  return typeof error === 'object' && error !== null && 'isApiFailure' in error;
}

/** The body of a refusal. */
export function failureBody({ errorCode, message, shape }: ApiFailure): Record<string, unknown> {
  switch (shape) {
    case 'plain':
      return { error_code: errorCode, message };
    case 'errors':
      return { error_code: errorCode, message, errors: { [fieldOf(message)]: [message] } };
    case 'success':
      return { success: false, data: { error_code: errorCode, message } };
    case 'is_error':
      return { is_error: 1, error_code: errorCode, message };
  }
}

/** The refusal for a field that is missing or wrong. */
export function invalidField(field: string, rule: string): ApiFailure {
  return apiFailure(422, 422, `Argument ${field} ${rule}`, 'errors');
}

/** There is no such thing. */
export const missing = {
  book: () => apiFailure(404, 213, 'Book not found'),
  email: () => apiFailure(404, 303, 'Emails not found in the book'),
  campaign: () => apiFailure(404, 802, 'Campaign not found'),
  template: () => apiFailure(404, 404, 'Template not found'),
  sender: () => apiFailure(404, 1003, 'Sender not found'),
  contact: () => apiFailure(404, 404, 'Contact not found', 'success'),
  anything: () => apiFailure(404, 404, 'Not found'),
} as const;

function fieldOf(message: string): string {
  return /^Argument (\S+)/.exec(message)?.[1] ?? 'request';
}
