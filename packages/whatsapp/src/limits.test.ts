import { memoryLimiter } from '@cartie/core';
import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, sandboxClient } from '../tests/support.ts';

const recipient = (index: number) => `38067${String(1_000_000 + index)}`;

describe('the limits of the number and of each recipient', () => {
  let sandbox: RunningSandbox;
  beforeEach(async () => {
    sandbox = await startSandbox({ whatsapp: { pairBurst: 2 } });
  });
  afterEach(() => sandbox.close());

  it('let 1,000 messages to 200 recipients through, in order and hardly ever refused', async () => {
    const rates = { pair: { limit: 600, intervalMs: 3_600_000, burst: 1 } };
    const { number, client } = sandboxClient(sandbox, { rates, deadlineMs: 60_000 });
    for (let index = 0; index < 200; index++)
      sandbox.whatsapp.customerSends(number, { from: recipient(index), text: 'Hi' });
    // Five to each, which is more than may go to one in the time that the number needs for all.
    const sends = Array.from({ length: 1_000 }, (_, index) =>
      client.send({
        to: recipient(Math.floor(index / 5)),
        type: 'text',
        text: { body: String(index % 5) },
      }),
    );
    await Promise.all(sends);
    await sandbox.whatsapp.settled();
    for (let index = 0; index < 200; index++) {
      const sent = sandbox.whatsapp.messages(recipient(index)).filter(({ from }) => from === 'business');
      expect(sent.map(({ text }) => text)).toEqual(['0', '1', '2', '3', '4']);
      expect(new Set(sent.map(({ status }) => status))).toEqual(new Set(['delivered']));
    }
    const refused = sandbox.whatsapp.calls().flatMap(({ code }) => (code === undefined ? [] : [code]));
    expect(refused.filter((code) => code === 130429).length).toBeLessThanOrEqual(1);
    expect(refused.filter((code) => code === 131056).length).toBeLessThanOrEqual(1);
  }, 90_000);

  it('are really there: who does not keep to them is refused', async () => {
    const limiter = { ...memoryLimiter(), acquire: async () => undefined };
    const { client } = sandboxClient(sandbox, { limiter, retries: 0 });
    const send = (to: string) => client.send({ to, type: 'text', text: { body: 'x' } });
    for (let index = 0; index < 2; index++) await send(recipient(0));
    expect((await failureOf(send(recipient(0)))).provider?.code).toBe(131056);
    const ends = await Promise.allSettled(
      Array.from({ length: 300 }, (_, index) => send(recipient(index + 1))),
    );
    const codes = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason.provider?.code] : []));
    expect(new Set(codes)).toEqual(new Set([130429]));
  });
});
