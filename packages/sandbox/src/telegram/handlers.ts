import { type HttpHandler, http } from 'msw';
import type { ActiveFault } from '../faults.ts';
import { faultyAnswer, type ProviderFaults } from '../faulty-answer.ts';
import type { ProviderContext } from '../provider.ts';
import { type ApiFailure, apiFailure, isApiFailure } from './api-failure.ts';
import { answerOf, type TelegramParts } from './call.ts';
import { fileLimits } from './files.ts';
import { findMethod } from './methods/all-methods.ts';
import { createParams, type Params, readParams } from './params.ts';
import type { Bot } from './state.ts';

/** The real address of the Bot API. */
export const telegramOrigin = 'https://api.telegram.org';

/** One call of the Bot API, as it was answered. */
export interface CallRecord {
  /** Epoch milliseconds when it arrived. */
  readonly at: number;
  readonly durationMs: number;
  readonly botId: number | undefined;
  /** In Telegram's spelling. */
  readonly method: string;
  /** Files are shown as `{ file, size }`. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The HTTP status; `undefined` where a fault swallowed the answer. */
  readonly status: number | undefined;
  /** Telegram's words, for refusals. */
  readonly description: string | undefined;
  /** What Telegram gave; undefined if the call was not executed. */
  readonly result: unknown;
  /** Whether Telegram acted on it. */
  readonly executed: boolean;
  /** The fault that hit it. */
  readonly fault: ActiveFault['kind'] | undefined;
}

interface Execution {
  readonly response: Response;
  readonly result: unknown;
  readonly description: string | undefined;
}

/** What the API server needs beside the state. */
export interface ApiServer {
  /** Executes a call as if a bot had sent it; used for methods in answers of webhooks too. */
  execute(bot: Bot, method: string, params: Params, signal: AbortSignal): Promise<Execution>;
  readonly handlers: HttpHandler[];
}

/** Creates the Bot API over HTTP. */
export function createApiServer(
  context: ProviderContext,
  parts: TelegramParts,
  record: (call: CallRecord) => void,
): ApiServer {
  const { clock, faults } = context;

  async function execute(bot: Bot, method: string, params: Params, signal: AbortSignal): Promise<Execution> {
    try {
      const found = findMethod(method);
      if (!found) throw apiFailure(404, 'Not Found: method not found');
      const [, row] = found;
      for (const name of row.required ?? []) {
        if (!params.has(name)) throw apiFailure(400, `Bad Request: parameter "${name}" is required`);
      }
      const { result, description } = answerOf(await row.run({ ...parts, bot, params, signal }));
      return {
        response: json(200, { ok: true, result, ...(description && { description }) }),
        result,
        description: undefined,
      };
    } catch (error) {
      if (!isApiFailure(error)) throw error;
      return { response: failureResponse(error), result: undefined, description: error.message };
    }
  }

  async function callMethod(
    request: Request,
    url: URL,
    caller: Bot | string,
    name: string,
  ): Promise<Response> {
    const at = clock.now();
    const method = findMethod(name)?.[0] ?? name;
    const bot = typeof caller === 'string' ? undefined : caller;
    let params = createParams({});
    let execution: Execution | undefined;
    const run = async (): Promise<Response> => {
      execution = await executeHttp();
      return execution.response;
    };
    async function executeHttp(): Promise<Execution> {
      if (!bot) return refuse(unknownToken(String(caller)));
      if (bot.loggedOutUntil > clock.now()) return refuse(apiFailure(400, 'Logged out'));
      bot.launchedAt ??= clock.now();
      try {
        params = await readParams(request, url);
      } catch (error) {
        if (!isApiFailure(error)) throw error;
        return refuse(error);
      }
      return execute(bot, name, params, request.signal);
    }

    const fault = faults.take('telegram', method);
    const response = fault ? await faultyAnswer(fault, run, faultAnswers, request.signal) : await run();
    record({
      at,
      durationMs: clock.now() - at,
      botId: bot?.id,
      method,
      params: shownParams(params),
      status: response.type === 'error' ? undefined : response.status,
      description: execution?.description,
      result: execution?.result,
      executed: execution !== undefined,
      fault: fault?.kind,
    });
    return response;
  }

  async function download(request: Request, bot: Bot | undefined, path: string): Promise<Response> {
    const answer = async (): Promise<Response> => {
      if (!bot) return failureResponse(apiFailure(401, 'Unauthorized'));
      // In local mode files are on the disk, and nowhere else.
      if (parts.files.local) return failureResponse(apiFailure(404, 'Not Found'));
      const file = parts.files.byPath(decodeURIComponent(path));
      if (!file?.bytes || file.size > fileLimits.download)
        return failureResponse(apiFailure(404, 'Not Found'));
      return new Response(file.bytes.slice(), {
        headers: { 'content-type': 'application/octet-stream', 'content-length': String(file.size) },
      });
    };
    const fault = faults.take('telegram', 'file');
    return fault ? faultyAnswer(fault, answer, faultAnswers, request.signal) : answer();
  }

  // The two environments have their own accounts and bots.
  function botAt(token: string, test: string | undefined): Bot | undefined {
    const bot = parts.state.bots.get(decodeURIComponent(token));
    return bot?.testEnvironment === (test !== undefined) ? bot : undefined;
  }

  return {
    execute,
    handlers: [
      http.all(/^https:\/\/api\.telegram\.org\//, async ({ request }) => {
        const url = new URL(request.url);
        const file = /^\/file\/bot([^/]+)\/(test\/)?(.+)$/.exec(url.pathname);
        if (file?.[1] && file[3]) return download(request, botAt(file[1], file[2]), file[3]);
        const call = /^\/bot([^/]+)\/(test\/)?([^/]+)\/?$/.exec(url.pathname);
        if (call?.[1] && call[3]) {
          const bot = botAt(call[1], call[2]);
          return callMethod(request, url, bot ?? decodeURIComponent(call[1]), call[3]);
        }
        return failureResponse(apiFailure(404, 'Not Found'));
      }),
    ],
  };
}

function refuse(error: ApiFailure): Execution {
  return { response: failureResponse(error), result: undefined, description: error.message };
}

function unknownToken(token: string): ApiFailure {
  return /^[1-9]\d*:[\w-]{3,}$/.test(token) && token.length <= 80
    ? apiFailure(401, 'Unauthorized')
    : apiFailure(404, 'Not Found');
}

function failureResponse({ errorCode, message, parameters }: ApiFailure): Response {
  const headers = parameters?.retry_after ? { 'retry-after': String(parameters.retry_after) } : undefined;
  return json(
    errorCode,
    { ok: false, error_code: errorCode, description: message, ...(parameters && { parameters }) },
    headers,
  );
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  const text = JSON.stringify(body);
  return new Response(text, {
    status,
    headers: {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      ...headers,
    },
  });
}

const faultAnswers: ProviderFaults = {
  rate_limited: ({ retryAfter = 1 }) =>
    failureResponse(
      apiFailure(429, `Too Many Requests: retry after ${retryAfter}`, { retry_after: retryAfter }),
    ),
  server_error: () => failureResponse(apiFailure(500, 'Internal Server Error')),
  unauthorized: () => failureResponse(apiFailure(401, 'Unauthorized')),
  forbidden: () => failureResponse(apiFailure(403, 'Forbidden: bot was blocked by the user')),
};

function shownParams({ values, uploads }: Params): Record<string, unknown> {
  if (uploads.size === 0) return values;
  const files = [...uploads].map(([name, upload]) => [
    name,
    { file: upload.name, size: upload.bytes.length },
  ]);
  return { ...values, ...Object.fromEntries(files) };
}
