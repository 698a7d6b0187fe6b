import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TestDc } from './public.ts';
import { startTestDc } from './start-test-dc.ts';

// Debian's python3-telethon belongs to Debian's Python, whatever else is on PATH.
const python = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', 'import telethon']).status === 0,
);
const layer = { layer: 144, text: readFileSync(new URL('fixtures/layer-144.tl', import.meta.url), 'utf8') };
const script = fileURLToPath(new URL('fixtures/telethon-client.py', import.meta.url));

const transports = [
  ['ConnectionTcpFull', 'full', false],
  ['ConnectionTcpAbridged', 'abridged', false],
  ['ConnectionTcpIntermediate', 'intermediate', false],
  ['ConnectionTcpObfuscated', 'abridged', true],
] as const;

if (python !== undefined) {
  describe('Telethon on the test DC', () => {
    let dc: TestDc;
    let client: ChildProcess | undefined;

    beforeEach(async () => {
      dc = await startTestDc({ schemas: [layer] });
    });
    afterEach(async () => {
      client?.kill('SIGKILL');
      await dc.close();
    });

    it.each(transports)(
      'logs in, reads and listens over %s',
      async (name, transport, obfuscated) => {
        const account = dc.addAccount({ password: 'pass' });
        const channel = dc.createChannel({ username: 'cars_ua', members: [account] });
        channel.fill(250);
        const args = [script, name, dc.host, String(dc.port), dc.publicKey.pem, account.phone, 'pass'];
        client = spawn(python, args, { stdio: ['pipe', 'pipe', 'inherit'] });
        const { stdin, stdout } = client;
        if (stdin === null || stdout === null) throw new Error('no pipes');
        const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
        const heard = async (): Promise<unknown> => JSON.parse((await lines.next()).value ?? 'null');

        expect(await heard()).toEqual({ kind: 'code_sent' });
        stdin.write(`${dc.lastCode(account.phone)}\n`);
        expect(await heard()).toEqual({ kind: 'signed_in', id: account.id });
        const texts = channel.messages().map(({ text }) => text);
        expect(await heard()).toEqual({ kind: 'history', texts: texts.reverse() });
        expect(await heard()).toEqual({ kind: 'listening' });
        const { id } = channel.post('Golf, 2015');
        expect(await heard()).toEqual({ kind: 'new', id, text: 'Golf, 2015' });
        channel.edit(id, { text: 'Golf, sold' });
        expect(await heard()).toEqual({ kind: 'edit', id, text: 'Golf, sold' });
        channel.delete(id);
        expect(await heard()).toEqual({ kind: 'delete', ids: [id] });
        expect(dc.connections.list()).toMatchObject([{ transport, obfuscated }]);
        stdin.end();
        await once(client, 'exit');
      },
      60_000,
    );
  });
} else {
  it('needs python3-telethon for the tests with Telethon', () => {
    expect(process.env.CARTIE_REQUIRE_SERVICES).not.toBe('1');
  });
}
