import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const bin = fileURLToPath(new URL('bin.ts', import.meta.url));

async function run(
  ...args: string[]
): Promise<{ output: string; code: number | null; stop(): Promise<number | null> }> {
  const child = spawn(process.execPath, ['--conditions=@cartie/source', '--no-warnings', bin, ...args]);
  let output = '';
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', () => /^Secret .*\n/m.test(output) && resolve());
  });
  await Promise.race([ready, exited]);
  return {
    output,
    code: child.exitCode,
    async stop() {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

it('starts a sandbox, says where it is, and stops on SIGTERM', async () => {
  const running = await run('--port', '0');
  try {
    const told = (name: string) => new RegExp(`^${name} +(\\S+)`, 'm').exec(running.output)?.[1];
    const answer = await fetch(`${told('Telegram')}/bot${told('Bot token')}/getMe`);
    expect(answer.status).toBe(200);
    const token = await fetch(`${told('SendPulse')}/oauth/access_token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        grant_type: 'client_credentials',
        client_id: told('Client id'),
        client_secret: told('Secret'),
      }),
    });
    expect(token.status).toBe(200);
  } finally {
    expect(await running.stop()).toBe(0);
  }
});

it('explains itself and refuses wrong options', async () => {
  expect((await run('--help')).output).toContain('Usage: cartie-sandbox');
  const wrong = await run('--port', 'many');
  expect(wrong.code).toBe(1);
  expect(wrong.output).toBe('port must be a number from 0 to 65535\n');
});
