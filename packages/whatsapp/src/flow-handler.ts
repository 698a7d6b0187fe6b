import type { KeyObject } from 'node:crypto';
import { CartieError, parseJson, type RequestHandler, verifyHmacSha256 } from '@cartie/core';
import { bodyConsumed, readFlowBody } from './flow-body.ts';
import { openFlow, sealFlow } from './flow-crypto.ts';
import { checkFlowOptions } from './flow-options.ts';
import { service } from './invalid.ts';

/** What a customer did in a flow. */
export interface FlowRequest {
  version: string;
  action: 'INIT' | 'BACK' | 'data_exchange' | (string & {});
  screen?: string;
  data?: Readonly<Record<string, unknown>>;
  /** As the message that opened the flow had it. */
  flow_token: string;
  flow_token_signature?: string;
}

/**
 * The next screen; `SUCCESS` ends the flow, with `data.extension_message_response.params`. Or: the flow's token is of no use any more, and the
 * customer reads why.
 */
export type FlowResponse =
  | { screen: string; data: Readonly<Record<string, unknown>>; invalidFlowToken?: never }
  | { invalidFlowToken: string; screen?: never; data?: never };

/** Options of {@link createFlowHandler}. */
export interface FlowHandlerOptions {
  /** The key whose public half Meta has (`phoneNumber.setEncryption`): PEM or KeyObject; several while it is being replaced. */
  privateKey: string | KeyObject | readonly (string | KeyObject)[];
  /** Of PEMs that are encrypted. */
  passphrase?: string | undefined;
  /** The app's secret, by which Meta signs; several while it is being replaced. */
  appSecret: string | readonly string[];
  /** Gives the next screen. */
  onRequest: (request: FlowRequest, context: { signal: AbortSignal }) => FlowResponse | Promise<FlowResponse>;
  /** Meta could not show what `onRequest` gave: which error, on which screen. */
  onErrorNotice?:
    | ((notice: { flow_token?: string; screen?: string; error: string; error_message?: string }) => void)
    | undefined;
  /** Told what `onRequest` threw, as it was thrown, and that something before the handler has read the body. */
  onError?: ((error: unknown) => void) | undefined;
  /** The answer is out by then: Meta waits 10 s. Milliseconds. @default 9000 */
  timeoutMs?: number | undefined;
  /** Largest body. Bytes. @default 1048576 */
  maxBodyBytes?: number | undefined;
}

/** Meta's own status codes. @see https://developers.facebook.com/docs/whatsapp/flows/reference/error-codes */
const statuses = { badSignature: 432, cannotDecrypt: 421, invalidFlowToken: 427 } as const;

/**
 * The endpoint of a flow: checks the signature (432), decrypts (421, upon which the app on the phone fetches the public key anew), answers
 * the health check and error notices itself, and encrypts what `onRequest` gives.
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://developers.facebook.com/docs/whatsapp/flows/guides/implementingyourflowendpoint
 */
export function createFlowHandler(options: FlowHandlerOptions): RequestHandler {
  const { onRequest, onErrorNotice, onError, timeoutMs, maxBodyBytes, privateKeys, secrets } =
    checkFlowOptions(options);

  return async (request) => {
    const endsAt = performance.now() + timeoutMs;
    if (request.method !== 'POST') return answer(405, undefined, { allow: 'POST' });
    const bytes = await readFlowBody(request, maxBodyBytes, timeoutMs);
    if (bytes === 'consumed') {
      const error = bodyConsumed();
      quietly(() => onError?.(error));
      return answer(500, error.message);
    }
    // The rest of a body that was not read to its end may still come: the connection serves nothing else.
    if (typeof bytes === 'number') return answer(bytes, undefined, { connection: 'close' });
    const signature = request.headers.get('x-hub-signature-256');
    if (!verifyHmacSha256({ secrets, signature, bytes, prefix: 'sha256=' }))
      return answer(statuses.badSignature);
    const sealed = sealedOf(bytes);
    if (sealed === undefined) return answer(400);
    const opened = openFlow(sealed, privateKeys);
    const flow = opened && recordOf(opened.json);
    if (opened === undefined || flow === undefined) return answer(statuses.cannotDecrypt);
    const encrypted = (status: number, body: unknown): Response =>
      answer(status, sealFlow(body, opened.key, opened.iv));

    if (flow.action === 'ping') return encrypted(200, { data: { status: 'active' } });
    const { error, error_message } = recordIn(flow.data);
    if (error !== undefined) {
      quietly(() =>
        onErrorNotice?.({
          ...pick(flow),
          error: String(error),
          ...(error_message !== undefined && { error_message: String(error_message) }),
        }),
      );
      return encrypted(200, { data: { acknowledged: true } });
    }
    try {
      const given = await inTime(
        (signal) => onRequest(flow as unknown as FlowRequest, { signal }),
        endsAt - performance.now(),
      );
      if (given.invalidFlowToken !== undefined) {
        return encrypted(statuses.invalidFlowToken, { error_msg: given.invalidFlowToken });
      }
      return encrypted(200, given);
    } catch (thrown) {
      quietly(() => onError?.(thrown));
      return answer(500);
    }
  };
}

function answer(status: number, body?: string, headers: Record<string, string> = {}): Response {
  return new Response(body ?? null, {
    status,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'text/plain' }) },
  });
}

function sealedOf(
  bytes: Uint8Array,
): { encrypted_flow_data: string; encrypted_aes_key: string; initial_vector: string } | undefined {
  const body = recordOf(bytes);
  const names = ['encrypted_flow_data', 'encrypted_aes_key', 'initial_vector'] as const;
  if (body === undefined || names.some((name) => typeof body[name] !== 'string')) return undefined;
  return body as never;
}

function recordOf(json: string | Uint8Array): Record<string, unknown> | undefined {
  try {
    const value = parseJson(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as never)
      : undefined;
  } catch {
    return undefined;
  }
}

function recordIn(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function pick({ flow_token, screen }: Record<string, unknown>): { flow_token?: string; screen?: string } {
  return {
    ...(typeof flow_token === 'string' && { flow_token }),
    ...(typeof screen === 'string' && { screen }),
  };
}

async function inTime<T>(work: (signal: AbortSignal) => T | Promise<T>, ms: number): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new CartieError('timeout', '`onRequest` gave no answer within `timeoutMs`', {
        service,
        operation: 'flow',
        field: 'timeoutMs',
      });
      reject(error);
      controller.abort(error);
    }, ms);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // Being told never breaks the answer.
  }
}
