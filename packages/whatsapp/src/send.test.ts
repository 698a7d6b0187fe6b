import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, failureOf, refusal, sandboxClient, startGraph } from '../tests/support.ts';
import { whatsAppFailure } from './index.ts';

const to = '380671234567';
const text = (body: string) => ({ to, type: 'text', text: { body } }) as const;
const template = { name: 'order_ready', language: { code: 'en_US' } };

let sandbox: RunningSandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
});
afterEach(() => sandbox.close());

describe('sending', () => {
  it('gives the id of the message, which its statuses name', async () => {
    const { number, client } = sandboxClient(sandbox);
    sandbox.whatsapp.customerSends(number, { from: to, text: 'Hi' });
    const sent = await client.send(text('Hello'));
    expect(sent).toMatchObject({ status: 'accepted', contact: { wa_id: to }, attempts: 1 });
    await sandbox.whatsapp.settled();
    expect(sandbox.whatsapp.messages(to).at(-1)).toMatchObject({
      id: sent.id,
      text: 'Hello',
      status: 'delivered',
    });
  });

  it('puts the token into a header, and the proof of the secret into the query', async () => {
    const { number } = sandboxClient(sandbox, {}, { requireProof: true });
    const client = clientOf(sandbox.whatsapp.apiUrl, {
      phoneNumberId: number.phoneNumberId,
      accessToken: async () => number.token,
      appSecret: number.appSecret,
    });
    await client.send(text('Hello'));
    expect(sandbox.whatsapp.calls()).toMatchObject([
      { operation: 'messages', tokenIn: 'header', status: 200 },
    ]);
    const other = clientOf(sandbox.whatsapp.apiUrl, {
      phoneNumberId: number.phoneNumberId,
      accessToken: number.token,
      appSecret: 'wrong',
    });
    expect((await failureOf(other.send(text('Hello')))).provider?.code).toBe(100);
  });

  it.each(['reset', 'hang', 'server_error', 'html'] as const)(
    'is not repeated after %s, since the message may be out',
    async (kind) => {
      const { client } = sandboxClient(sandbox, { timeoutMs: 300 });
      sandbox.faults.set({ provider: 'whatsapp', method: 'messages', kind, after: kind !== 'hang' });
      const error = await failureOf(client.send(text('Hello')));
      expect(error).toMatchObject({ outcome: 'unknown', attempts: 1, operation: 'sendMessage' });
      expect(sandbox.whatsapp.calls().length).toBeLessThanOrEqual(1);
    },
  );

  it('is repeated where Meta has said that it did nothing', async () => {
    await using graph = await startGraph((_, n) =>
      n === 1 ? refusal(131016) : { json: { messages: [{ id: 'wamid.2' }] } },
    );
    const sent = await clientOf(graph.url).send(text('Hello'));
    expect(sent).toMatchObject({ id: 'wamid.2', attempts: 2 });
  });

  it('says so when the answer names no message', async () => {
    await using graph = await startGraph(() => ({ json: { messages: [] } }));
    expect(await failureOf(clientOf(graph.url).send(text('Hello')))).toMatchObject({
      code: 'invalid_response',
      outcome: 'unknown',
    });
  });

  it('keeps the order of messages to one recipient, also when the first has to be repeated', async () => {
    await using graph = await startGraph((_, n) =>
      n === 1 ? refusal(131016) : { json: { messages: [{ id: `wamid.${n}` }] } },
    );
    const client = clientOf(graph.url);
    await Promise.all([client.send(text('1')), client.send(text('2')), client.send(text('3'))]);
    expect(graph.received.map(({ json }) => json.text.body)).toEqual(['1', '1', '2', '3']);
  });

  it('waits for earlier messages no longer than its deadline, and passes its place on', async () => {
    await using graph = await startGraph((_, n) =>
      n === 1 ? 'hang' : { json: { messages: [{ id: `wamid.${n}` }] } },
    );
    const client = clientOf(graph.url, { timeoutMs: 400 });
    const first = failureOf(client.send(text('1')));
    const late = await failureOf(client.send(text('2'), { deadlineMs: 50 }));
    expect(late).toMatchObject({ code: 'timeout', outcome: 'not_executed' });
    const gone = new AbortController();
    const aborted = client.send(text('3'), { signal: gone.signal });
    gone.abort(new Error('gone'));
    await expect(aborted).rejects.toThrow('gone');
    const last = await client.send(text('4'));
    expect((await first).outcome).toBe('unknown');
    expect(last.id).toBe('wamid.2');
    expect(graph.received.map(({ json }) => json.text.body)).toEqual(['1', '4']);
  });

  it('marks messages as read, with a sign of typing', async () => {
    const { number, client } = sandboxClient(sandbox);
    const id = sandbox.whatsapp.customerSends(number, { from: to, text: 'Hi' });
    await client.markRead(id, { typing: true });
    expect(sandbox.whatsapp.messages(to)).toMatchObject([{ readByBusiness: true }]);
    expect((await failureOf(client.markRead('wamid.none'))).provider?.code).toBe(131009);
  });

  it('sends marketing by its own address, templates only', async () => {
    const { number, client } = sandboxClient(sandbox);
    sandbox.whatsapp.createTemplate(number, {
      name: 'sale',
      language: 'en_US',
      category: 'MARKETING',
      components: [{ type: 'BODY', text: 'Sale' }],
    });
    await client.sendMarketing({
      to,
      type: 'template',
      template: { name: 'sale', language: { code: 'en_US' } },
      product_policy: 'STRICT',
    });
    expect(sandbox.whatsapp.calls()).toMatchObject([{ operation: 'marketing_messages' }]);
    expect((await failureOf(client.sendMarketing(text('x') as never))).field).toBe('type');
  });
});

