import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, ok, someToken, startServer } from '../tests/support.ts';
import { createTelegramClient, inputFile, type TelegramClient } from './index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let telegram: TelegramClient;
let file_id: string;
const content = Buffer.from('{"ok":false,"error_code":400,"description":"a file that looks like a refusal"}');

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  sandbox.reset();
  bot = sandbox.telegram.createBot();
  telegram = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
  const { id: chat_id } = sandbox.telegram.createUser();
  const { document } = await telegram.sendDocument({
    chat_id,
    document: inputFile(content, { name: 'a.json' }),
  });
  file_id = document.file_id;
});

describe('a download', () => {
  it('gives the bytes, whatever they are, and what Telegram says about the file', async () => {
    const { bytes, file } = await telegram.downloadFile(file_id);
    expect(Buffer.from(bytes)).toEqual(content);
    expect(file).toMatchObject({ file_id, file_size: content.length });
  });

  it('does not ask for the file again where the caller has it', async () => {
    const file = await telegram.getFile({ file_id });
    const asked = sandbox.telegram.calls().length;
    expect(Buffer.from((await telegram.downloadFile(file)).bytes)).toEqual(content);
    expect(sandbox.telegram.calls()).toHaveLength(asked);
  });

  it('of a file larger than is wanted fetches nothing', async () => {
    const error = await failureOf(telegram.downloadFile(file_id, { maxBytes: 10 }));
    expect(error).toMatchObject({ code: 'invalid_input', field: 'maxBytes', operation: 'downloadFile' });
  });

  it.each([undefined, null, 7])('of %j is refused: it is no file', async (file) => {
    const error = await failureOf(telegram.downloadFile(file as never));
    expect(error).toMatchObject({ code: 'invalid_input', field: 'file', operation: 'downloadFile' });
  });

  it('of a file whose size Telegram does not tell stops at the limit', async () => {
    const error = await failureOf(
      telegram.downloadFile({ ...(await telegram.getFile({ file_id })), file_size: undefined } as never, {
        maxBytes: 10,
      }),
    );
    expect(error).toMatchObject({ operation: 'downloadFile', retryable: false, attempts: 1 });
  });

  it('is repeated after a reset', async () => {
    sandbox.faults.set({ provider: 'telegram', method: 'file', kind: 'reset', times: 1 });
    expect((await telegram.downloadFile(file_id)).bytes).toHaveLength(content.length);
  });

  it('ends at once when it is aborted, and at its deadline', async () => {
    sandbox.faults.set({ provider: 'telegram', method: 'file', kind: 'hang' });
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(telegram.downloadFile(file_id, { signal })).rejects.toBe(reason);
    const error = await failureOf(telegram.downloadFile(file_id, { deadlineMs: 100 }));
    expect(error).toMatchObject({ code: 'timeout', operation: 'downloadFile' });
  });

  it('of a file that Telegram no longer has is refused by Telegram', async () => {
    const error = await failureOf(
      telegram.downloadFile({ file_id, file_unique_id: 'x', file_path: 'documents/gone.txt' }),
    );
    expect(error).toMatchObject({ code: 'not_found', operation: 'downloadFile' });
  });

  it.each(['../../bot1/getMe', 'a/../../b', './a', '/var/lib/telegram/a.txt'])(
    'does not follow the path %s',
    async (file_path) => {
      const asked = sandbox.telegram.calls().length;
      const error = await failureOf(telegram.downloadFile({ file_id, file_unique_id: 'x', file_path }));
      expect(error).toMatchObject({ operation: 'downloadFile', attempts: 0 });
      expect(sandbox.telegram.calls()).toHaveLength(asked);
    },
  );

  it('writes each part of the path so that it stays one part', async () => {
    const server = await startServer(() => ok(true));
    try {
      const client = createTelegramClient({ token: someToken, baseUrl: server.url, testEnvironment: true });
      await client.downloadFile({ file_id, file_unique_id: 'x', file_path: 'a b/c?d#e%2f.txt' });
      expect(server.received[0]?.url).toBe(`/file/bot${someToken}/test/a%20b/c%3Fd%23e%252f.txt`);
    } finally {
      await server.close();
    }
  });

  it('cannot have a limit that is none', async () => {
    for (const maxBytes of [0, -1, 1.5, Number.NaN]) {
      expect(await failureOf(telegram.downloadFile(file_id, { maxBytes }))).toMatchObject({
        field: 'maxBytes',
      });
    }
  });
});
