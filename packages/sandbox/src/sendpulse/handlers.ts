import { type HttpHandler, http } from 'msw';
import { faultyAnswer, type ProviderFaults } from '../faulty-answer.ts';
import type { ProviderContext } from '../provider.ts';
import { accountOf, countCall, grantToken } from './access.ts';
import { type ApiFailure, apiFailure, failureBody, isApiFailure, missing } from './api-failure.ts';
import { type Fields, isRecord } from './fields.ts';
import type { SendPulseCallRecord } from './public.ts';
import { createRouter, type Routes } from './routes.ts';
import type { Account } from './state.ts';

/** The real address of the API. */
export const sendPulseOrigin = 'https://api.sendpulse.com';

const tokenPath = '/oauth/access_token';

/** Creates the REST API over HTTP. */
export function createSendPulseHandlers(
  { clock, faults }: ProviderContext,
  parts: {
    readonly routes: Routes;
    readonly rateScale: number;
    accounts(): Iterable<Account>;
    /** The refusal that this account's next call of a method gets. */
    takeFailure(account: Account, method: string): ApiFailure | undefined;
    record(call: SendPulseCallRecord): void;
  },
): HttpHandler[] {
  const find = createRouter(parts.routes);

  interface Execution {
    readonly method: string;
    account?: Account;
    errorCode?: number;
  }

  async function execute(request: Request, url: URL, execution: Execution): Promise<Response> {
    try {
      const body = parse(await request.text());
      if (url.pathname === tokenPath && request.method === 'POST') {
        return grantToken(parts.accounts(), body, clock);
      }
      const account = accountOf(parts.accounts(), request.headers.get('authorization'), clock);
      execution.account = account;
      countCall(account, clock, parts.rateScale);
      const failure = parts.takeFailure(account, execution.method);
      if (failure !== undefined) throw failure;
      const found = find(request.method, url.pathname);
      if (found === undefined) throw missing.anything();
      if (body === undefined) throw apiFailure(400, 400, 'Bad Request');
      const answer = await found.route({
        account,
        path: found.path,
        query: queryOf(url.searchParams),
        fields: isRecord(body) ? body : {},
        body,
      });
      const isPlain = isRecord(answer) && answer.result === true && Object.keys(answer).length === 1;
      if (answer === undefined || (isPlain && account.emptyAnswers))
        return new Response(null, { status: 204 });
      return answer instanceof Response ? answer : toResponse(answer, 200, account.splitAt);
    } catch (error) {
      if (!isApiFailure(error)) throw error;
      execution.errorCode = error.errorCode;
      return toResponse(failureBody(error), error.status, execution.account?.splitAt);
    }
  }

  return [
    http.all(/^https:\/\/api\.sendpulse\.com\//, async ({ request }) => {
      const at = clock.now();
      const url = new URL(request.url);
      const isToken = url.pathname === tokenPath;
      const method = `${request.method} ${isToken ? tokenPath : (find(request.method, url.pathname)?.name.split(' ')[1] ?? '')}`;
      const execution: Execution = { method };
      let executed = false;
      const run = (): Promise<Response> => {
        executed = true;
        return execute(request, url, execution);
      };
      const fault = faults.take('sendpulse', method);
      const response = fault ? await faultyAnswer(fault, run, faultAnswers, request.signal) : await run();
      parts.record({
        at,
        durationMs: clock.now() - at,
        method,
        path: url.pathname,
        accountId: execution.account?.id,
        httpStatus: response.type === 'error' ? undefined : response.status,
        errorCode: execution.errorCode,
        executed,
        fault: fault?.kind,
      });
      return response;
    }),
  ];
}

// `name[]` is a list.
function queryOf(params: URLSearchParams): Fields {
  return Object.fromEntries(
    [...params.keys()].map((key) => [key, key.endsWith('[]') ? params.getAll(key) : params.get(key)]),
  );
}

// Nothing counts as an empty object; what is no JSON gives undefined.
function parse(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function toResponse(answer: unknown, status: number, splitAt?: number): Response {
  const bytes = new TextEncoder().encode(JSON.stringify(answer));
  const headers = { 'content-type': 'application/json' };
  return new Response(splitAt === undefined ? bytes : inTwo(bytes, splitAt), { status, headers });
}

/** A body in two chunks, cut before the byte `at`. */
function inTwo(bytes: Uint8Array, at: number): ReadableStream<Uint8Array> {
  const chunks = [bytes.subarray(0, at), bytes.subarray(at)].filter(({ length }) => length > 0);
  return new ReadableStream({
    async pull(controller) {
      const chunk = chunks.shift();
      if (chunk === undefined) return controller.close();
      controller.enqueue(chunk);
      // The next chunk leaves in a packet of its own.
      await new Promise((resolve) => setTimeout(resolve, 2));
    },
  });
}

const refused = (status: number, code: number, message: string) => (): Response =>
  toResponse(failureBody(apiFailure(status, code, message)), status);

const faultAnswers: ProviderFaults = {
  rate_limited: refused(429, 2020202020, 'More than 10 requests per second'),
  server_error: refused(500, 500, 'Internal Server Error'),
  unauthorized: refused(401, 401, 'Unauthorized!'),
  forbidden: refused(403, 3030303030, 'Access denied! Please change your tariff plan'),
};
