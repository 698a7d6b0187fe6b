#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startSandbox } from './start-sandbox.ts';

const usage = `Usage: cartie-sandbox [--port 4010] [--host 127.0.0.1] [--time-scale 1] [--mtproto]

Simulates Telegram, WhatsApp, Viber, Meta's Conversions API, AUTO.RIA and SendPulse on this machine.
--time-scale 0.01 makes every wait of the provider a hundred times shorter. --mtproto starts Telegram's MTProto
too, for which «telegram» must be installed.`;

const options = {
  port: { type: 'string', default: '4010' },
  host: { type: 'string', default: '127.0.0.1' },
  'time-scale': { type: 'string', default: '1' },
  mtproto: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(usage);
    return;
  }
  const sandbox = await startSandbox({
    port: Number(values.port),
    host: values.host,
    timeScale: Number(values['time-scale']),
    mtproto: values.mtproto,
  });
  const bot = sandbox.telegram.createBot();
  const dataset = sandbox.meta.createDataset();
  const account = sandbox.viber.createAccount();
  console.log(`Sandbox     ${sandbox.url}`);
  console.log(`Telegram    ${sandbox.telegram.apiUrl}`);
  console.log(`Bot token   ${bot.token}`);
  console.log(`Meta        ${sandbox.meta.apiUrl}`);
  console.log(`Dataset     ${dataset.id}`);
  console.log(`Meta token  ${dataset.token}`);
  console.log(`Viber       ${sandbox.viber.apiUrl}`);
  console.log(`Viber token ${account.token}`);
  const number = sandbox.whatsapp.createNumber();
  console.log(`WhatsApp    ${sandbox.whatsapp.apiUrl}`);
  console.log(`Number id   ${number.phoneNumberId}`);
  console.log(`Token       ${number.token}`);
  console.log(`App secret  ${number.appSecret}`);
  const key = sandbox.autoria.createKey();
  console.log(`AUTO.RIA    ${sandbox.autoria.apiUrl}`);
  console.log(`API key     ${key.key}`);
  const { clientId, clientSecret } = sandbox.sendpulse.createAccount();
  console.log(`SendPulse   ${sandbox.sendpulse.apiUrl}`);
  console.log(`Client id   ${clientId}`);
  console.log(`Secret      ${clientSecret}`);
  for (const dc of sandbox.mtproto?.dcs ?? [])
    console.log(`MTProto     DC ${dc.dcId} at ${dc.host}:${dc.port}`);
  const stop = (): void => void sandbox.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
