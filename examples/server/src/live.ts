/** What a live view shows: loaded again from time to time, told only when it has changed. */
export interface LiveTopic {
  load(): Promise<unknown>;
  /** Milliseconds between looks while somebody watches: changes of other processes are seen by them alone. */
  everyMs: number;
}

/** One who watches. */
export interface LiveViewer {
  send(event: { topic: string; data: string }): void;
  /** The view is over: the server stops. */
  close(): void;
}

/** Tells viewers of changes. Nothing is loaded while nobody watches. */
export interface LiveView {
  /** Sends the newest state of every topic at once, then each change. The returned function ends it. */
  watch(viewer: LiveViewer): () => void;
  /** Something has changed in this process: look soon. Cheap enough for every message. */
  poke(topic: string): void;
  close(): void;
}

/** Changes that come in a row are told together. */
const gatherMs = 120;

/** Creates a {@link LiveView} over these topics. */
export function createLiveView(
  topics: Readonly<Record<string, LiveTopic>>,
  onError: (error: unknown) => void,
): LiveView {
  const viewers = new Set<LiveViewer>();
  const watched = Object.entries(topics).map(([name, topic]) =>
    createWatch(topic, {
      changed(data) {
        for (const viewer of viewers) viewer.send({ topic: name, data });
      },
      onError,
      name,
    }),
  );
  return {
    watch(viewer) {
      viewers.add(viewer);
      for (const watch of watched) {
        watch.start();
        if (watch.last !== undefined) viewer.send({ topic: watch.name, data: watch.last });
        watch.soon(0);
      }
      return () => {
        viewers.delete(viewer);
        if (viewers.size === 0) for (const watch of watched) watch.stop();
      };
    },
    poke(topic) {
      if (viewers.size > 0) watched.find((watch) => watch.name === topic)?.soon(gatherMs);
    },
    close() {
      for (const viewer of viewers) viewer.close();
      viewers.clear();
      for (const watch of watched) watch.stop();
    },
  };
}

interface Watch {
  readonly name: string;
  /** The newest state, as JSON, while somebody watches. */
  readonly last: string | undefined;
  start(): void;
  stop(): void;
  soon(ms: number): void;
}

function createWatch(
  topic: LiveTopic,
  told: { name: string; changed: (data: string) => void; onError: (error: unknown) => void },
): Watch {
  let last: string | undefined;
  let interval: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;
  let loading = false;
  let again = false;

  const look = async (): Promise<void> => {
    soon = undefined;
    if (loading) {
      again = true;
      return;
    }
    loading = true;
    try {
      const data = JSON.stringify(await topic.load());
      // Nobody may watch any more: what is loaded now would be old for the next one.
      if (interval !== undefined && data !== last) {
        last = data;
        told.changed(data);
      }
    } catch (error) {
      told.onError(error);
    } finally {
      loading = false;
      if (again && interval !== undefined) watch.soon(gatherMs);
      again = false;
    }
  };

  const watch: Watch = {
    name: told.name,
    get last() {
      return last;
    },
    start() {
      interval ??= setInterval(() => void look(), topic.everyMs);
    },
    stop() {
      clearInterval(interval);
      clearTimeout(soon);
      interval = undefined;
      soon = undefined;
      last = undefined;
    },
    soon(ms) {
      soon ??= setTimeout(() => void look(), ms);
    },
  };
  return watch;
}
