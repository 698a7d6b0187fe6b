import type { HealthCheck, RequestHandler } from '@cartie/core';
import type { Logger } from 'pino';
import { type AutoRiaConnection, connectAutoRia } from './autoria.ts';
import type { ChannelConnection, integrations } from './channels.ts';
import type { Config } from './config.ts';
import { connectMeta, type MetaConnection } from './meta.ts';
import { connectMtproto, type MtprotoConnection, type MtprotoParts } from './mtproto.ts';
import type { ReceiverParts } from './receiver-parts.ts';
import { connectSandbox, type SandboxConnection } from './sandbox.ts';
import { connectSendPulse, type SendPulseConnection } from './sendpulse.ts';
import type { StopList } from './stop-list.ts';
import type { Storage } from './storage.ts';
import { connectTelegram, type TelegramConnection, telegramWebhookPath } from './telegram.ts';
import { connectViber, type ViberConnection, viberWebhookPath } from './viber.ts';
import { connectWhatsApp, type WhatsAppConnection, whatsAppWebhookPath } from './whatsapp.ts';

/** The providers, connected; those that are off are `undefined`. */
export interface Providers {
  readonly sandbox: SandboxConnection | undefined;
  readonly telegram: TelegramConnection;
  readonly viber: ViberConnection | undefined;
  readonly whatsapp: WhatsAppConnection | undefined;
  readonly meta: MetaConnection | undefined;
  readonly sendpulse: SendPulseConnection | undefined;
  readonly autoria: AutoRiaConnection | undefined;
  readonly mtproto: MtprotoConnection | undefined;
}

/** What the providers need from the rest of the server. */
export interface ProviderParts {
  readonly storage: Storage;
  /** Their connections are closed with it. */
  readonly opened: StopList;
  readonly log: Logger;
  /** Where a service hands over what it receives. */
  readonly partsOf: (service: string) => ReceiverParts;
  readonly onChange: MtprotoParts['onChange'];
}

/** Connects all that are configured. Nothing is received before {@link receiveFrom}. */
export async function connectProviders(config: Config, parts: ProviderParts): Promise<Providers> {
  const { opened, log, partsOf } = parts;
  const { database, boss, outbox, store, leases, tokens, sessions, limiter } = parts.storage;
  const open = <C extends { close(): Promise<void> } | undefined>(name: string, connection: C): C => {
    if (connection !== undefined) opened.add(name, () => connection.close());
    return connection;
  };
  const sandbox = open(
    'sandbox',
    config.telegram.mode === 'sandbox' ? await connectSandbox(config, config.telegram.token) : undefined,
  );
  const telegram = open(
    'Telegram client',
    await connectTelegram(config.telegram, {
      ...partsOf('telegram'),
      sandbox: sandbox?.telegram,
      store,
      leases,
      limiter,
    }),
  );
  const viber = open(
    'Viber client',
    connectViber(config.viber, {
      ...partsOf('viber'),
      sandbox: sandbox?.viber,
      store,
      limiter: limiter('viber'),
    }),
  );
  const whatsapp = open(
    'WhatsApp client',
    connectWhatsApp(config.whatsapp, {
      ...partsOf('whatsapp'),
      sandbox: sandbox?.whatsapp,
      limiter: limiter('whatsapp'),
    }),
  );
  const meta = open(
    'Meta client',
    connectMeta(config.meta, {
      ...partsOf('meta-capi'),
      sandbox: sandbox?.meta,
      outbox,
      country: config.leads.country,
    }),
  );
  const sendpulse = open(
    'SendPulse client',
    connectSendPulse(config.sendpulse, {
      ...partsOf('sendpulse'),
      sandbox: sandbox?.sendpulse,
      tokens,
      leases,
      limiter: limiter('sendpulse'),
      log,
    }),
  );
  const autoria = open(
    'AUTO.RIA client',
    connectAutoRia(config.autoria, { ...partsOf('autoria'), sandbox: sandbox?.autoria, store }),
  );
  const mtproto = connectMtproto(config.mtproto, {
    ...partsOf('mtproto'),
    sandbox: sandbox?.mtproto,
    database,
    boss,
    sessions,
    leases,
    onChange: parts.onChange,
  });
  return { sandbox, telegram, viber, whatsapp, meta, sendpulse, autoria, mtproto };
}

/** Those that conversations are held through. */
export function channelsOf({ telegram, viber, whatsapp }: Providers): ChannelConnection[] {
  return [telegram, viber, whatsapp].filter((one) => one !== undefined);
}

/** The health of each integration; `undefined` for those that are off. */
export function checksOf(
  providers: Providers,
): Readonly<Record<keyof typeof integrations, HealthCheck | undefined>> {
  const { telegram, viber, whatsapp, meta, sendpulse, autoria, mtproto } = providers;
  return {
    telegram: telegram.health,
    whatsapp: whatsapp?.health,
    viber: viber?.health,
    'meta-capi': meta?.health,
    sendpulse: sendpulse?.health,
    autoria: autoria?.client.health,
    mtproto: mtproto?.health,
  };
}

/** The integrations that the sandbox stands for. */
export function simulatedOf(config: Config, { mtproto }: Providers): string[] {
  const modes = {
    telegram: config.telegram.mode,
    viber: config.viber.mode,
    whatsapp: config.whatsapp.mode,
    'meta-capi': config.meta.mode,
    sendpulse: config.sendpulse.mode,
    autoria: config.autoria.mode,
    mtproto: mtproto === undefined ? 'off' : config.mtproto.mode,
  } as const satisfies Record<keyof typeof integrations, string>;
  return Object.entries(modes)
    .filter(([, mode]) => mode === 'sandbox')
    .map(([name]) => name);
}

/** The webhooks by their paths. */
export function webhooksOf(providers: Providers): Readonly<Record<string, RequestHandler>> {
  const { telegram, viber, whatsapp, sendpulse } = providers;
  return {
    ...(telegram.webhook && { [telegramWebhookPath]: telegram.webhook }),
    ...(viber && { [viberWebhookPath]: viber.webhook }),
    ...(whatsapp && { [whatsAppWebhookPath]: whatsapp.webhook }),
    ...(sendpulse && { [sendpulse.webhookPath]: sendpulse.webhook }),
  };
}

/** Begins to receive from all of them, at this server's own address where there is no public one. Does not wait for any. */
export async function receiveFrom(providers: Providers, config: Config, ownUrl: string): Promise<void> {
  const { telegram, viber, whatsapp, sendpulse, mtproto } = providers;
  const url = config.publicUrl ?? ownUrl;
  await mtproto?.start();
  viber?.receive(url);
  whatsapp?.receive(url);
  // SendPulse is used also without a public address, where it cannot call us.
  if (config.publicUrl !== undefined || config.sendpulse.mode === 'sandbox') sendpulse?.receive(url);
  await telegram.receive(url);
}

/** Takes nothing new from any of them. */
export async function stopReceiving(providers: Providers): Promise<void> {
  const { telegram, viber, whatsapp, sendpulse, mtproto } = providers;
  await Promise.all([telegram.stop(), viber?.stop(), whatsapp?.stop(), sendpulse?.stop(), mtproto?.stop()]);
}
