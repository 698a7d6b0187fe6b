import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { graphApi, lead, type SendEvents } from '../../tests/graph-api.ts';
import { type RunningSandbox, type SandboxDataset, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let dataset: SandboxDataset;
let send: SendEvents;

async function start(timeScale = 1): Promise<void> {
  sandbox = await startSandbox({ timeScale });
  dataset = sandbox.meta.createDataset();
  send = graphApi(sandbox, dataset);
}
afterEach(() => sandbox.close());

describe('an event that comes again', () => {
  it('is taken and dropped: the first one counts', async () => {
    await start();
    await send([lead({ event_id: 'a', custom_data: { content_name: 'first' } })]);
    const again = await send([lead({ event_id: 'a', custom_data: { content_name: 'second' } })]);
    expect(again.body.events_received).toBe(1);
    expect(sandbox.meta.distinct()).toMatchObject([{ event: { custom_data: { content_name: 'first' } } }]);
    expect(sandbox.meta.duplicates()).toMatchObject([
      { eventId: 'a', duplicateBy: 'event_id', event: { custom_data: { content_name: 'second' } } },
    ]);
  });

  it('in the same request is dropped too', async () => {
    await start();
    expect((await send([lead({ event_id: 'a' }), lead({ event_id: 'a' })])).body.events_received).toBe(2);
    expect(sandbox.meta.distinct()).toHaveLength(1);
  });

  it('counts again with another name, in another dataset, and without an id', async () => {
    await start();
    const other = sandbox.meta.createDataset();
    await send([lead({ event_id: 'a' }), lead({ event_id: 'a', event_name: 'Contact' }), lead(), lead()]);
    await graphApi(sandbox, other)([lead({ event_id: 'a' })]);
    expect(sandbox.meta.duplicates()).toEqual([]);
    expect(sandbox.meta.distinct(dataset)).toHaveLength(4);
    expect(sandbox.meta.distinct(other.id)).toHaveLength(1);
  });

  it('counts again after 48 hours', async () => {
    // 48 hours are 173 ms.
    await start(0.000_001);
    await send([lead({ event_id: 'a' })]);
    await send([lead({ event_id: 'a' })]);
    expect(sandbox.meta.duplicates()).toHaveLength(1);
    await delay(200);
    await send([lead({ event_id: 'a' })]);
    expect(sandbox.meta.distinct()).toHaveLength(2);
  });

  it('from the browser first is dropped by its id, or by the browser it came from', async () => {
    await start();
    const fbp = 'fb.1.1596403881668.1116446470';
    sandbox.meta.browserSends(dataset, { event_name: 'Lead', event_id: 'a', fbp });
    await send([
      lead({ event_id: 'a' }),
      lead({ user_data: { fbp } }),
      lead({ event_name: 'Contact', user_data: { fbp } }),
    ]);
    expect(
      sandbox.meta.events().map(({ from, eventName, duplicateBy }) => [from, eventName, duplicateBy]),
    ).toEqual([
      ['browser', 'Lead', undefined],
      ['server', 'Lead', 'event_id'],
      ['server', 'Lead', 'browser_event'],
      ['server', 'Contact', undefined],
    ]);
  });
});
