import { expect, test } from 'vitest';
import { runMetaOutage } from '../bench/hold/meta-outage.ts';

// The short version of what `bench/hold/meta-outage.ts` does with 10,000 leads: about what is lost or counted twice,
// never about how fast a busy machine is.
test('Meta is away for a day and the server is killed three times: every lead counts once, the oldest first', {
  timeout: 180_000,
}, async () => {
  const report = await runMetaOutage({ engine: 'pglite', leads: 200 });
  expect(report).toMatchObject({
    sent: 200,
    acknowledged: 200,
    kills: 3,
    hours: 24,
    counted: 200,
    countedTwice: 0,
    lost: 0,
    disordered: 0,
  });
  expect(report.outbox).toEqual({ sent: 200 });
  // The first batch had arrived without an answer, so it came again, and Meta dropped it.
  expect(report.droppedByMeta).toBeGreaterThan(0);
  expect(report.requests).toMatchObject({ reset: 1, html: 2 });
  expect(report.requests.server_error).toBeGreaterThan(0);
});
