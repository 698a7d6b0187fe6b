import { createHmac } from 'node:crypto';
import {
  type Caller,
  type CallOptions,
  CartieError,
  createCaller,
  type LimitKey,
  type OutgoingRequest,
  resolveSecret,
} from '@cartie/core';
import { type Backoff, classify } from './errors.ts';
import { invalid, service } from './invalid.ts';
import { managementRate, pairGapMs } from './limits.ts';
import { type OperationName, operations } from './operations.ts';
import type { WhatsAppClientOptions } from './options.ts';
import type { WhatsAppAnswer } from './types.ts';

/** Where the Cloud API is. */
const graphOrigin = 'https://graph.facebook.com';

/** What a client speaks unless told otherwise. */
const newestVersion = 'v26.0';

/** The client's own defaults. */
export const defaults = { timeoutMs: 10_000, deadlineMs: 30_000, maxConcurrent: 40 } as const;

/** What one call says beside its operation. */
export interface Request {
  /** The `{id}` of the operation's path. */
  id?: string | undefined;
  query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  json?: object | undefined;
  /** Instead of `json`: made anew for each attempt. */
  body?: (() => NonNullable<OutgoingRequest['body']>) | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  /** @default 'Bearer' */
  scheme?: 'OAuth' | undefined;
  limits?: readonly LimitKey[] | undefined;
  /** `false` where the body can be read only once. */
  replayable?: boolean | undefined;
  /** More time than usual. Milliseconds. */
  transferMs?: number | undefined;
}

/** Makes a call of the table of operations. */
export type Call = <Data>(
  operation: OperationName,
  request?: Request,
  options?: CallOptions,
) => Promise<WhatsAppAnswer<Data>>;

/** What the methods of a client are made of. */
export interface CallPath {
  readonly caller: Caller;
  readonly call: Call;
  /** Any request, for what the table has not. */
  request<Data>(
    name: string,
    plan: { method: 'GET' | 'POST' | 'DELETE'; path: string; idempotent: boolean },
    request: Request,
    options: CallOptions,
  ): Promise<WhatsAppAnswer<Data>>;
  /** The token in its header, for a host of Meta's. */
  authorization(scheme?: string): Promise<Record<string, string>>;
  readonly backoff: Backoff;
  /** What must be kept out of errors and events. */
  secrets(): readonly string[];
}

/** Builds the way that every request goes: the token in a header, the proof of the app's secret in the query. */
export function createCallPath(options: WhatsAppClientOptions): CallPath {
  const {
    phoneNumberId,
    businessAccountId,
    appId,
    apiVersion = newestVersion,
    accessToken,
    appSecret,
  } = options;
  const secrets = secretBook();
  const backoff: Backoff = {
    throughputMs: growingPause(options.rates?.throughput?.intervalMs ?? 1_000),
    pairMs: pairGapMs(options.rates),
  };
  const caller = createCaller({
    service,
    baseUrl: graphOrigin,
    options,
    defaults,
    classify: (answer) => classify(answer, backoff),
    requestId: ({ headers, json }) =>
      headers.get('x-fb-trace-id') ?? (json as { fbtrace_id?: string } | undefined)?.fbtrace_id,
    secrets: secrets.all,
  });

  const token = async (): Promise<string> => secrets.add(await resolveSecret(accessToken, 'accessToken'));

  const proof = async (): Promise<string | undefined> => {
    if (appSecret === undefined) return undefined;
    const key = secrets.add(await resolveSecret(appSecret, 'appSecret'));
    return createHmac('sha256', key)
      .update(await token())
      .digest('hex');
  };

  const request: CallPath['request'] = async (name, plan, details, callOptions) => {
    const { query, json, body, scheme = 'Bearer', limits, replayable, transferMs = 0 } = details;
    const result = await caller.call(
      {
        operation: name,
        idempotent: callOptions.idempotent ?? plan.idempotent,
        limits: limits ?? [managementRate(phoneNumberId)],
        replayable: replayable ?? true,
        timeoutMs: (options.timeoutMs ?? defaults.timeoutMs) + transferMs,
        deadlineMs: (options.deadlineMs ?? defaults.deadlineMs) + transferMs,
        build: async () => ({
          method: plan.method,
          path: withQuery(`/${apiVersion}/${plan.path}`, { ...query, appsecret_proof: await proof() }),
          headers: { ...details.headers, authorization: `${scheme} ${await token()}` },
          ...(body !== undefined ? { body: body() } : json !== undefined && { json }),
        }),
      },
      callOptions,
    );
    return {
      data: result.data.json as never,
      status: result.status,
      requestId: result.requestId,
      attempts: result.attempts,
    };
  };

  const own: Record<string, { readonly field: string; readonly value: string | undefined }> = {
    phone: { field: 'phoneNumberId', value: phoneNumberId },
    waba: { field: 'businessAccountId', value: businessAccountId },
    app: { field: 'appId', value: appId },
  };

  return {
    caller,
    request,
    backoff,
    secrets: secrets.all,
    authorization: async (scheme = 'Bearer') => ({ authorization: `${scheme} ${await token()}` }),
    call: async (operation, details = {}, callOptions = {}) => {
      const plan = operations[operation];
      const path = plan.path.replace(/\{(\w+)\}/g, (_, name: string) => {
        if (name === 'id') return checkedId(operation, details.id);
        const { field, value } = own[name] as { field: string; value: string | undefined };
        if (value !== undefined) return value;
        throw new CartieError('invalid_config', `\`${field}\` must be given to the client for this`, {
          service,
          operation,
          field,
        });
      });
      return request(operation, { ...plan, path }, details, callOptions);
    },
  };
}

/** Answers of Meta's that only say `{ success }` and the like. */
export async function dataOf<Data>(answer: Promise<WhatsAppAnswer<Data>>): Promise<Data> {
  return (await answer).data;
}

function checkedId(operation: string, id: unknown): string {
  // `upload:…` is the id of a resumable upload and has a signature behind it.
  if (typeof id === 'string' && /^([\w=-]{1,200}|upload:[\w+/=:.-]+(\?sig=[\w.-]+)?)$/.test(id)) return id;
  throw invalid(operation, 'id', 'must be an id as Meta gave it');
}

function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
  if (params.size === 0) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${params}`;
}

/** 1, 2, then 4 times `baseMs` while refusals go on, and again from the start after a while without one. */
function growingPause(baseMs: number): () => number {
  let factor = 1;
  let endsAt = 0;
  return () => {
    const now = performance.now();
    // Calls that were out together are refused together: that is one refusal.
    if (now < endsAt) return Math.ceil(endsAt - now);
    factor = now < endsAt + 10 * baseMs ? Math.min(4, factor * 2) : 1;
    endsAt = now + factor * baseMs;
    return factor * baseMs;
  };
}

/** The secrets that answers on their way may still quote: the last few, since secrets rotate. */
function secretBook(): { add(secret: string): string; all(): readonly string[] } {
  const seen: string[] = [];
  return {
    add(secret) {
      if (!seen.includes(secret)) seen.push(secret);
      if (seen.length > 8) seen.shift();
      return secret;
    },
    all: () => seen,
  };
}
