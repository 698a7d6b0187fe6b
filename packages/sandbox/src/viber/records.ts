/** One call of the REST Bot API. */
export interface ViberCallRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly durationMs: number;
  /** `send_message`, `broadcast_message`, … */
  readonly method: string;
  readonly accountId: string | undefined;
  readonly params: Readonly<Record<string, unknown>>;
  /** The HTTP status; undefined if the connection was reset. */
  readonly httpStatus: number | undefined;
  /** Viber's own status, if the call was executed. */
  readonly status: number | undefined;
  readonly statusMessage: string | undefined;
  readonly executed: boolean;
  readonly fault: string | undefined;
}

/** One attempt to deliver a callback. */
export interface ViberCallbackRecord {
  readonly at: number;
  readonly durationMs: number;
  readonly accountId: string;
  readonly event: string;
  readonly messageToken: string;
  readonly userId: string | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  /** The HTTP status; undefined if no answer came. */
  readonly status: number | undefined;
  readonly error: string | undefined;
}

/** One message of a conversation, as the user's phone shows it. */
export interface ViberConversationEntry {
  readonly at: number;
  readonly from: 'bot' | 'user';
  readonly messageToken: string;
  /** The message in Viber's own spelling. */
  readonly message: Readonly<Record<string, unknown>>;
  /** `welcome`: it travelled in the answer to a callback. */
  readonly by: 'send_message' | 'broadcast_message' | 'welcome' | 'user';
  /** What became of a message of the bot. */
  state: 'sent' | 'delivered' | 'seen' | 'failed';
  readonly billingStatus: number | undefined;
}
