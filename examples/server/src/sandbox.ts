import { join } from 'node:path';
import { CartieError } from '@cartie/core';
import type { MtprotoServers } from '@cartie/mtproto';
import { startSandbox } from '@cartie/sandbox';
import type { Config } from './config.ts';
import { findMtproto, seedMtproto } from './sandbox-mtproto.ts';
import { sandboxFallback, type WhatsAppAccount } from './whatsapp-config.ts';

/** A dataset of the simulated Meta. */
export interface SandboxDataset {
  readonly apiUrl: string;
  readonly datasetId: string;
  readonly accessToken: string;
  readonly appSecret: string;
}

/** A simulated messenger: its API, and the page on which one is a user. */
interface SandboxChat {
  readonly apiUrl: string;
  readonly pageUrl: string;
}

/** The simulated providers that this server talks to. */
export interface SandboxConnection {
  /** Its page. */
  readonly url: string;
  readonly telegram: SandboxChat;
  readonly viber: SandboxChat;
  readonly whatsapp: WhatsAppAccount & SandboxChat;
  readonly meta: SandboxDataset;
  readonly sendpulse: {
    readonly apiUrl: string;
    readonly credentials: { readonly clientId: string; readonly clientSecret: string };
  };
  readonly autoria: { readonly apiUrl: string; readonly apiKey: string };
  /** Where its MTProto is, if it has one. */
  readonly mtproto: MtprotoServers | undefined;
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

/** Always the same too, so that conversations go on. */
const number = {
  phoneNumberId: '420000000000002',
  businessAccountId: '420000000000003',
  appId: '420000000000004',
  displayPhoneNumber: '15550001234',
  token: 'EAAsandbox-token-of-the-reference-servers-number',
  appSecret: 'sandbox_app_secret_of_the_number',
};
const verifyToken = 'sandbox-verify-token';
/** What has been approved: one that takes any text when the 24 hours are over, and two to choose from. */
const templates = [
  {
    ...sandboxFallback,
    category: 'UTILITY',
    components: [
      { type: 'BODY', text: 'Our answer: {{1}}' },
      { type: 'FOOTER', text: 'Write to us any time' },
    ],
  },
  {
    name: 'car_ready',
    language: 'en',
    category: 'UTILITY',
    components: [
      { type: 'HEADER', format: 'TEXT', text: 'Your {{1}} is ready' },
      { type: 'BODY', text: 'Hello {{1}}! You can fetch it at {{2}}.' },
      { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'I am coming' }] },
    ],
  },
  {
    name: 'new_cars',
    language: 'uk',
    category: 'MARKETING',
    components: [{ type: 'BODY', text: 'Вітаємо, {{name}}! Маємо нові авто.' }],
  },
];

const sendPulseAccount = {
  clientId: 'sandbox-client-of-the-reference-server',
  clientSecret: 'sandbox-secret-of-the-reference-server',
};

/** More than a free key may call: the server counts for itself. */
const autoRiaKey = {
  key: 'sandboxKeyOfTheReferenceServer0000000000',
  userId: 4_200_000,
  perHour: 10_000,
  perMonth: 100_000,
};

/** Starts the sandbox in this process, or connects to the one that `SANDBOX_URL` names, and makes the bot there. */
export async function connectSandbox(
  config: Pick<Config, 'sandboxUrl' | 'sandboxPort' | 'dataDir' | 'viber'>,
  token: string,
): Promise<SandboxConnection> {
  const account =
    config.viber.mode === 'sandbox' ? { token: config.viber.authToken, name: bot.name } : undefined;
  if (config.sandboxUrl !== undefined) return connectTo(config.sandboxUrl, token, account);
  const sandbox = await startHere(config);
  sandbox.telegram.createBot({ token, ...bot });
  sandbox.meta.createDataset(dataset);
  if (account !== undefined) sandbox.viber.createAccount(account);
  sandbox.whatsapp.createNumber(number);
  sandbox.sendpulse.createAccount(sendPulseAccount);
  sandbox.autoria.createKey(autoRiaKey);
  for (const template of templates) sandbox.whatsapp.createTemplate(number, template);
  return connection(sandbox.url, seedMtproto(sandbox), () => sandbox.close());
}

async function startHere({
  sandboxPort: port,
  dataDir,
}: Pick<Config, 'sandboxPort' | 'dataDir'>): ReturnType<typeof startSandbox> {
  // Accounts that logged in are logged in still after a restart.
  const mtproto = { stateFile: join(dataDir, 'sandbox-mtproto.json') };
  try {
    return await startSandbox({ port: port ?? preferredPort, mtproto });
  } catch (error) {
    if ((error as Error).message.startsWith('stateFile:')) {
      throw new CartieError(
        'invalid_config',
        'DATA_DIR: sandbox-mtproto.json in it, the state of the simulated Telegram, cannot be used. Delete that file; accounts log in again.',
        { service: 'server', operation: 'sandbox' },
      );
    }
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    if (port === undefined) return startSandbox({ port: 0, mtproto });
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

async function connectTo(
  url: string,
  token: string,
  account: { token: string; name: string } | undefined,
): Promise<SandboxConnection> {
  const made = [
    await make(`${url}/_sandbox/telegram/bots`, { token, ...bot }),
    await make(`${url}/_sandbox/meta/datasets`, dataset),
    account === undefined || (await make(`${url}/_sandbox/viber/accounts`, account)),
    await make(`${url}/_sandbox/whatsapp/numbers`, number),
    await make(`${url}/_sandbox/sendpulse/accounts`, sendPulseAccount),
    await make(`${url}/_sandbox/autoria/keys`, autoRiaKey),
  ];
  for (const template of templates) {
    made.push(
      await make(`${url}/_sandbox/whatsapp/templates`, { number: number.phoneNumberId, ...template }),
    );
  }
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
  return connection(url, await findMtproto(url), async () => {});
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

function connection(
  url: string,
  mtproto: MtprotoServers | undefined,
  close: () => Promise<void>,
): SandboxConnection {
  const { id: datasetId, token: accessToken, appSecret } = dataset;
  return {
    url,
    mtproto,
    telegram: { apiUrl: `${url}/telegram`, pageUrl: url },
    viber: { apiUrl: `${url}/viber`, pageUrl: `${url}/viber` },
    whatsapp: {
      phoneNumberId: number.phoneNumberId,
      businessAccountId: number.businessAccountId,
      accessToken: number.token,
      appSecret: number.appSecret,
      verifyToken,
      apiUrl: `${url}/whatsapp`,
      pageUrl: `${url}/whatsapp`,
    },
    sendpulse: { apiUrl: `${url}/sendpulse`, credentials: sendPulseAccount },
    autoria: { apiUrl: `${url}/autoria`, apiKey: autoRiaKey.key },
    meta: { apiUrl: `${url}/meta`, datasetId, accessToken, appSecret },
    close,
  };
}
