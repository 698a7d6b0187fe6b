import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { botApi, type CallApi } from '../../tests/bot-api.ts';
import { type RunningSandbox, type SandboxBot, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let bot: SandboxBot;
let call: CallApi;

beforeEach(async () => {
  sandbox = await startSandbox();
  bot = sandbox.telegram.createBot();
  call = botApi(sandbox, bot);
});
afterEach(() => sandbox.close());

const person = (id: number): number => sandbox.telegram.createUser({ id }).id;

describe('flood control', () => {
  it('tolerates a short burst in one chat, then answers 429 in body and header, and leaves other chats alone', async () => {
    const send = () => call('sendMessage', { chat_id: person(1), text: 'x' });
    for (let count = 0; count < 5; count++) expect((await send()).status).toBe(200);
    const refused = await send();
    expect(refused).toMatchObject({
      status: 429,
      error_code: 429,
      description: 'Too Many Requests: retry after 1',
      parameters: { retry_after: 1 },
    });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(sandbox.telegram.messages(1)).toHaveLength(5);
    expect((await call('sendMessage', { chat_id: person(2), text: 'x' })).status).toBe(200);
  });

  it('lets a chat write again after retry_after', async () => {
    await sandbox.close();
    sandbox = await startSandbox({ telegram: { floodScale: 0.05 } });
    bot = sandbox.telegram.createBot();
    call = botApi(sandbox, bot);
    const send = () => call('sendMessage', { chat_id: person(1), text: 'x' });
    const statuses: number[] = [];
    while (statuses.at(-1) !== 429 && statuses.length < 100) statuses.push((await send()).status);
    expect(statuses.at(-1)).toBe(429);
    await expect.poll(async () => (await send()).status).toBe(200);
  });

  it('allows 20 messages a minute in a group, albums counted by their parts', async () => {
    await sandbox.close();
    sandbox = await startSandbox({ telegram: { floodScale: 0.02 } });
    bot = sandbox.telegram.createBot();
    call = botApi(sandbox, bot);
    const group = sandbox.telegram.createChat({ type: 'group' });
    // At this scale a chat allows 50 a second, so the group's own limit is what counts: 20 at once, one more each 60 ms.
    const photo = { type: 'photo', media: 'https://example.com/photo.jpg' };
    const album = await call('sendMediaGroup', { chat_id: group.id, media: Array(5).fill(photo) });
    expect(album.status).toBe(200);
    let sent = 5;
    const began = Date.now();
    for (;;) {
      const { status } = await call('sendMessage', { chat_id: group.id, text: 'x' });
      if (status === 429) break;
      sent += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(sent).toBeGreaterThanOrEqual(20);
    expect(sent).toBeLessThanOrEqual(20 + Math.ceil((Date.now() - began) / 60) + 1);
  });

  it('allows about 30 messages a second overall, and many more when they are paid', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        call('sendMessage', { chat_id: person(100 + index), text: 'x' }),
      ),
    );
    const accepted = answers.filter(({ ok }) => ok).length;
    expect(accepted).toBeGreaterThanOrEqual(40);
    expect(accepted).toBeLessThan(60);
    const paid = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        call('sendMessage', { chat_id: person(200 + index), text: 'x', allow_paid_broadcast: true }),
      ),
    );
    expect(paid.every(({ ok }) => ok)).toBe(true);
  });

  it('can be turned off', async () => {
    await sandbox.close();
    sandbox = await startSandbox({ telegram: { floodScale: 0 } });
    bot = sandbox.telegram.createBot();
    call = botApi(sandbox, bot);
    const answers = await Promise.all(
      Array.from({ length: 80 }, () => call('sendMessage', { chat_id: person(1), text: 'x' })),
    );
    expect(answers.every(({ ok }) => ok)).toBe(true);
  });
});
