import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, ok, someToken, startServer } from '../tests/support.ts';
import {
  createTelegramClient,
  inputFile,
  type TelegramClient,
  type TelegramClientOptions,
  telegramFailure,
} from './index.ts';

let folder: string;
let directory: string;
let sandbox: RunningSandbox;
let bot: SandboxBot;
let telegram: TelegramClient;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cartie-local-'));
  directory = join(folder, 'server');
  await mkdir(directory);
  sandbox = await startSandbox({ timeScale: 0.001, telegram: { localDirectory: directory } });
  bot = sandbox.telegram.createBot();
  telegram = clientOf({});
});
afterEach(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true });
});

const clientOf = (options: Partial<TelegramClientOptions>): TelegramClient =>
  createTelegramClient({
    token: bot.token,
    baseUrl: sandbox.telegram.apiUrl,
    localServer: { directory },
    ...options,
  });

const upload = async (bytes: Uint8Array): Promise<string> => {
  const { id: chat_id } = sandbox.telegram.createUser();
  const { document } = await telegram.sendDocument({
    chat_id,
    document: inputFile(bytes, { name: 'a.bin' }),
  });
  return document.file_id;
};

describe('a Bot API server of one’s own', () => {
  it('gives files by its disk, also those that Telegram would not', async () => {
    const large = Buffer.alloc(21 << 20, 'x');
    const { bytes, file } = await telegram.downloadFile(await upload(large), { maxBytes: 30 << 20 });
    expect(large.equals(bytes)).toBe(true);
    expect(file.file_path).toContain(directory);
  }, 60_000);

  it('may be in a container that calls its directory otherwise', async () => {
    const file_id = await upload(Buffer.from('content'));
    const file = await telegram.getFile({ file_id });
    const inContainer = {
      ...file,
      file_path: String(file.file_path).replace(directory, '/var/lib/telegram-bot-api'),
    };
    const client = clientOf({
      localServer: { directory, serverDirectory: '/var/lib/telegram-bot-api' },
    });
    expect(Buffer.from((await client.downloadFile(inContainer)).bytes).toString()).toBe('content');
  });

  it('takes files that lie beside it by their address', async () => {
    const path = join(folder, 'offer.pdf');
    await writeFile(path, 'an offer');
    const { id: chat_id } = sandbox.telegram.createUser();
    const { document } = await telegram.sendDocument({ chat_id, document: pathToFileURL(path).href });
    expect(Buffer.from((await telegram.downloadFile(document.file_id)).bytes).toString()).toBe('an offer');
  });

  it('takes more than 50 MB', async () => {
    const file_id = await upload(Buffer.alloc(51 << 20));
    expect((await telegram.getFile({ file_id })).file_size).toBe(51 << 20);
  }, 120_000);

  it('cannot make us read anything outside of its directory', async () => {
    await writeFile(join(folder, 'secret.txt'), 'secret');
    await symlink(join(folder, 'secret.txt'), join(directory, 'link'));
    const given = { file_id: 'x', file_unique_id: 'x' };
    const paths = [
      '/etc/passwd',
      join(folder, 'secret.txt'),
      `${directory}/../secret.txt`,
      join(directory, 'link'),
      directory,
    ];
    for (const file_path of paths) {
      const error = await failureOf(telegram.downloadFile({ ...given, file_path }));
      expect(error).toMatchObject({ code: 'invalid_response', field: 'localServer' });
      expect(inspect(error)).not.toContain(folder);
    }
  });

  it('whose file is gone, or larger than is wanted, is an error that names no path', async () => {
    const gone = { file_id: 'x', file_unique_id: 'x', file_path: join(directory, bot.token, 'x') };
    const error = await failureOf(telegram.downloadFile(gone));
    expect(error).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('localServer.directory'),
    });
    expect(inspect(error)).not.toContain(bot.token.split(':')[1]);
    const file = await telegram.getFile({ file_id: await upload(Buffer.from('content')) });
    const { file_size: _, ...unknownSize } = file;
    for (const one of [file, unknownSize]) {
      expect(await failureOf(telegram.downloadFile(one, { maxBytes: 3 }))).toMatchObject({
        code: 'invalid_input',
        field: 'maxBytes',
      });
    }
  });

  it('is told of where a client was not', async () => {
    const file_id = await upload(Buffer.from('content'));
    const error = await failureOf(clientOf({ localServer: undefined }).downloadFile(file_id));
    expect(error).toMatchObject({ code: 'not_found', message: expect.stringContaining('`localServer`') });
    expect(() => createTelegramClient({ token: bot.token, localServer: { directory } })).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: 'baseUrl' }),
    );
    expect(() => clientOf({ localServer: {} as never })).toThrow(
      expect.objectContaining({ code: 'invalid_config', field: 'localServer.directory' }),
    );
  });
});

describe('moving to it', () => {
  it('begins with logOut, after which Telegram’s server knows the bot no more for ten minutes', async () => {
    await using cloud = await startSandbox({ timeScale: 0.001 });
    cloud.telegram.createBot({ token: bot.token });
    const there = createTelegramClient({ token: bot.token, baseUrl: cloud.telegram.apiUrl });
    expect(await there.logOut()).toBe(true);
    const error = await failureOf(there.getMe());
    expect(telegramFailure(error)?.kind).toBe('logged_out');
    expect(error).toMatchObject({ code: 'unauthorized', retryable: false });
    expect((await telegram.getMe()).id).toBe(bot.id);
    await expect
      .poll(async () => (await there.getMe().catch(() => undefined))?.id, { timeout: 5_000 })
      .toBe(bot.id);
  });

  it('between two servers needs close, which is refused in the first ten minutes', async () => {
    await telegram.getMe();
    const error = await failureOf(telegram.close({}, { retries: 0 }));
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: expect.any(Number) });
    await expect
      .poll(() => telegram.close({}, { retries: 0 }).catch(() => false), { timeout: 10_000, interval: 1_100 })
      .toBe(true);
  });
});

describe('the test environment', () => {
  it('has its own bots, methods and files', async () => {
    await using telegramServers = await startSandbox();
    const tested = telegramServers.telegram.createBot({ testEnvironment: true });
    const options = { token: tested.token, baseUrl: telegramServers.telegram.apiUrl };
    const inTest = createTelegramClient({ ...options, testEnvironment: true });
    const { id: chat_id } = telegramServers.telegram.createUser();
    const { document } = await inTest.sendDocument({
      chat_id,
      document: inputFile(Buffer.from('content'), { name: 'a.txt' }),
    });
    expect(Buffer.from((await inTest.downloadFile(document.file_id)).bytes).toString()).toBe('content');
    expect(await failureOf(createTelegramClient(options).getMe())).toMatchObject({ code: 'unauthorized' });
    const { token } = telegramServers.telegram.createBot();
    const production = createTelegramClient({ ...options, token, testEnvironment: true });
    expect(await failureOf(production.getMe())).toMatchObject({ code: 'unauthorized' });
  });

  it('is reached by a path of its own', async () => {
    const server = await startServer(() => ok({ id: 1 }));
    try {
      await createTelegramClient({ token: someToken, baseUrl: server.url, testEnvironment: true }).getMe();
      expect(server.received[0]?.url).toBe(`/bot${someToken}/test/getMe`);
    } finally {
      await server.close();
    }
  });
});
