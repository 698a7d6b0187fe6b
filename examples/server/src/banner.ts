import { resolve } from 'node:path';
import type { Config } from './config.ts';
import type { RunningServer } from './wiring.ts';

/** Says where everything is, and what is real. */
export function banner(config: Config, server: RunningServer): string {
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
