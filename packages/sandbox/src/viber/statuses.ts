/** Viber's codes and what it says with them. @see https://developers.viber.com/docs/api/rest-bot-api/#error-codes */
const statusMessages = {
  0: 'ok',
  1: 'invalidUrl',
  2: 'invalidAuthToken',
  3: 'badData',
  4: 'missingData',
  5: 'receiverNotRegistered',
  6: 'receiverNotSubscribed',
  7: 'publicAccountBlocked',
  8: 'publicAccountNotFound',
  9: 'publicAccountSuspended',
  10: 'webhookNotSet',
  11: 'receiverNoSuitableDevice',
  12: 'tooManyRequests',
  13: 'apiVersionNotSupported',
  14: 'incompatibleWithVersion',
  15: 'publicAccountNotAuthorized',
  16: 'inchatReplyMessageNotAllowed',
  17: 'publicAccountIsNotInline',
  18: 'noPublicChat',
  19: 'cannotSendBroadcast',
  20: 'broadcastNotAllowed',
  21: 'unsupportedCountry',
  22: 'paymentUnsupported',
  23: 'freeMessagesExceeded',
  24: 'noBalance',
} as const satisfies Record<number, string>;

/** A refusal with one of Viber's codes. */
export interface ViberRefusal {
  readonly status: number;
  readonly message: string;
}

const refusals = new WeakSet<object>();

/** Makes a {@link ViberRefusal} to throw. @param detail goes on from Viber's word for the code */
export function refusal(status: number, detail?: string): ViberRefusal {
  const word = statusMessages[status as keyof typeof statusMessages] ?? 'generalError';
  const made: ViberRefusal = { status, message: detail === undefined ? word : `${word}: ${detail}` };
  refusals.add(made);
  return made;
}

/** Was this made by {@link refusal}? */
export function isRefusal(error: unknown): error is ViberRefusal {
  return typeof error === 'object' && error !== null && refusals.has(error);
}
