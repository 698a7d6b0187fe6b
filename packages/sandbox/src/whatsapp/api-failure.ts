import { randomBytes } from 'node:crypto';

/** A refusal of the Cloud API: becomes `{ error: { message, type, code, error_data, … } }`. */
export interface ApiFailure extends Error {
  readonly code: number;
  readonly details: string;
  readonly status: number;
}

/** Titles of the codes that the sandbox uses. @see https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes */
const titles: Readonly<Record<number, string>> = {
  2: 'Service temporarily unavailable',
  33: 'Parameter value is not valid',
  80007: 'Rate limit issues',
  100: 'Invalid parameter',
  190: 'Access token has expired',
  200: 'Permissions error',
  130429: 'Rate limit hit',
  131000: 'Something went wrong',
  131008: 'Required parameter is missing',
  131009: 'Parameter value is not valid',
  131026: 'Message undeliverable',
  131030: 'Recipient phone number not in allowed list',
  131047: 'Re-engagement message',
  131050: 'User has stopped receiving marketing messages',
  131051: 'Unsupported message type',
  131053: 'Media upload error',
  131056: '(Business Account, Consumer Account) pair rate limit hit',
  131062: 'Business-scoped user id recipients are not supported for this message',
  131063: 'Marketing templates are disabled on Cloud API',
  132000: 'Number of parameters does not match the expected number of params',
  132001: 'Template name does not exist in the translation',
  132012: 'Parameter format does not match format in the created template',
  132015: 'Template is paused',
  132016: 'Template is disabled',
  133005: 'Two step verification PIN mismatch',
  133010: 'Phone number not registered',
  133016: 'Account register deregister rate limit exceeded',
};

/** Any refusal, to throw. */
export function apiFailure(code: number, details: string, status = 400): ApiFailure {
  return Object.assign(new Error(`(#${code}) ${titles[code] ?? 'Request refused'}`), {
    name: 'WhatsAppFailure',
    code,
    details,
    status,
  });
}

/** Whether something caught is an {@link ApiFailure}. */
export function isApiFailure(value: unknown): value is ApiFailure {
  return value instanceof Error && value.name === 'WhatsAppFailure';
}

/** The body that a refusal is answered with. */
export function failureBody({ message, code, details }: ApiFailure): Record<string, unknown> {
  return {
    error: {
      message,
      type: 'OAuthException',
      code,
      error_data: { messaging_product: 'whatsapp', details },
      fbtrace_id: `A${randomBytes(17).toString('base64url').slice(0, 22)}`,
    },
  };
}

/** The same failure as a status tells it. */
export function statusError(
  code: number,
  details = titles[code] ?? 'Request refused',
): Record<string, unknown> {
  const title = titles[code] ?? 'Request refused';
  return {
    code,
    title,
    message: title,
    error_data: { details },
    href: 'https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes/',
  };
}
