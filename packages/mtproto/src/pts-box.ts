import type { StoredPosition } from './account-store.ts';
import type { MtprotoEvent } from './types.ts';

/** An event, and what it is known by among those of its box. */
export interface Happening {
  readonly key: string;
  readonly event: MtprotoEvent;
}

/** A live update: it brings the box from `pts - count` to `pts`. */
export interface Change {
  readonly pts: number;
  readonly count: number;
  readonly happenings: readonly Happening[];
}

/**
 * One sequence of updates: a channel's, or that of all private chats and groups. Telegram numbers changes by `pts`; the box
 * takes each number once and in order, and knows up to which number all has been handled.
 * @see https://core.telegram.org/api/updates#message-related-event-sequences
 */
export interface PtsBox {
  /** Where the next change must begin; `undefined` before the first. */
  readonly pts: number | undefined;
  /** The newest message that came. */
  readonly lastId: number;
  /** Changes are held back: what was missed is being fetched. */
  readonly isSyncing: boolean;
  /** Begins at this point, where none is known. */
  begin(pts: number, lastId?: number): void;
  /** A live update. */
  offer(change: Change): void;
  /** Holds live updates back. */
  hold(): void;
  /** What was fetched; with `pts` all up to there is complete. */
  take(happenings: readonly Happening[], pts?: number): void;
  /** Lets live updates through again: those that the fetch did not bring. */
  release(): void;
  /** Forgets what was held back or came too early: it will be fetched. */
  drop(): void;
  position(): StoredPosition | undefined;
}

/** What a box is made of. */
export interface PtsBoxOptions {
  readonly stored?: StoredPosition | undefined;
  /** Takes an event to its handlers; calls `done` when it was handled. */
  deliver(happening: Happening, done: () => void): void;
  /** An update is missing: fetch it. */
  onGap(): void;
  /** More has been handled. */
  onMoved(): void;
  /** How long an update that is missing may still come by itself. Milliseconds. @default 500 */
  gapMs?: number | undefined;
}

interface Entry {
  readonly key: string | undefined;
  readonly messageId: number;
  /** All up to here is complete once this entry and those before it are done. */
  readonly pts: number | undefined;
  isDone: boolean;
}

const maxEarly = 1_000;
const maxSeen = 500;

/** Makes a {@link PtsBox}. */
export function createPtsBox({ stored, deliver, onGap, onMoved, gapMs = 500 }: PtsBoxOptions): PtsBox {
  const entries: Entry[] = [];
  /** Handled beyond the position. */
  let beyond = new Set<string>(stored?.done);
  /** What came lately: a fetch may bring what was pushed. Oldest first. */
  const seen = new Set<string>(beyond);
  let pts = stored?.pts;
  let handledPts = stored?.pts;
  let lastId = stored?.lastId ?? 0;
  let newestId = lastId;
  let early: Change[] = [];
  let isHeld = false;
  let gapTimer: NodeJS.Timeout | undefined;

  function settle(): void {
    let hasMoved = false;
    while (entries[0]?.isDone) {
      const entry = entries.shift() as Entry;
      if (entry.key !== undefined) beyond.add(entry.key);
      lastId = Math.max(lastId, entry.messageId);
      if (entry.pts !== undefined) {
        handledPts = entry.pts;
        beyond = new Set();
      }
      hasMoved = true;
    }
    if (hasMoved) onMoved();
  }

  function take(happenings: readonly Happening[], after?: number): void {
    const fresh = happenings.filter(({ key }) => !seen.has(key));
    for (const happening of fresh) {
      seen.add(happening.key);
      if (seen.size > maxSeen) for (const oldest of seen) if (seen.delete(oldest)) break;
      const { event } = happening;
      const messageId = event.kind === 'message' ? event.message.id : 0;
      newestId = Math.max(newestId, messageId);
      const entry: Entry = { key: happening.key, messageId, pts: undefined, isDone: false };
      entries.push(entry);
      deliver(happening, () => {
        entry.isDone = true;
        if (entries[0] === entry) settle();
        else onMoved();
      });
    }
    if (after === undefined) return;
    pts = after;
    entries.push({ key: undefined, messageId: 0, pts: after, isDone: true });
    if (entries.length === 1) settle();
  }

  function offer(change: Change): void {
    if (isHeld) {
      keep(change);
      return;
    }
    if (pts === undefined) {
      pts = change.pts - change.count;
      handledPts = pts;
    }
    if (pts + change.count === change.pts) {
      take(change.happenings, change.pts);
      retryEarly();
    } else if (change.pts > pts) {
      keep(change);
      gapTimer ??= setTimeout(() => {
        gapTimer = undefined;
        if (early.length > 0) onGap();
      }, gapMs);
    }
  }

  function keep(change: Change): void {
    // So many are fetched rather than kept.
    if (early.length < maxEarly) early.push(change);
  }

  function retryEarly(): void {
    if (early.length === 0) return;
    const again = early.sort((a, b) => a.pts - b.pts);
    early = [];
    for (const change of again) offer(change);
    if (early.length === 0) clearGap();
  }

  function clearGap(): void {
    clearTimeout(gapTimer);
    gapTimer = undefined;
  }

  return {
    get pts() {
      return pts;
    },
    get lastId() {
      return newestId;
    },
    get isSyncing() {
      return isHeld;
    },
    begin(at, id = 0) {
      pts = at;
      handledPts = at;
      lastId = Math.max(lastId, id);
      newestId = lastId;
      onMoved();
    },
    offer,
    hold() {
      isHeld = true;
      clearGap();
    },
    take,
    release() {
      isHeld = false;
      retryEarly();
    },
    drop() {
      early = [];
      isHeld = false;
      clearGap();
    },
    position() {
      if (handledPts === undefined) return undefined;
      const ahead = entries
        .filter(({ isDone, key }) => isDone && key !== undefined)
        .map(({ key }) => key as string);
      return { pts: handledPts, done: [...beyond, ...ahead], lastId };
    },
  };
}
