import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isCartieError } from '@cartie/core';
import { type Config, loadConfig } from './config.ts';
import { createLog } from './log.ts';
import { type RunningServer, startServer } from './wiring.ts';

if (existsSync('.env')) process.loadEnvFile('.env');

try {
  const config = loadConfig(process.env);
  const log = createLog(config.logLevel);
  const server = await startServer(config, log);
  // Who reads the banner may already stop the server.
  stopOnSignal(server, config.stopTimeoutMs);
  console.log(banner(config, server));
  const { message } = await server.crashed;
  console.error(`The server cannot go on, start it again: ${message}`);
  process.exit(1);
} catch (error) {
  console.error(isCartieError(error) ? `The server cannot start:\n\n${error.message}\n` : error);
  process.exitCode = 1;
}

/** The first signal stops in order and in bounded time, the second at once. */
function stopOnSignal(server: RunningServer, timeoutMs: number): void {
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) process.exit(130);
    stopping = true;
    console.log('Stopping: finishing the work in hand. Once more to stop at once.');
    const forced = setTimeout(() => {
      console.error(
        `Not everything ended within ${timeoutMs} ms. What was in hand is taken up at the next start.`,
      );
      process.exit(1);
    }, timeoutMs);
    await server.stop();
    clearTimeout(forced);
    process.exit(0);
  };
  process.on('SIGTERM', () => void stop());
  process.on('SIGINT', () => void stop());
}

function banner(config: Config, server: RunningServer): string {
  const lines = [
    [
      'Operator’s page',
      `${server.url}${config.adminToken === undefined ? '' : '  (sign in with ADMIN_TOKEN)'}`,
    ],
    ['Telegram', telegramLine(config, server)],
    [
      'WhatsApp',
      webhookLine(config, config.whatsapp, `write as a customer at ${server.sandboxUrl}/whatsapp`),
    ],
    ['Viber', webhookLine(config, config.viber, `write as a user at ${server.sandboxUrl}/viber`)],
    ['Meta', metaLine(config, server)],
    ['SendPulse', sendPulseLine(config, server)],
    ['AUTO.RIA', autoRiaLine(config, server)],
    ...(server.hasConnectors ? [['Telegram accounts', accountsLine(config, server)]] : []),
    ['Demo shop', `${server.url}/demo`],
    [
      'Database',
      `${server.engine}${config.databaseUrl === undefined ? ` in ${resolve(config.dataDir)}` : ''}`,
    ],
  ];
  return `\n${lines.map(([name = '', text]) => `  ${name.padEnd(19)}${text}`).join('\n')}\n`;
}

function telegramLine({ telegram }: Config, { sandboxUrl }: RunningServer): string {
  switch (telegram.mode) {
    case 'sandbox':
      return `simulated: write as a user at ${sandboxUrl}`;
    case 'webhook':
      return `real, by webhook at ${telegram.publicUrl}`;
    case 'polling':
      return 'real, by long polling (no PUBLIC_URL)';
  }
}

function webhookLine(
  { publicUrl }: Config,
  { mode }: Config['viber' | 'whatsapp'],
  onSandbox: string,
): string {
  switch (mode) {
    case 'sandbox':
      return `simulated: ${onSandbox}`;
    case 'live':
      return `real, by webhook at ${publicUrl}`;
    case 'off':
      return 'not configured';
  }
}

function metaLine({ meta }: Config, { sandboxUrl }: RunningServer): string {
  switch (meta.mode) {
    case 'sandbox':
      return `simulated: see what it gets at ${sandboxUrl}/meta`;
    case 'live':
      return `real, dataset ${meta.datasetId}`;
    case 'off':
      return 'not configured: no events are made of leads';
  }
}

function sendPulseLine({ sendpulse, publicUrl }: Config, { sandboxUrl }: RunningServer): string {
  switch (sendpulse.mode) {
    case 'sandbox':
      return `simulated: see its address books at ${sandboxUrl}/_sandbox/sendpulse/books`;
    case 'live':
      return publicUrl === undefined
        ? 'real, no webhook (no PUBLIC_URL)'
        : `real, by webhook at ${publicUrl}`;
    case 'off':
      return 'not configured: nobody is synced';
  }
}

function autoRiaLine({ autoria }: Config, { sandboxUrl }: RunningServer): string {
  switch (autoria.mode) {
    case 'sandbox':
      return `simulated: see what it was asked at ${sandboxUrl}/_sandbox/autoria/calls`;
    case 'live':
      return `real, ${autoria.perHour} calls an hour and ${autoria.perMonth} a month`;
    case 'off':
      return 'not configured';
  }
}

function accountsLine({ mtproto }: Config, { sandboxUrl }: RunningServer): string {
  return mtproto.mode === 'sandbox'
    ? `simulated: codes and channels at ${sandboxUrl}/mtproto`
    : 'real: log in under Connectors';
}
