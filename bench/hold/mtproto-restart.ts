import { gramjsSession, startTestDc } from '@cartie/sandbox';
import { openSharedStore, startClient } from '../support/mtproto-scene.ts';

/** What {@link runMtprotoRestart} found. */
export interface MtprotoRestartReport {
  readonly accounts: number;
  readonly ready: number;
  /** Key exchanges and logins after the restart. */
  readonly handshakes: number;
  readonly logins: number;
  /** From `start()` until all were ready. Milliseconds. */
  readonly readyMs: number;
}

/** A process with many accounts is killed; another one brings them all back. */
export async function runMtprotoRestart(options: {
  kind: 'redis' | 'postgres';
  accounts: number;
}): Promise<MtprotoRestartReport> {
  await using store = await openSharedStore(options.kind);
  await using dc = await startTestDc();
  {
    await using first = await startClient(dc, store.place);
    for (let index = 0; index < options.accounts; index += 1) {
      await first.add(`account-${index}`, gramjsSession(dc.provisionKey(dc.addAccount())));
    }
    await first.start();
    await first.stop();
  }
  const { handshakes } = dc.connections;
  dc.requests.clear();
  await using second = await startClient(dc, store.place);
  const { tookMs, states } = await second.start();
  const methods = dc.requests.counts();
  const report = {
    accounts: options.accounts,
    ready: Object.values(states).filter(({ name }) => name === 'ready').length,
    handshakes: dc.connections.handshakes - handshakes,
    logins: Object.keys(methods).filter((method) => method.startsWith('auth.')).length,
    readyMs: Math.round(tookMs),
  };
  await second.stop();
  return report;
}

if (import.meta.main) {
  const [kind = 'postgres', accounts = '30'] = process.argv.slice(2);
  const report = await runMtprotoRestart({
    kind: kind === 'redis' ? 'redis' : 'postgres',
    accounts: Number(accounts),
  });
  console.log(JSON.stringify(report, null, 2));
}
