import type { Sandbox, SandboxViberAccount } from '../src/index.ts';

/** Calls a method with plain fetch. */
export type ViberCall = (
  method: string,
  params?: Record<string, unknown>,
  token?: string,
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape.
) => Promise<any>;

/** A caller for one bot; messages have a sender unless they say so. */
export function viberApi(sandbox: Pick<Sandbox, 'viber'>, account: SandboxViberAccount): ViberCall {
  return async (method, params = {}, token = account.token) => {
    const response = await fetch(`${sandbox.viber.apiUrl}/pa/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-viber-auth-token': token },
      body: JSON.stringify({ sender: { name: 'Cars' }, ...params }),
    });
    const text = await response.text();
    // The digits of a token are more than a number holds.
    return JSON.parse(text.replaceAll(/"message_token":(\d+)/g, '"message_token":"$1"'));
  };
}
