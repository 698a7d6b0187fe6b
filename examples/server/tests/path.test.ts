import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshPostgres, hasPostgres, type TestPostgres } from '../../../tests/support/postgres.ts';
import type { ThreadMessage } from '../src/conversation-views.ts';
import { type Conversation, conversationsBy } from './conversations-by.ts';
import {
  botToken,
  freshFolder,
  startTestServer,
  type TestFolder,
  type TestServer,
  until,
} from './test-server.ts';

interface Queue {
  inbox: { pending: number; dead: number };
  outbox: Record<string, number>;
  inDoubt: { id: string; reason: string; message: { text: string; title: string } }[];
  failed: { id: string; reason: string; message: { text: string } }[];
}

const engines = ['PGlite', 'PostgreSQL'] as const;

describe.each(engines)('a message through the server on %s', (engine) => {
  describe.skipIf(engine === 'PostgreSQL' && !hasPostgres)('over real HTTP', () => {
    let folder: TestFolder;
    let postgres: TestPostgres | undefined;
    let server: TestServer;

    beforeAll(async () => {
      folder = await freshFolder();
      if (engine === 'PostgreSQL') postgres = await freshPostgres();
      server = await startTestServer({
        DATA_DIR: folder.path,
        AUTO_REPLY_PREFIX: 'hello',
        ...(postgres && { DATABASE_URL: postgres.url }),
      });
    });
    afterAll(async () => {
      await server?.[Symbol.asyncDispose]();
      await postgres?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    });

    const { conversationOf, threadOf } = conversationsBy('title', { get: (path) => server.get(path) });
    const botTexts = (chat: number): (string | undefined)[] =>
      server.sandbox.telegram
        .messages(chat)
        .filter(({ from }) => from === 'bot')
        .map(({ text }) => text);

    it('stores it, answers it and shows both sides, here and at the user', async () => {
      const ann = { id: 1_001, first_name: 'Ann' };
      server.write('hello, is the Škoda still there?', ann);
      const thread = await threadOf('Ann', (messages) => messages[1]?.state === 'sent');
      expect(thread).toMatchObject([
        { direction: 'in', author: 'Ann', text: 'hello, is the Škoda still there?', state: 'received' },
        {
          direction: 'out',
          author: 'auto-reply',
          text: 'Received: hello, is the Škoda still there?',
          state: 'sent',
        },
      ]);
      expect(botTexts(ann.id)).toEqual(['Received: hello, is the Škoda still there?']);
      expect(await conversationOf('Ann')).toMatchObject({ unread: 1, noReply: null });
    });

    it('keeps the order of a chat, and stores a repeated delivery once', async () => {
      const bob = { id: 1_002, first_name: 'Bob' };
      const texts = Array.from({ length: 15 }, (_, index) => `Bob ${index}`);
      for (const text of texts) server.write(text, bob);
      const thread = await threadOf('Bob', (messages) => messages.filter(isIn).length === texts.length);
      expect(thread.filter(isIn).map(({ text }) => text)).toEqual(texts);

      const delivery = server.sandbox.telegram.deliveries().length;
      const update = {
        update_id: 77,
        message: {
          message_id: 7,
          date: 1,
          chat: { id: 1_002, type: 'private', first_name: 'Bob' },
          text: 'again',
        },
      };
      const secret = server.sandbox.telegram.calls().find(({ method }) => method === 'setWebhook')?.params
        .secret_token as string;
      const post = () =>
        fetch(`${server.url}/webhooks/telegram`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secret },
          body: JSON.stringify(update),
        });
      const answers = await Promise.all([post(), post(), post()]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(delivery).toBeGreaterThan(0);
      const later = await threadOf('Bob', (messages) => messages.some(({ text }) => text === 'again'));
      expect(later.filter(({ text }) => text === 'again')).toHaveLength(1);
    });

    it('refuses a webhook without the secret and writes it into the error log', async () => {
      const answer = await fetch(`${server.url}/webhooks/telegram`, {
        method: 'POST',
        body: '{"update_id":1}',
      });
      expect(answer.status).toBe(401);
      const log = await until(
        () => server.get<{ service: string; operation: string; code: string }[]>('/errors'),
        (rows) => rows.some(({ operation }) => operation === 'webhook'),
      );
      expect(log).toContainEqual(
        expect.objectContaining({ service: 'telegram', code: 'invalid_signature', status: 401 }),
      );
    });

    it('shows the new text of an edited message', async () => {
      const eve = { id: 1_003, first_name: 'Eve' };
      const sent = server.sandbox.telegram.userSends(botToken, {
        text: 'Golf?',
        from: eve,
      });
      await threadOf('Eve', (messages) => messages.length > 0);
      server.sandbox.telegram.userEdits(botToken, {
        chat: eve.id,
        message_id: sent.message_id,
        text: 'Golf GTI?',
      });
      const thread = await threadOf('Eve', (messages) => messages.some(({ text }) => text === 'Golf GTI?'));
      expect(thread.filter(isIn)).toHaveLength(1);
    });

    it('sends an operator’s reply once, however often the page asks', async () => {
      const dan = { id: 1_004, first_name: 'Dan' };
      server.write('hello', dan);
      const { id } = await conversationOf('Dan');
      const reply = { id: randomUUID(), text: 'Good morning' };
      const answers = await Promise.all(
        [1, 2, 3].map(() => server.post(`/conversations/${id}/messages`, reply)),
      );
      expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
      await threadOf('Dan', (messages) =>
        messages.some(({ text, state }) => text === 'Good morning' && state === 'sent'),
      );
      expect(botTexts(dan.id).filter((text) => text === 'Good morning')).toHaveLength(1);
      expect((await server.post(`/conversations/${id}/messages`, { ...reply, text: ' ' })).status).toBe(400);
      const long = { id: randomUUID(), text: 'x'.repeat(4_097) };
      expect((await server.post(`/conversations/${id}/messages`, long)).status).toBe(422);
    });

    it('never repeats a call whose outcome is unknown, and does what the operator decides', async () => {
      const ida = { id: 1_005, first_name: 'Ida' };
      server.write('hello', ida);
      await threadOf('Ida', (messages) => messages[1]?.state === 'sent');
      const { id } = await conversationOf('Ida');
      const inDoubt = async (text: string): Promise<string> => {
        // The call is executed and its answer lost.
        server.sandbox.faults.set({
          provider: 'telegram',
          method: 'sendMessage',
          kind: 'reset',
          times: 1,
          after: true,
        });
        await server.post(`/conversations/${id}/messages`, { id: randomUUID(), text });
        await threadOf('Ida', (messages) =>
          messages.some((one) => one.text === text && one.state === 'in_doubt'),
        );
        const { inDoubt: rows } = await server.get<Queue>('/queue');
        const row = rows.find(({ message }) => message.text === text);
        expect(row?.message.title).toBe('Ida');
        return encodeURIComponent(row?.id ?? '');
      };
      const stateOf = (text: string, state: string) =>
        threadOf('Ida', (messages) => messages.some((one) => one.text === text && one.state === state));

      const arrived = await inDoubt('one');
      expect((await server.post(`/outbox/${arrived}/confirm`)).status).toBe(204);
      await stateOf('one', 'sent');
      const again = await inDoubt('two');
      expect((await server.post(`/outbox/${again}/resend`)).status).toBe(204);
      await stateOf('two', 'sent');
      const gone = await inDoubt('three');
      expect((await server.post(`/outbox/${gone}/discard`)).status).toBe(204);
      await stateOf('three', 'failed');
      expect((await server.post(`/outbox/${gone}/discard`)).status).toBe(409);
      expect((await server.post('/outbox/nothing/confirm')).status).toBe(404);

      expect(botTexts(ida.id).filter((text) => text !== 'Received: hello')).toEqual([
        'one',
        'two',
        'two',
        'three',
      ]);
    });

    it('shows a message that the provider refused, with the reason', async () => {
      const kim = { id: 1_006, first_name: 'Kim' };
      server.write('hello', kim);
      await threadOf('Kim', (messages) => messages[1]?.state === 'sent');
      server.sandbox.telegram.userBlocks(botToken, kim);
      const { id } = await conversationOf('Kim');
      await server.post(`/conversations/${id}/messages`, { id: randomUUID(), text: 'Are you there?' });
      const thread = await threadOf('Kim', (messages) => messages.some(({ state }) => state === 'failed'));
      expect(thread.at(-1)).toMatchObject({ text: 'Are you there?', state: 'failed', reason: 'forbidden' });
    });

    it('waits out a rate limit and sends in the end', async () => {
      const lee = { id: 1_007, first_name: 'Lee' };
      server.sandbox.faults.set({
        provider: 'telegram',
        method: 'sendMessage',
        kind: 'rate_limited',
        times: 1,
        retryAfter: 1,
      });
      server.write('hello', lee);
      const thread = await threadOf('Lee', (messages) => messages[1]?.state === 'sent');
      expect(thread).toHaveLength(2);
      expect(botTexts(lee.id)).toEqual(['Received: hello']);
    });

    it('tells how it is: alive, ready, its integrations, its numbers', async () => {
      expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
      expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
      const health = (await (await fetch(`${server.url}/health/integrations`)).json()) as {
        checks: Record<string, { status: string }>;
      };
      expect(Object.keys(health.checks)).toEqual([
        'telegram',
        'whatsapp',
        'viber',
        'meta-capi',
        'sendpulse',
        'autoria',
        'mtproto',
      ]);
      expect(health.checks.mtproto?.status).toBe('not_configured');
      const metrics = await (await fetch(`${server.url}/metrics`)).text();
      expect(metrics).toMatch(
        /cartie_calls_total\{service="telegram",operation="sendMessage",code="ok"\} \d+/,
      );
      expect(metrics).toMatch(/cartie_updates_total\{channel="telegram",result="added"\} \d+/);
      expect(metrics).toContain('cartie_inbox_updates{status="pending"} 0');
      expect(metrics).toContain('nodejs_eventloop_lag_p99_seconds');
    });

    it('keeps everything over a restart', async () => {
      const before = await server.get<Conversation[]>('/conversations');
      await server.restart();
      expect(await server.get<Conversation[]>('/conversations')).toEqual(before);
    });
  });
});

const isIn = ({ direction }: ThreadMessage): boolean => direction === 'in';
