import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { undiciFetch } from '@cartie/core/undici';
import { type RunningSandbox, type SandboxBot, startSandbox } from '@cartie/sandbox';
import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, ok, type Received, someToken, startServer } from '../tests/support.ts';
import { createTelegramClient, type FileSource, inputFile, type TelegramClient } from './index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let telegram: TelegramClient;
let folder: string;
let path: string;
let chat_id: number;

const content = new TextEncoder().encode('a small car, in bytes');
const slowly = async function* (chunks = 3): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < chunks; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield content;
  }
};

beforeAll(async () => {
  sandbox = await startSandbox();
  folder = await mkdtemp(join(tmpdir(), 'cartie-'));
  path = join(folder, 'offer.txt');
  await writeFile(path, content);
});
afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  sandbox.reset();
  bot = sandbox.telegram.createBot();
  telegram = createTelegramClient({
    token: bot.token,
    baseUrl: sandbox.telegram.apiUrl,
    rates: { chat: { limit: 100, intervalMs: 1 } },
  });
  chat_id = sandbox.telegram.createUser().id;
});

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const whole = text(content);

describe('a file', () => {
  const sources: [name: string, source: () => FileSource, bytes: string, fileName: string][] = [
    ['a path', () => path, whole, 'offer.txt'],
    ['a file URL', () => pathToFileURL(path), whole, 'offer.txt'],
    ['a Buffer', () => Buffer.from(content), whole, 'file'],
    ['an ArrayBuffer', () => content.slice().buffer, whole, 'file'],
    ['a Blob', () => new Blob([content], { type: 'text/plain' }), whole, 'file'],
    ['a File', () => new File([content], 'car.txt'), whole, 'car.txt'],
    ['a Node stream', () => createReadStream(path), whole, 'file'],
    [
      'a web stream',
      () => Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>,
      whole,
      'file',
    ],
    ['a generator', () => slowly(), whole.repeat(3), 'file'],
    ['a function that opens a stream', () => () => slowly(2), whole.repeat(2), 'file'],
    ['a function that opens a stream later', () => async () => createReadStream(path), whole, 'file'],
  ];

  it.each(sources)('from %s arrives whole and can be fetched', async (_name, source, bytes, fileName) => {
    const message = await telegram.sendDocument({
      chat_id,
      document: inputFile(source()),
      caption: 'the offer',
    });
    expect(message).toMatchObject({
      caption: 'the offer',
      document: { file_name: fileName, file_size: bytes.length },
    });
    const downloaded = await telegram.downloadFile(message.document.file_id);
    expect(text(downloaded.bytes)).toBe(bytes);
  });

  it('has the name and type that are given', async () => {
    const document = inputFile(content, { name: 'Прайс "2026".txt', contentType: 'text/plain' });
    const message = await telegram.sendDocument({ chat_id, document });
    expect(message.document).toMatchObject({
      file_name: expect.stringContaining('Прайс'),
      mime_type: 'text/plain',
    });
  });

  it('of an album goes with its item, and parameters go as they are', async () => {
    const messages = await telegram.sendMediaGroup({
      chat_id,
      media: [
        { type: 'photo', media: inputFile(content, { name: '1.jpg' }), caption: 'first', parse_mode: 'HTML' },
        { type: 'photo', media: inputFile(() => slowly()) },
      ],
      disable_notification: true,
      reply_parameters: { message_id: 1, allow_sending_without_reply: true },
    });
    expect(messages).toHaveLength(2);
    const params = sandbox.telegram.calls().at(-1)?.params;
    expect(params).toMatchObject({
      file0: { file: '1.jpg', size: content.length },
      file1: { file: 'file', size: content.length * 3 },
      disable_notification: 'true',
    });
    expect(JSON.parse(String(params?.media))).toEqual([
      { type: 'photo', media: 'attach://file0', caption: 'first', parse_mode: 'HTML' },
      { type: 'photo', media: 'attach://file1' },
    ]);
  });

  it('that is already at Telegram or on the web is named in plain JSON', async () => {
    const { document } = await telegram.sendDocument({ chat_id, document: inputFile(content) });
    await telegram.sendDocument({ chat_id, document: document.file_id });
    expect(sandbox.telegram.calls().at(-1)?.params.document).toBe(document.file_id);
  });

  it('shows nothing of its content and path', () => {
    expect(JSON.stringify(inputFile(path))).not.toContain(folder);
  });

  it.each([
    ['a web address', 'https://example.com/car.jpg'],
    ['a URL', new URL('https://example.com/car.jpg')],
    ['a number', 5],
    ['nothing', undefined],
  ])('cannot be made of %s', (_name, source) => {
    const make = () => inputFile(source as FileSource);
    expect(make).toThrow(expect.objectContaining({ code: 'invalid_input' }));
    expect(make).toThrow(/^(?!.*car)/);
  });
});

describe('the form of an upload', () => {
  const capture = async (source: FileSource, fetch?: typeof globalThis.fetch): Promise<Received> => {
    const server = await startServer(() => ok({ message_id: 1, chat: { id: 1 } }));
    try {
      await createTelegramClient({
        token: someToken,
        baseUrl: server.url,
        ...(fetch && { fetch }),
      }).sendDocument({
        chat_id: 1,
        document: inputFile(source),
      });
      return server.received[0] as Received;
    } finally {
      await server.close();
    }
  };

  it.each([
    ['fetch', undefined],
    ['undici', undiciFetch({ request })],
  ])('says its length where that is known, over %s', async (_name, fetch) => {
    for (const source of [path, content, new Blob([content])]) {
      const { headers, body } = await capture(source, fetch);
      expect(headers['content-length']).toBe(String(body.length));
      expect(headers['transfer-encoding']).toBeUndefined();
    }
    const { headers, body } = await capture(() => slowly(), fetch);
    expect(headers['transfer-encoding']).toBe('chunked');
    expect(body.toString()).toContain(whole.repeat(3));
  });
});

