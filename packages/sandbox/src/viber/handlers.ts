import { type HttpHandler, http } from 'msw';
import { faultyAnswer, type ProviderFaults } from '../faulty-answer.ts';
import type { ProviderContext } from '../provider.ts';
import type { WireMessage } from './check-message.ts';
import type { Method } from './methods.ts';
import type { ViberCallRecord } from './records.ts';
import type { Account } from './state.ts';
import { isRefusal, refusal, type ViberRefusal } from './statuses.ts';
import { wireJson } from './wire-json.ts';

/** The real address of the API. */
export const viberOrigin = 'https://chatapi.viber.com';

/** Largest request. Bytes. */
const maxRequestBytes = 30 * 1024;

/** Creates the REST Bot API over HTTP. */
export function createViberHandlers(
  { clock, faults }: ProviderContext,
  parts: {
    readonly methods: Readonly<Record<string, Method>>;
    accountOf(token: string): Account | undefined;
    record(call: ViberCallRecord): void;
  },
): HttpHandler[] {
  async function execute(
    method: Method,
    request: Request,
  ): Promise<{ answer: Record<string, unknown>; account?: Account; params: WireMessage }> {
    let account: Account | undefined;
    let params: WireMessage = {};
    try {
      const text = await request.text();
      const parsed = parse(text);
      // Old clients put the token into the body.
      const token = request.headers.get('x-viber-auth-token') ?? parsed?.auth_token;
      if (token === undefined) throw refusal(2, 'missing_auth_token');
      account = parts.accountOf(String(token));
      if (account === undefined) throw refusal(2);
      if (parsed === undefined) throw refusal(3, 'the body is not a JSON object');
      params = parsed;
      if (Buffer.byteLength(text) > maxRequestBytes) throw refusal(3, 'the request is too large');
      if (account.refusesAll !== 0) throw refusal(account.refusesAll);
      const { message_token, ...rest } = await method(account, params);
      const first = message_token === undefined ? {} : { message_token };
      return { answer: { status: 0, status_message: 'ok', ...first, ...rest }, account, params };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { answer: bodyOf(error), ...(account && { account }), params };
    }
  }

  return [
    http.all(/^https:\/\/chatapi\.viber\.com\//, async ({ request }) => {
      const at = clock.now();
      const name = /^\/pa\/([a-z_]+)\/?$/.exec(new URL(request.url).pathname)?.[1] ?? '';
      const method = Object.hasOwn(parts.methods, name) ? parts.methods[name] : undefined;
      if (method === undefined) return new Response('Not Found', { status: 404 });
      if (request.method !== 'POST') return new Response('Method Not Allowed', { status: 405 });
      let execution: Awaited<ReturnType<typeof execute>> | undefined;
      const run = async (): Promise<Response> => {
        execution = await execute(method, request);
        return toResponse(execution.answer);
      };
      const fault = faults.take('viber', name);
      const response = fault ? await faultyAnswer(fault, run, faultAnswers, request.signal) : await run();
      parts.record({
        at,
        durationMs: clock.now() - at,
        method: name,
        accountId: execution?.account?.id,
        params: execution?.params ?? {},
        httpStatus: response.type === 'error' ? undefined : response.status,
        status: execution?.answer.status as number | undefined,
        statusMessage: execution?.answer.status_message as string | undefined,
        executed: execution !== undefined,
        fault: fault?.kind,
      });
      return response;
    }),
  ];
}

function parse(text: string): WireMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as WireMessage;
  } catch {
    // Said by the caller.
  }
  return undefined;
}

function bodyOf({ status, message }: ViberRefusal): Record<string, unknown> {
  return { status, status_message: message, chat_hostname: 'SN-CHAT-01_' };
}

// HTTP says 200 whatever happened.
function toResponse(answer: Record<string, unknown>): Response {
  return new Response(wireJson(answer), { headers: { 'content-type': 'application/json; charset=utf-8' } });
}

const faultAnswers: ProviderFaults = {
  rate_limited: () => toResponse(bodyOf(refusal(12))),
  // A number that is not in the list: something of Viber's own went wrong.
  server_error: () => toResponse(bodyOf(refusal(999))),
  unauthorized: () => toResponse(bodyOf(refusal(2))),
  forbidden: () => toResponse(bodyOf(refusal(7))),
};
