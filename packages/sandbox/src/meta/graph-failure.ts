import { randomBytes } from 'node:crypto';

/** A refusal of the Graph API: becomes `{ error: { message, type, code, … } }`. */
export interface GraphFailure extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: number;
  readonly subcode: number | undefined;
  readonly isTransient: boolean;
  readonly title: string | undefined;
  readonly userMessage: string | undefined;
  /** Where the mistake is, for the log; Meta does not say it for most subcodes. */
  readonly at: FailurePlace | undefined;
}

/** The event, and in it the field, that made Meta refuse. */
export interface FailurePlace {
  readonly index: number;
  readonly field: string;
}

/** What {@link graphFailure} takes. */
export interface GraphFailureInput {
  readonly message: string;
  readonly code: number;
  readonly subcode?: number | undefined;
  /** @default 400 */
  readonly status?: number | undefined;
  /** @default 'OAuthException' */
  readonly type?: string | undefined;
  /** @default false */
  readonly isTransient?: boolean | undefined;
  readonly title?: string | undefined;
  readonly userMessage?: string | undefined;
  readonly at?: FailurePlace | undefined;
}

/** Any refusal, to throw. */
export function graphFailure(input: GraphFailureInput): GraphFailure {
  const { message, code, subcode, title, userMessage, at } = input;
  return Object.assign(new Error(message), {
    name: 'GraphFailure',
    status: input.status ?? 400,
    type: input.type ?? 'OAuthException',
    code,
    subcode,
    isTransient: input.isTransient ?? false,
    title,
    userMessage,
    at,
  });
}

/** A request whose shape is wrong: code 100 without a subcode. */
export function malformed(text: string, at?: FailurePlace): GraphFailure {
  return graphFailure({ message: `(#100) ${text}`, code: 100, at });
}

/** Whether something caught is a {@link GraphFailure}. */
export function isGraphFailure(value: unknown): value is GraphFailure {
  return value instanceof Error && value.name === 'GraphFailure';
}

/** The body that Meta answers a refusal with. */
export function failureBody(failure: GraphFailure): Record<string, unknown> {
  return {
    error: {
      message: failure.message,
      type: failure.type,
      code: failure.code,
      ...(failure.subcode !== undefined && { error_subcode: failure.subcode }),
      is_transient: failure.isTransient,
      ...(failure.title !== undefined && { error_user_title: failure.title }),
      ...(failure.userMessage !== undefined && { error_user_msg: failure.userMessage }),
      fbtrace_id: newTraceId(),
    },
  };
}

/** An id as Meta puts it on every answer. */
export function newTraceId(): string {
  return `A${randomBytes(17).toString('base64url').slice(0, 22)}`;
}
