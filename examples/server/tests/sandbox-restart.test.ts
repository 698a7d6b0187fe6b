import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadConfig } from '../src/config.ts';
import type { ConnectorView } from '../src/connector-desk.ts';
import type { FeedPost } from '../src/feed.ts';
import { createLog } from '../src/log.ts';
import { type RunningServer, startServer } from '../src/wiring.ts';
import { freshFolder, until } from './test-server.ts';

vi.setConfig({ testTimeout: 120_000 });

/** The server with a sandbox of its own, as `npm start` has it. */
async function start(dataDir: string): Promise<RunningServer> {
  const config = loadConfig({ PORT: '0', SANDBOX_PORT: '0', DATA_DIR: dataDir });
  const server = await startServer(config, createLog('silent'));
  onTestFinished(() => server.stop());
  return server;
}

async function ask<T>(address: string, body?: object): Promise<T> {
  const response = await fetch(
    address,
    body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    },
  );
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

describe('the simulated Telegram of the server itself', () => {
  it('has the accounts logged in still after a restart, and their posts come', async () => {
    await using folder = await freshFolder();
    const phone = '380500000001';
    const id = randomUUID();
    const first = await start(folder.path);
    const connectors = `${first.url}/api/connectors`;
    await ask(connectors, { id, label: 'Cars of Kyiv' });
    await ask(`${connectors}/${id}/login/phone`, { phone });
    const people = await ask<{ phone: string; code: string }[]>(
      `${first.sandboxUrl}/_sandbox/mtproto/accounts`,
    );
    const code = people.find((one) => one.phone === phone)?.code;
    await ask(`${connectors}/${id}/login/code`, { code });
    await ask(`${connectors}/${id}/channels`, { channel: '@kyiv_cars' });
    const posts = await until(
      () => ask<FeedPost[]>(`${first.url}/api/feed`),
      ({ length }) => length === 3,
      60_000,
    );
    await first.stop();

    const second = await start(folder.path);
    const [live] = await until(
      () => ask<ConnectorView[]>(`${second.url}/api/connectors`),
      ([one]) => one?.state.name === 'ready',
      60_000,
    );
    expect(live?.user).toMatchObject({ name: 'Demo Reader' });
    await ask(`${second.sandboxUrl}/_sandbox/mtproto/post`, {
      channel: 'kyiv_cars',
      text: 'Audi A4 2017, 14 000 $',
    });
    const feed = await until(
      () => ask<FeedPost[]>(`${second.url}/api/feed`),
      ({ length }) => length > 3,
      60_000,
    );
    expect(feed.map(({ text }) => text)).toEqual([
      'Audi A4 2017, 14 000 $',
      ...posts.map(({ text }) => text),
    ]);
    const counts = await ask<Record<string, number>>(`${second.sandboxUrl}/_sandbox/mtproto/counts`);
    expect(counts).not.toHaveProperty(['auth.sendCode']);
  });

  it('says which file is of no use, and the fix', async () => {
    await using folder = await freshFolder();
    await writeFile(join(folder.path, 'sandbox-mtproto.json'), '{"version":0}');
    await expect(start(folder.path)).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringContaining('sandbox-mtproto.json'),
    });
  });
});
