import type { Sandbox, SandboxBot } from '../src/index.ts';

/** What the Bot API answers. */
export interface ApiAnswer {
  status: number;
  headers: Headers;
  ok: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into results of every shape.
  result: any;
  error_code?: number;
  description?: string;
  parameters?: { retry_after?: number; migrate_to_chat_id?: number };
}

/** Calls the Bot API with plain fetch. */
export type CallApi = (method: string, params?: Record<string, unknown> | FormData) => Promise<ApiAnswer>;

/** A caller for one bot. */
export function botApi(sandbox: Pick<Sandbox, 'telegram'>, bot: Pick<SandboxBot, 'token'>): CallApi {
  return async (method, params = {}) => {
    const response = await fetch(`${sandbox.telegram.apiUrl}/bot${bot.token}/${method}`, {
      method: 'POST',
      ...(params instanceof FormData
        ? { body: params }
        : { body: JSON.stringify(params), headers: { 'content-type': 'application/json' } }),
    });
    const body = (await response.json()) as Omit<ApiAnswer, 'status' | 'headers'>;
    return { ...body, status: response.status, headers: response.headers };
  };
}
