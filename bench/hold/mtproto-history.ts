import { gramjsSession, startTestDc } from '@cartie/sandbox';
import { startClient } from '../support/mtproto-scene.ts';
import { until } from '../support/pace.ts';

/** What {@link runMtprotoHistory} found. */
export interface MtprotoHistoryReport {
  readonly messages: number;
  readonly parsed: number;
  readonly requests: number;
  readonly tookMs: number;
  /** Of the process, after each thousand messages, garbage collected. Megabytes. */
  readonly heapMegabytes: readonly number[];
  readonly peakMegabytes: number;
}

/** Reads and parses a channel's whole history in a process of its own; the channel's limit is raised. */
export async function runMtprotoHistory({ messages }: { messages: number }): Promise<MtprotoHistoryReport> {
  await using dc = await startTestDc();
  const person = dc.addAccount();
  const channel = dc.createChannel({ username: 'autos', members: [person] });
  channel.fill(messages, (index) => `BMW X5 ${1990 + (index % 30)}, ${index} km, ${5_000 + index} USD`);
  const hub = { historyRate: { limit: 1_000, intervalMs: 1_000 } };
  await using client = await startClient(dc, { kind: 'memory' }, hub);
  await client.add('reader', gramjsSession(dc.provisionKey(person)));
  await until(() => client.lastStates.get('reader')?.name === 'ready', 30_000);
  const { memory, parsed, tookMs, messages: read } = await client.history('reader', 'autos');
  return {
    messages: read,
    parsed,
    requests: dc.requests.count({ method: 'messages.getHistory' }),
    tookMs: Math.round(tookMs),
    heapMegabytes: memory.map(({ heapUsed }) => Math.round(heapUsed / 1e5) / 10),
    peakMegabytes: Math.round(Math.max(...memory.map(({ rss }) => rss)) / 1e6),
  };
}

if (import.meta.main) {
  const [messages = '10000'] = process.argv.slice(2);
  console.log(JSON.stringify(await runMtprotoHistory({ messages: Number(messages) }), null, 2));
}