describe('a repeated upload', () => {
  const edit = async (source: FileSource) => {
    const { message_id } = await telegram.sendDocument({ chat_id, document: inputFile(content) });
    sandbox.faults.set({ method: 'editMessageMedia', kind: 'rate_limited', retryAfter: 0.1, times: 1 });
    return telegram.editMessageMedia({
      chat_id,
      message_id,
      media: { type: 'document', media: inputFile(source) },
    });
  };

  it.each([
    ['bytes', () => content],
    ['a path', () => path],
    ['a function', () => () => slowly(2)],
  ])('reads %s again', async (_name, source) => {
    await edit(source() as FileSource);
    const calls = sandbox.telegram.calls().filter(({ method }) => method === 'editMessageMedia');
    expect(calls.map(({ status }) => status)).toEqual([429, 200]);
  });

  it('of a stream is never tried, because it has been read', async () => {
    const error = await failureOf(edit(slowly()));
    expect(error).toMatchObject({ code: 'rate_limited', attempts: 1 });
  });

  it('of a stream by the caller is refused', async () => {
    const document = inputFile(slowly());
    await telegram.sendDocument({ chat_id, document });
    const error = await failureOf(telegram.sendDocument({ chat_id, document }));
    expect(error).toMatchObject({ code: 'invalid_input', operation: 'sendDocument' });
  });
});

describe('a file that cannot be sent', () => {
  const reasons: [name: string, params: () => Record<string, unknown>, field: string, pattern: RegExp][] = [
    [
      'is missing',
      () => ({ document: inputFile(join(folder, 'ann@example.com.txt')) }),
      'document',
      /cannot be read/,
    ],
    ['breaks off', () => ({ document: inputFile(brokenStream()) }), 'document', /cannot be read/],
    [
      'is shorter than was said',
      () => ({ document: inputFile(slowly(1), { size: 1000 }) }),
      'document',
      /another length/,
    ],
    [
      'is longer than was said',
      () => ({ document: inputFile(slowly(3), { size: 30 }) }),
      'document',
      /another length/,
    ],
    [
      'is no stream of bytes',
      () => ({ document: inputFile(Readable.from(['text']) as never) }),
      'document',
      /stream of bytes/,
    ],
    [
      'is too large',
      () => ({ document: inputFile(slowly(), { size: 51 * 1024 * 1024 }) }),
      'document',
      /larger than the 52428800/,
    ],
    [
      'is too large for a thumbnail',
      () => ({ document: 'x', thumbnail: inputFile(new Uint8Array(204_801)) }),
      'thumbnail',
      /larger than the 204800/,
    ],
  ];

  it.each(reasons)('%s is named, not shown, and not executed', async (_name, params, field, pattern) => {
    const error = await failureOf(telegram.call('sendDocument', { chat_id, ...params() }));
    expect(error).toMatchObject({
      code: 'invalid_input',
      field,
      outcome: 'not_executed',
      operation: 'sendDocument',
    });
    expect(error.message).toMatch(pattern);
    expect(JSON.stringify([error, error.message, error.stack])).not.toMatch(/ann@example|broken pipe/);
    expect(sandbox.telegram.messages(chat_id)).toEqual([]);
  });

  it('in an album is named by its place', async () => {
    const media = [
      { type: 'photo' as const, media: 'known' },
      { type: 'photo' as const, media: inputFile(new Uint8Array(10 * 1024 * 1024 + 1)) },
    ];
    expect(await failureOf(telegram.sendMediaGroup({ chat_id, media }))).toMatchObject({
      field: 'media[1].media',
    });
  });

  it('is stopped where a stream goes on and on', async () => {
    let sent = 0;
    const endless = async function* () {
      for (;;) {
        sent += 1024 * 1024;
        yield new Uint8Array(1024 * 1024);
      }
    };
    const small = createTelegramClient({
      token: bot.token,
      baseUrl: sandbox.telegram.apiUrl,
      maxUploadBytes: 2_000_000,
    });
    const error = await failureOf(small.sendDocument({ chat_id, document: inputFile(endless) }));
    expect(error).toMatchObject({ code: 'invalid_input', field: 'document' });
    expect(sent).toBeLessThan(4_000_000);
  });

  it('lets its source go when the call ends early', async () => {
    let isClosed = false;
    const endless = async function* () {
      try {
        for (;;) {
          await new Promise((resolve) => setTimeout(resolve, 1));
          yield content;
        }
      } finally {
        isClosed = true;
      }
    };
    const controller = new AbortController();
    const sending = telegram.sendDocument(
      { chat_id, document: inputFile(endless) },
      { signal: controller.signal },
    );
    setTimeout(() => controller.abort(new Error('enough')), 30);
    await expect(sending).rejects.toThrow('enough');
    await expect.poll(() => isClosed).toBe(true);
  });
});

describe('the time for an upload', () => {
  it('grows with its size', async () => {
    const slow = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl, timeoutMs: 50 });
    sandbox.faults.set({ method: 'sendDocument', kind: 'slow_body', delayMs: 1, times: 1 });
    const error = await failureOf(slow.sendDocument({ chat_id, document: inputFile(content) }));
    expect(error.code).toBe('timeout');
    sandbox.faults.set({ method: 'sendDocument', kind: 'slow_body', delayMs: 1, times: 1 });
    await slow.sendDocument({ chat_id, document: inputFile(new Uint8Array(500_000)) });
  });
});

async function* brokenStream(): AsyncGenerator<Uint8Array> {
  yield content;
  throw new Error('broken pipe of ann@example.com');
}
