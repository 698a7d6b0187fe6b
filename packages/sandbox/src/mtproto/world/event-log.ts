import type { EventLog, WorldEvent } from './types.ts';

/** Creates an {@link EventLog} that keeps the newest `capacity` events. `pts` starts at 1, as a new account's does. */
export function createEventLog(capacity: number): EventLog {
  let events: WorldEvent[] = [];
  let pts = 1;
  let forgottenUpTo = 1;
  return {
    get pts() {
      return pts;
    },
    add(event) {
      const count = event.kind === 'delete' ? event.ids.length : 1;
      pts += count;
      const added = { ...event, pts, count };
      events.push(added);
      if (events.length > capacity * 2) {
        forgottenUpTo = events[events.length - capacity - 1]?.pts ?? forgottenUpTo;
        events = events.slice(-capacity);
      }
      return added;
    },
    after(from) {
      if (from < forgottenUpTo) return undefined;
      return events.filter((event) => event.pts > from);
    },
    record: () => ({ pts, forgottenUpTo, events: [...events] }),
    restore(record) {
      ({ pts, forgottenUpTo } = record);
      events = [...record.events];
    },
  };
}
