import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ThreadMessage } from '../src/conversation-views.ts';
import { freshFolder, startTestServer, until } from './test-server.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

vi.setConfig({ testTimeout: 60_000 });

/** The server as a user starts it: a process of its own, with its output. */
function start(environment: Record<string, string>): {
  child: ChildProcess;
  output: () => string;
  ended: Promise<number | null>;
} {
  const child = spawn(process.execPath, ['--conditions=@cartie/source', main], {
    env: { PATH: process.env.PATH, PORT: '0', SANDBOX_PORT: '0', LOG_LEVEL: 'warn', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, output: () => text, ended };
}

const address = /http:\/\/127\.0\.0\.1:\d+/;

describe('starting', () => {
  it('prints where everything is, and a second process on the same folder is told why it may not', async () => {
    await using folder = await freshFolder();
    const first = start({ DATA_DIR: folder.path });
    await until(first.output, (text) => text.includes('Operator’s page'));
    expect(first.output()).toMatch(/Telegram +simulated: write as a user at http:\/\/127\.0\.0\.1:\d+/);
    expect(first.output()).toMatch(
      /Telegram accounts +simulated: codes and channels at http:\/\/127\.0\.0\.1:\d+\/mtproto/,
    );
    for (const [name, words] of [
      ['SendPulse', 'simulated: see its address books at'],
      ['AUTO.RIA', 'simulated: see what it was asked at'],
    ] as const) {
      const line = first
        .output()
        .split('\n')
        .find((one) => one.trim().startsWith(name));
      expect(line).toContain(words);
      const shown = await fetch(/http:\S+/.exec(line ?? '')?.[0] ?? '');
      expect([shown.status, await shown.json()]).toEqual([200, []]);
    }
    expect(first.output()).toContain(`PGlite in ${folder.path}`);

    const second = start({ DATA_DIR: folder.path });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain('Another process is using this DATA_DIR');
    expect(second.output()).not.toContain('    at ');

    // A process that died without a word leaves no lock behind.
    first.child.kill('SIGKILL');
    await first.ended;
    const third = start({ DATA_DIR: folder.path });
    await until(third.output, (text) => text.includes('Operator’s page'));
    third.child.kill('SIGTERM');
    expect(await third.ended).toBe(0);
  });

  it('says that the port is used, by its name and with the fix', async () => {
    await using folder = await freshFolder();
    await using other = await freshFolder();
    const first = start({ DATA_DIR: folder.path });
    await until(first.output, (text) => text.includes('Operator’s page'));
    const port = new URL(address.exec(first.output())?.[0] ?? '').port;
    const second = start({ DATA_DIR: other.path, PORT: port });
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`PORT ${port} is used by another program`);
  });

  it('lists what is wrong in the environment', async () => {
    const server = start({ PORT: 'three', HOST: '0.0.0.0' });
    expect(await server.ended).toBe(1);
    expect(server.output()).toContain('- PORT must be');
  });

  it('says that the database does not answer', async () => {
    await using folder = await freshFolder();
    const server = start({
      DATA_DIR: folder.path,
      DATABASE_URL: 'postgres://nobody:hidden@127.0.0.1:1/none',
    });
    expect(await server.ended).toBe(1);
    expect(server.output()).toContain('The database does not answer (ECONNREFUSED). Check DATABASE_URL.');
    expect(server.output()).not.toContain('hidden');
  });
});

describe('a graceful stop', () => {
  it('in the middle of work loses nothing and does nothing twice', async () => {
    await using folder = await freshFolder();
    await using server = await startTestServer({ DATA_DIR: folder.path });
    const people = Array.from({ length: 40 }, (_, index) => ({
      id: 2_000 + index,
      first_name: `Person ${index}`,
    }));
    for (const person of people) server.write(`hello from ${person.id}`, person);
    // Some are answered, some are under way, some wait at Telegram.
    await until(
      () => server.sandbox.telegram.calls().filter(({ method }) => method === 'sendMessage').length,
      (sent) => sent > 3,
    );
    await server.restart();

    await server.sandbox.telegram.settled();
    const answers = (id: number) => server.sandbox.telegram.messages(id).filter(({ from }) => from === 'bot');
    await until(
      () => people.filter(({ id }) => answers(id).length > 0).length,
      (answered) => answered === people.length,
    );
    expect(people.filter(({ id }) => answers(id).length !== 1)).toEqual([]);
    const conversations = await until(
      () => server.get<{ id: number; title: string }[]>('/conversations'),
      ({ length }) => length === people.length,
    );
    for (const { id } of conversations) {
      const thread = await until(
        () => server.get<ThreadMessage[]>(`/conversations/${id}/messages`),
        (messages) => messages.every(({ state }) => state === 'received' || state === 'sent'),
      );
      expect(thread.map(({ direction }) => direction)).toEqual(['in', 'out']);
    }
  });

  it('ends live views and is over within a moment', async () => {
    await using folder = await freshFolder();
    const server = await startTestServer({ DATA_DIR: folder.path });
    const events = await fetch(`${server.url}/api/events`);
    const reader = events.body?.getReader();
    await reader?.read();
    await server.stop();
    await expect(async () => {
      while (!(await reader?.read())?.done);
    }).not.toThrow();
    await server.sandbox.close();
  });
});