describe('a refusal for the rate', () => {
  it('of one recipient holds back that recipient only', async () => {
    await using graph = await startGraph((_, n) =>
      n === 1 ? refusal(131056) : { json: { messages: [{ id: `wamid.${n}` }] } },
    );
    let refused = (): void => undefined;
    const isRefused = new Promise<void>((resolve) => {
      refused = resolve;
    });
    const client = clientOf(graph.url, {
      rates: { pair: { limit: 10, intervalMs: 30_000, burst: 10 } },
      onEvent: ({ type }) => type === 'rate_limited' && refused(),
    });
    const first = client.send(text('1'));
    await isRefused;
    // Less time than the pause: it could not go if the pause were the number's.
    await client.send({ ...text('other'), to: '380670000000' }, { deadlineMs: 2_000 });
    expect((await first).attempts).toBe(2);
    expect(graph.received.map(({ json }) => json.text.body)).toEqual(['1', 'other', '1']);
  });

  it('of the number holds back all of it', async () => {
    const times: number[] = [];
    await using graph = await startGraph((_, n) => {
      times.push(performance.now());
      return n === 1 ? refusal(130429) : { json: { messages: [{ id: `wamid.${n}` }] } };
    });
    let refused = (): void => undefined;
    const isRefused = new Promise<void>((resolve) => {
      refused = resolve;
    });
    const client = clientOf(graph.url, {
      rates: { throughput: { limit: 1_000, intervalMs: 300 } },
      onEvent: ({ type }) => type === 'rate_limited' && refused(),
    });
    const first = client.send(text('1'));
    await isRefused;
    await Promise.all([first, client.send({ ...text('2'), to: '380670000000' })]);
    const [refusedAt = 0, ...later] = times;
    expect(later).toHaveLength(2);
    for (const at of later) expect(at - refusedAt).toBeGreaterThan(250);
  });

  it('of the number holds it back longer each time, up to four times', async () => {
    const times: number[] = [];
    await using graph = await startGraph((_, n) => {
      times.push(performance.now());
      return n <= 4 ? refusal(130429) : { json: { messages: [{ id: `wamid.${n}` }] } };
    });
    const client = clientOf(graph.url, {
      rates: { throughput: { limit: 1_000, intervalMs: 100 } },
      retries: 4,
    });
    await client.send(text('1'));
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    for (const [index, leastMs] of [100, 200, 400, 400].entries())
      expect(gaps[index]).toBeGreaterThanOrEqual(leastMs - 5);
  });

  it('that lasts long is told, not waited for', async () => {
    await using graph = await startGraph(() => refusal(131049));
    expect(await failureOf(clientOf(graph.url).send(text('1')))).toMatchObject({
      code: 'rejected',
      retryAfterMs: 86_400_000,
      attempts: 1,
    });
  });
});

describe('sendOrTemplate', () => {
  const message = { type: 'text', text: { body: 'Hello' } } as const;
  const prepare = () => {
    const made = sandboxClient(sandbox);
    sandbox.whatsapp.createTemplate(made.number, {
      name: 'order_ready',
      language: 'en_US',
      components: [{ type: 'BODY', text: 'Ready' }],
    });
    return made.client;
  };

  it.each<[string, () => Date | number | null | undefined, string]>([
    ['an hour ago', () => Date.now() - 3_600_000, 'message'],
    ['a day and an hour ago', () => new Date(Date.now() - 90_000_000), 'template'],
    ['never', () => null, 'template'],
    ['at a time that nobody knows', () => undefined, 'message'],
  ])('to a customer who wrote %s', async (_name, lastInboundAt, sent) => {
    const result = await prepare().sendOrTemplate({ to, message, template, lastInboundAt: lastInboundAt() });
    expect(result.sent).toBe(sent);
  });

  it('sends the template when Meta says that the window is closed', async () => {
    await using graph = await startGraph(({ json }, n) =>
      json.type === 'text' ? refusal(131047) : { json: { messages: [{ id: `wamid.${n}` }] } },
    );
    const result = await clientOf(graph.url).sendOrTemplate({ to, message, template });
    expect(result).toMatchObject({ sent: 'template', id: 'wamid.2' });
  });

  it('sends no template when the outcome of the message is unknown', async () => {
    await using graph = await startGraph(() => 'reset');
    expect((await failureOf(clientOf(graph.url).sendOrTemplate({ to, message, template }))).outcome).toBe(
      'unknown',
    );
    expect(graph.received).toHaveLength(1);
  });

  it('checks the template also while the window is open', async () => {
    const error = await failureOf(
      prepare().sendOrTemplate({ to, message, template: { name: 'x', language: { code: 'English' } } }),
    );
    expect(error.field).toBe('template.language.code');
  });
});

describe('what becomes of a message', () => {
  it('comes as a status whose error is classified like an answer', async () => {
    const { client } = sandboxClient(sandbox);
    await client.send(text('Hello'));
    await sandbox.whatsapp.settled();
    expect(sandbox.whatsapp.messages(to)).toMatchObject([{ status: 'failed' }]);
    expect(whatsAppFailure({ code: 131047 })).toEqual({
      kind: 'window_closed',
      action: 'template',
      code: 131047,
    });
  });
});
