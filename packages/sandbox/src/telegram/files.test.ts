import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { botApi, type CallApi } from '../../tests/bot-api.ts';
import { type RunningSandbox, type SandboxBot, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let call: CallApi;

beforeEach(async () => {
  sandbox = await startSandbox({ telegram: { floodScale: 0 } });
  bot = sandbox.telegram.createBot();
  call = botApi(sandbox, bot);
  sandbox.telegram.createUser({ id: 7 });
});
afterEach(() => sandbox.close());

function upload(fields: Record<string, string | Blob>, name = 'report.pdf'): FormData {
  const form = new FormData();
  form.set('chat_id', '7');
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === 'string') form.set(field, value);
    else form.set(field, value, name);
  }
  return form;
}

const download = (path: string): Promise<Response> =>
  fetch(`${sandbox.telegram.apiUrl}/file/bot${bot.token}/${path}`);

describe('files', () => {
  it('come back as they were sent, and can be sent again by id', async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(50_000));
    const sent = await call('sendDocument', upload({ document: new Blob([bytes]), caption: 'Here' }));
    expect(sent.result).toMatchObject({
      document: { file_name: 'report.pdf', file_size: 50_000 },
      caption: 'Here',
    });
    const { file_id } = sent.result.document;
    const file = await call('getFile', { file_id });
    expect(file.result).toMatchObject({ file_id, file_size: 50_000, file_path: 'documents/file_1.pdf' });
    const answer = await download(file.result.file_path);
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
    const again = await call('sendDocument', { chat_id: 7, document: file_id });
    expect(again.result.document.file_id).toBe(file_id);
  });

  it('are found by attach:// in albums', async () => {
    const media = [
      { type: 'document', media: 'attach://first' },
      { type: 'document', media: 'attach://second' },
    ];
    const form = upload({ media: JSON.stringify(media) });
    form.set('first', new Blob(['1']), '1.txt');
    form.set('second', new Blob(['22']), '2.txt');
    const { result } = await call('sendMediaGroup', form);
    expect(result.map((message: { document: { file_name: string } }) => message.document.file_name)).toEqual([
      '1.txt',
      '2.txt',
    ]);
  });

  it('above 20 MB can be sent but not downloaded', async () => {
    const sent = await call('sendDocument', upload({ document: new Blob([new Uint8Array((20 << 20) + 1)]) }));
    expect(sent.status).toBe(200);
    expect(await call('getFile', { file_id: sent.result.document.file_id })).toMatchObject({
      status: 400,
      description: 'Bad Request: file is too big',
    });
  });

  it('above 50 MB are refused with 413', async () => {
    expect(
      await call('sendDocument', upload({ document: new Blob([new Uint8Array((50 << 20) + 1)]) })),
    ).toMatchObject({
      status: 413,
      description: 'Request Entity Too Large',
    });
  });

  it('of users can be fetched', async () => {
    const message = sandbox.telegram.userSends(bot, {
      from: 7,
      document: { name: 'a.txt', type: 'text/plain', bytes: 'hello' },
    });
    const { file_id } = message.document as { file_id: string };
    const file = await call('getFile', { file_id });
    expect(await (await download(file.result.file_path)).text()).toBe('hello');
  });

  it('that do not exist, or with a wrong token, are not found', async () => {
    expect((await download('documents/none.pdf')).status).toBe(404);
    const wrong = await fetch(`${sandbox.telegram.apiUrl}/file/bot1:aaaaa/documents/none.pdf`);
    expect(wrong.status).toBe(401);
  });

  it('that are empty are refused', async () => {
    expect((await call('sendDocument', upload({ document: new Blob([]) }))).description).toBe(
      'Bad Request: file must be non-empty',
    );
  });
});
