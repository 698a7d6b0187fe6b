import { CartieError } from '@cartie/core';
import { startSandbox } from '@cartie/sandbox';
import type { Config } from './config.ts';

/** A dataset of the simulated Meta. */
export interface SandboxDataset {
  readonly apiUrl: string;
  readonly datasetId: string;
  readonly accessToken: string;
  readonly appSecret: string;
}

/** The simulated providers that this server talks to. */
export interface SandboxConnection {
  /** Its page. */
  readonly url: string;
  /** Base URL of its Bot API. */
  readonly telegramUrl: string;
  readonly meta: SandboxDataset;
  /** Ends it, if it is this process's own. */
  close(): Promise<void>;
}

const preferredPort = 4010;
const bot = { username: 'cartie_demo_bot', name: 'Cartie demo' };
/** Always the same, so that events that waited go to the same dataset after a restart. */
const dataset = {
  id: '420000000000001',
  token: 'EAAsandbox-token-of-the-reference-server',
  appSecret: 'sandbox-app-secret-of-the-reference-server',
  name: 'Cartie demo',
};

/** Starts the sandbox in this process, or connects to the one that `SANDBOX_URL` names, and makes the bot there. */
export async function connectSandbox(
  config: Pick<Config, 'sandboxUrl' | 'sandboxPort'>,
  token: string,
): Promise<SandboxConnection> {
  if (config.sandboxUrl !== undefined) return connectTo(config.sandboxUrl, token);
  const sandbox = await startHere(config.sandboxPort);
  sandbox.telegram.createBot({ token, ...bot });
  sandbox.meta.createDataset(dataset);
  return connection(sandbox.url, () => sandbox.close());
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
  const made = [
    await make(`${url}/_sandbox/telegram/bots`, { token, ...bot }),
    await make(`${url}/_sandbox/meta/datasets`, dataset),
  ];
  if (made.includes(false)) {
    throw new CartieError(
      'invalid_config',
      'SANDBOX_URL: there is no sandbox at this address. Start it: npx @cartie/sandbox',
      {
        service: 'server',
        operation: 'sandbox',
      },
    );
  }
  return connection(url, async () => {});
}

async function make(address: string, what: object): Promise<boolean> {
  const made = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(what),
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  await made?.body?.cancel();
  return made?.ok === true;
}

function connection(url: string, close: () => Promise<void>): SandboxConnection {
  const { id: datasetId, token: accessToken, appSecret } = dataset;
  return {
    url,
    telegramUrl: `${url}/telegram`,
    meta: { apiUrl: `${url}/meta`, datasetId, accessToken, appSecret },
    close,
  };
}
