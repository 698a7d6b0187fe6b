import { CartieError } from '@cartie/core';
import { startSandbox } from '@cartie/sandbox';
import type { Config } from './config.ts';

/** The simulated providers that this server talks to. */
export interface SandboxConnection {
  /** Its page. */
  readonly url: string;
  /** Base URL of its Bot API. */
  readonly telegramUrl: string;
  /** Ends it, if it is this process's own. */
  close(): Promise<void>;
}

const preferredPort = 4010;
const bot = { username: 'cartie_demo_bot', name: 'Cartie demo' };

/** Starts the sandbox in this process, or connects to the one that `SANDBOX_URL` names, and makes the bot there. */
export async function connectSandbox(
  config: Pick<Config, 'sandboxUrl' | 'sandboxPort'>,
  token: string,
): Promise<SandboxConnection> {
  if (config.sandboxUrl !== undefined) return connectTo(config.sandboxUrl, token);
  const sandbox = await startHere(config.sandboxPort);
  sandbox.telegram.createBot({ token, ...bot });
  return { url: sandbox.url, telegramUrl: `${sandbox.url}/telegram`, close: () => sandbox.close() };
}

async function startHere(port: number | undefined): ReturnType<typeof startSandbox> {
  try {
    return await startSandbox({ port: port ?? preferredPort });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    if (port === undefined) return startSandbox({ port: 0 });
    throw new CartieError(
      'invalid_config',
      `SANDBOX_PORT ${port} is used by another program. Choose another.`,
      {
        service: 'server',
        operation: 'sandbox',
      },
    );
  }
}

async function connectTo(url: string, token: string): Promise<SandboxConnection> {
  const made = await fetch(`${url}/_sandbox/telegram/bots`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, ...bot }),
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  await made?.body?.cancel();
  if (made?.ok !== true) {
    throw new CartieError(
      'invalid_config',
      'SANDBOX_URL: there is no sandbox at this address. Start it: npx @cartie/sandbox',
      {
        service: 'server',
        operation: 'sandbox',
      },
    );
  }
  return { url, telegramUrl: `${url}/telegram`, close: async () => {} };
}
