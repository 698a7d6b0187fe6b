import { setTimeout as pause } from 'node:timers/promises';
import { gramjsSession, startTestDc, type TestDc, type TestDcAccount } from '@cartie/sandbox';
import { describe, expect, it } from 'vitest';
import { type ClientProcess, startClientProcess } from '../tests/start-client-process.ts';
import { apiHash, encryptionKey, quick, serversOf, until } from '../tests/support.ts';
import type { MtprotoHubOptions } from './index.ts';

function startClient(dc: TestDc, options: Partial<MtprotoHubOptions> = {}): Promise<ClientProcess> {
  const hub = {
    apiId: 1,
    apiHash,
    servers: serversOf(dc),
    ...quick,
    connectTimeoutMs: 60_000,
    ...options,
  } as never;
  return startClientProcess({ store: { kind: 'memory' }, encryptionKey, hub });
}

/** Stops it and waits for its end; nobody is connected to afterwards, and nothing was written anywhere. */
async function stopsCleanly(client: ClientProcess, dc: TestDc): Promise<void> {
  const stoppedAt = performance.now();
  await client.stop();
  const { total } = dc.connections;
  expect(await client.ended).toBe(0);
  // GramJS left alone would live on for 10 s at least, or for ever. A second is the promise; a busy machine may take more.
  expect(performance.now() - stoppedAt).toBeLessThan(5_000);
  await pause(1_200);
  expect(dc.connections.total).toBe(total);
  expect(dc.connections.open).toBe(0);
  expect(client.output()).toBe('');
}

const isIn = (client: ClientProcess, name: string) => () => client.lastStates.get('cars')?.name === name;
const sessionFor = (dc: TestDc, person: TestDcAccount): string => gramjsSession(dc.provisionKey(person));

describe('a process whose hub has stopped opens no further connection, prints nothing and ends', () => {
  it('when it was ready, after a history and a live message', async () => {
    await using dc = await startTestDc();
    const person = dc.addAccount();
    const channel = dc.createChannel({ username: 'autos', members: [person] });
    await using client = await startClient(dc);
    await client.add('cars', sessionFor(dc, person));
    await until(isIn(client, 'ready'));
    channel.post('one');
    await until(() => client.handled.length === 1);
    expect(await client.history('cars', 'autos')).toMatchObject({ messages: 1 });
    await stopsCleanly(client, dc);
  });

  it('while it connects, to a server that never answers', async () => {
    await using dc = await startTestDc();
    dc.faults.set({ kind: 'mute' });
    await using client = await startClient(dc);
    await client.add('cars', sessionFor(dc, dc.addAccount()));
    await until(() => dc.connections.open === 1);
    await stopsCleanly(client, dc);
  });

  it('while it makes a key', async () => {
    await using dc = await startTestDc();
    await using client = await startClient(dc);
    // The first answer of the exchange never comes.
    dc.faults.set({ kind: 'mute' });
    const login = client.logIn('cars').catch(String);
    await until(() => dc.connections.list()[0]?.lastReceivedAt !== undefined);
    await stopsCleanly(client, dc);
    expect(await login).toContain('The account is stopped');
    expect(dc.connections.handshakes).toBe(0);
  });

  it('which does not know its key', async () => {
    await using dc = await startTestDc();
    await using client = await startClient(dc);
    const person = dc.addAccount();
    await client.add('cars', sessionFor(dc, person));
    dc.forgetKeys(person);
    await stopsCleanly(client, dc);
  });

  it('while it connects again, to a server that is gone', async () => {
    await using dc = await startTestDc();
    await using client = await startClient(dc);
    await client.add('cars', sessionFor(dc, dc.addAccount()));
    await until(isIn(client, 'ready'));
    await dc.suspend();
    await until(isIn(client, 'waiting'));
    await pause(500); // some attempts, all refused
    await client.stop();
    await dc.resume();
    await stopsCleanly({ ...client, stop: async () => undefined }, dc);
  });

  it('against a server that accepts and closes', async () => {
    await using dc = await startTestDc();
    await using client = await startClient(dc);
    await client.add('cars', sessionFor(dc, dc.addAccount()));
    await until(isIn(client, 'ready'));
    dc.faults.set({ kind: 'accept_and_close' });
    dc.drop();
    await until(() => dc.connections.total > 4);
    await stopsCleanly(client, dc);
  });
});

describe('a process that only listens', () => {
  it('keeps its heap while 5,000 updates go through', { timeout: 120_000 }, async () => {
    await using dc = await startTestDc();
    const person = dc.addAccount();
    const friends = Array.from({ length: 20 }, () => dc.addAccount());
    const channels = friends.map((friend) =>
      dc.createChannel({ kind: 'supergroup', members: [person, friend] }),
    );
    // With a ping go the acknowledgements, which the library gathers until then.
    await using client = await startClient(dc, { pingMs: 100 });
    await client.add('cars', sessionFor(dc, person));
    await until(isIn(client, 'ready'));
    const post = async (from: number, to: number): Promise<void> => {
      for (let number = from; number < to; number += 1) {
        const place = number % friends.length;
        channels[place]?.post({ text: `BMW X5 2019, ${number} km`, from: friends[place] });
        if (number % 50 === 0) await pause(1);
      }
      await until(() => client.handled.length === to, 60_000);
      await pause(500);
    };
    const inMegabytes = ({ heapUsed }: { heapUsed: number }): number => Math.round(heapUsed / 1e5) / 10;
    await post(0, 2_000);
    const early = await client.memory();
    await post(2_000, 5_000);
    const late = await client.memory();
    console.log(`heap ${inMegabytes(early)} MB after 2,000 updates, ${inMegabytes(late)} MB after 5,000`);
    // Lists of what came lately fill up to their bound; whoever keeps each update keeps more than a kilobyte of it.
    expect((late.heapUsed - early.heapUsed) / 3_000).toBeLessThan(400);
    expect(client.handled).toHaveLength(5_000);
    expect(client.output()).toBe('');
  });
});
