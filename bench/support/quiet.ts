import type { RunningSandbox } from '@cartie/sandbox';
import { botToken } from './sandbox-bot.ts';
import type { ServerProcess } from './server-process.ts';

const waiting = [
  'inbox_updates{status="pending"}',
  'outbox_messages{status="queued"}',
  'outbox_messages{status="sending"}',
];

/** Is nothing on its way: no update at Telegram, none in the server's inbox, no call in its outbox? */
export async function isQuiet(sandbox: RunningSandbox, server: ServerProcess): Promise<boolean> {
  if (sandbox.telegram.pendingUpdates(botToken).length > 0) return false;
  const response = await fetch(`${server.url}/metrics`);
  const lines = new Set((await response.text()).split('\n'));
  return waiting.every((name) => lines.has(`cartie_${name} 0`));
}
