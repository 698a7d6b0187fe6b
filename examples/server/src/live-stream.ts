import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { LiveView } from './live.ts';

/** Serves a live view as server-sent events, one a topic: while a slow reader has not taken the last one, only the newest state waits for it. */
export function streamLive(context: Context, live: LiveView): Response {
  return streamSSE(context, async (stream) => {
    const waiting = new Map<string, string>();
    let wake = (): void => {};
    const stop = live.watch({
      send({ topic, data }) {
        waiting.set(topic, data);
        wake();
      },
      close() {
        stream.abort();
      },
    });
    stream.onAbort(() => {
      stop();
      wake();
    });
    while (!stream.aborted) {
      const [next] = waiting;
      if (next !== undefined) {
        waiting.delete(next[0]);
        await stream.writeSSE({ event: next[0], data: next[1] });
        continue;
      }
      let timer: NodeJS.Timeout | undefined;
      const awake = await new Promise<boolean>((resolve) => {
        wake = () => resolve(true);
        timer = setTimeout(() => resolve(false), 15_000);
      });
      clearTimeout(timer);
      // A silent connection looks dead to proxies.
      if (!awake) await stream.writeSSE({ event: 'alive', data: '' });
    }
  });
}
