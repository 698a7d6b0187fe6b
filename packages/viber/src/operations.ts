/** What a call has to know about a method. */
export interface Operation {
  /** The method's name in Viber's URL. */
  readonly path: string;
  /** May the call be repeated when its outcome is unknown? */
  readonly idempotent: boolean;
  /** Which calls a refusal for too many requests holds back: those to the same receiver, or all of the method. */
  readonly pauses: 'receiver' | 'method';
  /** Milliseconds, where the client's own is too short. */
  readonly timeoutMs?: number;
}

/**
 * Every method of the REST Bot API. Nothing that a user sees is ever repeated after an unknown outcome: Viber knows no
 * idempotency keys.
 * @see https://developers.viber.com/docs/api/rest-bot-api/
 */
export const operations = {
  // Viber calls the webhook before it answers.
  setWebhook: { path: 'set_webhook', idempotent: true, pauses: 'method', timeoutMs: 20_000 },
  sendMessage: { path: 'send_message', idempotent: false, pauses: 'receiver' },
  broadcast: { path: 'broadcast_message', idempotent: false, pauses: 'method' },
  getAccountInfo: { path: 'get_account_info', idempotent: true, pauses: 'method' },
  // Each attempt counts against the user's two.
  getUserDetails: { path: 'get_user_details', idempotent: false, pauses: 'receiver' },
  getOnline: { path: 'get_online', idempotent: true, pauses: 'method' },
  post: { path: 'post', idempotent: false, pauses: 'method' },
} as const satisfies Record<string, Operation>;

/** A method of the client that is one method of Viber. */
export type OperationName = keyof typeof operations;
