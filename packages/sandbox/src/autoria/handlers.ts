import { type HttpHandler, http } from 'msw';
import { faultyAnswer, type ProviderFaults } from '../faulty-answer.ts';
import type { ProviderContext } from '../provider.ts';
import { complaint, isRiaFailure, type RiaFailure, refusal } from './failure.ts';
import type { Keys } from './keys.ts';
import type { AutoRiaCallRecord } from './records.ts';
import type { Route } from './routes.ts';

/** The real address of the API. */
export const autoRiaOrigin = 'https://developers.ria.com';

interface Execution {
  readonly response: Response;
  readonly code: string | undefined;
  readonly counted: boolean;
}

/** Creates the API over HTTP. */
export function createAutoRiaHandlers(
  { clock, faults }: ProviderContext,
  parts: {
    readonly keys: Keys;
    routeOf(path: string): Route | undefined;
    /** The refusal that was asked for, once. */
    refused(): RiaFailure | undefined;
    record(call: AutoRiaCallRecord): void;
  },
): HttpHandler[] {
  function execute(
    request: { method: string; url: URL; body: unknown },
    route: Route | undefined,
    given: string | null,
  ): Execution {
    let counted = false;
    try {
      const key = parts.keys.admit(given);
      if (!route) throw refusal('NOT_FOUND');
      if (route.counted) {
        parts.keys.count(key);
        counted = true;
      }
      const asked = parts.refused();
      if (asked) throw asked;
      const query = new URLSearchParams(request.url.search);
      query.delete('api_key');
      const { method, body } = request;
      const { body: answer, headers } = route.answer({
        method,
        path: request.url.pathname,
        query,
        body,
        key,
      });
      return { response: toResponse(200, answer, headers), code: undefined, counted };
    } catch (error) {
      if (!isRiaFailure(error)) throw error;
      return { response: toResponse(error.status, error.body), code: error.code, counted };
    }
  }

  return [
    http.all(/^http:\/\/developers\.ria\.com\//, () => {
      const { status, body } = refusal('HTTPS_REQUIRED');
      return toResponse(status, body);
    }),
    http.all(/^https:\/\/developers\.ria\.com\//, async ({ request }) => {
      const at = clock.now();
      const url = new URL(request.url);
      const given = url.searchParams.get('api_key');
      const route = parts.routeOf(url.pathname);
      const body = parse(await request.text());
      let execution: Execution | undefined;
      const run = async (): Promise<Response> => {
        execution = execute({ method: request.method, url, body }, route, given);
        return execution.response;
      };
      const fault = faults.take('autoria', route?.operation ?? 'unknown');
      const response = fault ? await faultyAnswer(fault, run, faultAnswers, request.signal) : await run();
      parts.record({
        at,
        durationMs: clock.now() - at,
        method: request.method,
        path: url.pathname,
        operation: route?.operation ?? 'unknown',
        key: given ?? undefined,
        query: [...url.searchParams].filter(([name]) => name !== 'api_key'),
        body,
        status: response.type === 'error' ? undefined : response.status,
        code: execution?.code,
        counted: execution?.counted ?? false,
        executed: execution !== undefined,
        fault: fault?.kind,
      });
      return response;
    }),
  ];
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toResponse(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(body === undefined ? '' : JSON.stringify(body), {
    status,
    // The gateway tells nothing of the quota.
    headers: {
      'content-type': 'application/json; charset=utf-8',
      via: '1.1 api-umbrella (ApacheTrafficServer)',
      'x-service-version': '1.3.3',
      ...headers,
    },
  });
}

const answered = ({ status, body }: RiaFailure): Response => toResponse(status, body);

const faultAnswers: ProviderFaults = {
  rate_limited: () => answered(refusal('OVER_RATE_LIMIT')),
  server_error: () => answered(complaint(500, 'Internal server error')),
  unauthorized: () => answered(refusal('API_KEY_INVALID')),
  forbidden: () => answered(refusal('API_KEY_UNAUTHORIZED')),
};
