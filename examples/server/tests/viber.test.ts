import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ThreadMessage } from '../src/conversation-views.ts';
import { conversationsBy } from './conversations-by.ts';
import { sharedServer, until } from './test-server.ts';

describe('Viber through the server', () => {
  const server = sharedServer({ AUTO_REPLY_PREFIX: 'hello' });
  let account: string;

  beforeAll(async () => {
    account = server.sandbox.viber.accounts()[0]?.id ?? '';
    // Viber is told the webhook in the background.
    await until(
      () => server.sandbox.viber.calls(),
      (calls) => calls.some(({ method, status }) => method === 'set_webhook' && status === 0),
    );
    // Calls that end well, so that the faults of these tests do not open the circuit.
    for (let n = 0; n < 10; n++) write('regular', 'hello');
    await threadOf('regular', (messages) => messages.filter(({ state }) => state === 'sent').length === 10);
  });

  const { conversationOf, threadOf } = conversationsBy('externalId', server);
  const answer = async (id: string, text: string): Promise<Response> =>
    server.post(`/conversations/${(await conversationOf(id)).id}/messages`, { text, id: randomUUID() });
  const write = (from: string, text: string): string =>
    server.sandbox.viber.userSends(account, { from, text });
  /** Another program that has the bot's token sends a message. */
  const sendElsewhere = (receiver: string, message: object): Promise<Response> => {
    const { viber } = server.sandbox;
    return fetch(`${viber.apiUrl}/pa/send_message`, {
      method: 'POST',
      headers: { 'x-viber-auth-token': viber.accounts()[0]?.token ?? '' },
      body: JSON.stringify({ receiver, sender: { name: 'Cars' }, ...message }),
    });
  };
  const botTexts = (id: string): unknown[] =>
    server.sandbox.viber
      .messages(account, id)
      .filter(({ from }) => from === 'bot')
      .map(({ message }) => message.text);
  const last = (messages: ThreadMessage[]): ThreadMessage | undefined => messages.at(-1);

  it('stores a message, answers it, and shows when the answer was delivered and seen', async () => {
    write('olena', 'hello');
    const sent = await threadOf('olena', (messages) => last(messages)?.deliveredAt != null);
    expect(sent).toMatchObject([
      { direction: 'in', kind: 'text', text: 'hello' },
      { direction: 'out', author: 'auto-reply', text: 'Received: hello', state: 'sent', seenAt: null },
    ]);
    expect(botTexts('olena')).toEqual(['Received: hello']);
    server.sandbox.viber.userLooks(account, 'olena');
    await threadOf('olena', (messages) => last(messages)?.seenAt != null);
    expect(await conversationOf('olena')).toMatchObject({ channel: 'viber', title: 'Olena', noReply: null });
  });

  it('sends what an operator writes, and takes a tap on a button as a message', async () => {
    write('tapper', 'Hi');
    await conversationOf('tapper');
    expect((await answer('tapper', 'It is not sold.')).status).toBe(202);
    await threadOf('tapper', (messages) => last(messages)?.state === 'sent');
    expect(botTexts('tapper')).toEqual(['It is not sold.']);
    const Buttons = [{ ActionType: 'reply', ActionBody: 'buy-42', Text: 'Buy' }];
    await sendElsewhere('tapper', { keyboard: { Type: 'keyboard', Buttons } });
    server.sandbox.viber.userTaps(account, { from: 'tapper', button: 'Buy' });
    await threadOf('tapper', (messages) => last(messages)?.text === 'buy-42');
  });

  it('settles a message in doubt when the phone tells of it, and sends nothing twice', async () => {
    const { viber, faults } = server.sandbox;
    write('doubt', 'Hi');
    await conversationOf('doubt');
    viber.createUser(account, { id: 'doubt', device: 'offline' });
    faults.set({ provider: 'viber', method: 'send_message', kind: 'reset', after: true, times: 1 });
    await answer('doubt', 'Your car is ready');
    await threadOf('doubt', (messages) => last(messages)?.state === 'in_doubt');
    viber.userComesOnline(account, 'doubt');
    const settled = await threadOf('doubt', (messages) => last(messages)?.deliveredAt != null);
    expect(last(settled)).toMatchObject({ state: 'sent', reason: null });
    expect(botTexts('doubt')).toEqual(['Your car is ready']);
    expect(await server.get('/queue')).toMatchObject({ outbox: { in_doubt: 0 }, inDoubt: [] });
  });

  it('settles it also when the phone was faster than the end of the call', async () => {
    write('fast', 'Hi');
    await conversationOf('fast');
    server.sandbox.faults.set({
      provider: 'viber',
      method: 'send_message',
      kind: 'reset',
      after: true,
      times: 1,
    });
    await answer('fast', 'Your car is ready');
    const settled = await threadOf('fast', (messages) => last(messages)?.deliveredAt != null);
    expect(last(settled)).toMatchObject({ state: 'sent' });
    expect(botTexts('fast')).toEqual(['Your car is ready']);
  });

  it('leaves in doubt what no phone tells of', async () => {
    write('lost', 'Hi');
    await conversationOf('lost');
    // It is not this one that the phone tells of.
    await sendElsewhere('lost', { type: 'text', text: 'From elsewhere' });
    await server.sandbox.viber.settled();
    server.sandbox.faults.set({ provider: 'viber', method: 'send_message', kind: 'reset', times: 1 });
    await answer('lost', 'First');
    await threadOf('lost', (messages) => last(messages)?.state === 'in_doubt');
    await answer('lost', 'Second');
    const messages = await threadOf('lost', (thread) => last(thread)?.deliveredAt != null);
    expect(messages.slice(1)).toMatchObject([
      { text: 'First', state: 'in_doubt', deliveredAt: null },
      { text: 'Second', state: 'sent' },
    ]);
  });

  it('shows what did not arrive as failed', async () => {
    write('broken', 'Hi');
    await conversationOf('broken');
    server.sandbox.viber.createUser(account, { id: 'broken', device: 'failing' });
    await answer('broken', 'Are you there?');
    const failed = await threadOf('broken', (messages) => last(messages)?.state === 'failed');
    expect(last(failed)).toMatchObject({ reason: 'not_delivered', deliveredAt: null });
  });

  it('knows who has left, and that he is back', async () => {
    write('leaver', 'Hi');
    await conversationOf('leaver');
    server.sandbox.viber.userUnsubscribes(account, 'leaver');
    const gone = await conversationOf('leaver', ({ unreachable }) => unreachable);
    expect(gone.noReply).toContain('has left');
    expect((await answer('leaver', 'Come back')).status).toBe(409);
    write('leaver', 'Here again');
    await conversationOf('leaver', ({ noReply }) => noReply === null);
  });

  it('learns from a refusal who has left', async () => {
    write('silent', 'Hi');
    await conversationOf('silent');
    server.sandbox.viber.createUser(account, { id: 'silent', subscribed: false });
    await answer('silent', 'Are you there?');
    await threadOf('silent', (messages) => last(messages)?.state === 'failed');
    await conversationOf('silent', ({ unreachable }) => unreachable);
  });

  it('has a health card', async () => {
    const health = (await (await fetch(`${server.url}/health/integrations`)).json()) as {
      checks: Record<string, unknown>;
    };
    expect(health.checks.viber).toMatchObject({ status: 'ok', facts: { webhook: true } });
  });

  it('refuses what Viber did not sign', async () => {
    const answer = await fetch(`${server.url}/webhooks/viber`, {
      method: 'POST',
      body: '{"event":"message"}',
      headers: { 'x-viber-content-signature': '0'.repeat(64) },
    });
    expect(answer.status).toBe(401);
  });
});
