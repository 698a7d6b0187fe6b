import { createHmac } from 'node:crypto';
import {
  type Answer,
  type Caller,
  type CallOptions,
  type CallResult,
  createCaller,
  type LimitKey,
  resolveSecret,
} from '@cartie/core';
import { newestVersion } from './api-version.ts';
import { classify, requestIdOf } from './errors.ts';
import { service } from './invalid.ts';
import { type OperationName, operations } from './operations.ts';
import type { MetaCapiClientOptions } from './options.ts';
import { pauseFor, usageOf } from './usage.ts';

/** Where events go. */
const graphOrigin = 'https://graph.facebook.com';

/** What the methods of a client are made of. */
export interface CallPath {
  readonly caller: Caller;
  /**
   * Sends a JSON object and adds the proof of the app's secret to it.
   * @param id what the operation is for
   * @param members the object's members as JSON: `"data":[…]`
   */
  post(
    operation: OperationName,
    id: string,
    members: readonly string[],
    options: CallOptions,
  ): Promise<CallResult<Answer>>;
  /** The version by which Meta answered last, where it is not the one asked for. */
  readonly otherVersion: string | undefined;
}

/** Builds the way that every request goes: the token in a header, held back by Meta's own account of the usage. */
export function createCallPath(options: MetaCapiClientOptions): CallPath {
  const { datasetId, apiVersion = newestVersion, accessToken, appSecret } = options;
  const isGateway = /\/capi\/*$/.test(options.baseUrl ?? '');
  const prefix = isGateway ? '' : `/${apiVersion}`;
  const secrets = secretBook();
  let otherVersion: string | undefined;
  // Not paced by itself: Meta has no rate of its own for events. The bucket is there to be paused.
  const limit: LimitKey = { key: `${service}:${datasetId}`, limit: 1_000, intervalMs: 1_000 };
  const caller = createCaller({
    service,
    baseUrl: graphOrigin,
    options,
    classify(answer) {
      learn(answer.headers);
      return classify(answer);
    },
    requestId: requestIdOf,
    secrets: secrets.all,
  });

  /** Of every answer: also refusals tell how much of the limits is used up. */
  function learn(headers: Headers): void {
    const answered = headers.get('facebook-api-version');
    if (answered !== null && /^v\d+\.\d+$/.test(answered) && !isGateway) {
      otherVersion = answered === apiVersion ? undefined : answered;
    }
    const pauseMs = pauseFor(usageOf(headers));
    // Not waited for: a shared limiter's store may be slow.
    if (pauseMs > 0) caller.limiter.pause(limit.key, pauseMs).catch(() => undefined);
  }

  return {
    caller,
    get otherVersion() {
      return otherVersion;
    },
    async post(operation, id, members, callOptions) {
      const { idempotent, path } = operations[operation];
      return caller.call(
        {
          operation,
          idempotent,
          limits: [limit],
          async build() {
            const token = secrets.add(await resolveSecret(accessToken, 'accessToken'));
            const secret =
              appSecret === undefined ? undefined : secrets.add(await resolveSecret(appSecret, 'appSecret'));
            const proof = secret === undefined ? [] : [`"appsecret_proof":"${proofOf(secret, token)}"`];
            return {
              method: 'POST',
              path: prefix + path(id),
              headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
              body: `{${[...members, ...proof].join(',')}}`,
            };
          },
        },
        callOptions,
      );
    },
  };
}

/** @see https://developers.facebook.com/docs/graph-api/guides/secure-requests */
function proofOf(secret: string, token: string): string {
  return createHmac('sha256', secret).update(token).digest('hex');
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
