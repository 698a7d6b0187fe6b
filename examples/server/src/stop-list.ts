/** What has been opened, to be closed in the reverse order. */
export interface StopList {
  add(name: string, stop: () => Promise<unknown>): void;
  /** The last opened first; a part that fails does not keep the others open. */
  stop(onError: (name: string, error: unknown) => void): Promise<void>;
}

/** Creates an empty {@link StopList}. */
export function createStopList(): StopList {
  const parts: { name: string; stop: () => Promise<unknown> }[] = [];
  return {
    add: (name, stop) => void parts.push({ name, stop }),
    async stop(onError) {
      for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
        try {
          await part.stop();
        } catch (error) {
          onError(part.name, error);
        }
      }
    },
  };
}
