import { failed } from './errors.ts';
import { type HappeningContext, happeningsOf, newMessage } from './happenings.ts';
import { limits } from './limits.ts';
import { isChannelId, type Peers, peerId } from './peers.ts';
import type { Happening, PtsBox } from './pts-box.ts';
import { type TlObject, type TlValue, tlNumber, tlObject, tlObjects } from './tl.ts';

/** What fetching needs of the account. */
export interface DifferenceContext extends HappeningContext {
  readonly peers: Peers;
  ask(request: TlObject): Promise<TlValue>;
  /** Waits until the handlers have caught up a little. */
  room(): Promise<void>;
  /** The messages of a chat that are newer than `afterId`, oldest first, page by page. */
  newerThan(chatId: bigint, afterId: number): AsyncIterable<readonly TlObject[]>;
  /** The account's list of chats, page by page: whose last message is newest come first, after those that are pinned. */
  dialogs(): AsyncIterable<{ dialogs: readonly TlObject[] }>;
  /** An update of another sequence than the one being fetched. */
  onOther(update: TlObject): void;
}

/**
 * Fetches what a channel's box has missed. Telegram keeps the single changes for a time; for what is older, new
 * messages are read from the history, and edits and deletions in between are not told any more.
 * @see https://core.telegram.org/method/updates.getChannelDifference
 */
export async function fetchChannel(box: PtsBox, channel: bigint, context: DifferenceContext): Promise<void> {
  for (;;) {
    if (box.pts === undefined) return;
    await context.room();
    const answer = objectOf(
      await context.ask({
        _: 'updates.getChannelDifference',
        channel: context.peers.inputChannel(channel),
        filter: { _: 'channelMessagesFilterEmpty' },
        pts: Math.max(1, box.pts),
        limit: limits.channelDifference,
      }),
    );
    context.peers.learn(answer);
    const pts = tlNumber(answer.pts);
    if (answer._ === 'updates.channelDifferenceTooLong') {
      const top = tlNumber(tlObject(answer.dialog)?.pts);
      await takeHistory(box, channel, context);
      if (top !== undefined) box.take([], top);
    } else if (answer._ === 'updates.channelDifference') {
      box.take(happeningsIn(answer, context), pts);
    } else if (pts !== undefined) {
      box.take([], pts);
    }
    if (answer.final === true || answer._ === 'updates.channelDifferenceEmpty') return;
  }
}

/** The rest of the account's state, beside `pts`. */
export interface CommonState {
  qts: number;
  date: number;
}

/**
 * Fetches what the common box has missed: private chats and basic groups.
 * @see https://core.telegram.org/method/updates.getDifference
 */
export async function fetchCommon(
  box: PtsBox,
  state: CommonState,
  context: DifferenceContext,
): Promise<void> {
  if (box.pts === undefined) {
    readState(objectOf(await context.ask({ _: 'updates.getState' })), state, (pts) => box.begin(pts));
    return;
  }
  for (;;) {
    await context.room();
    const request = {
      _: 'updates.getDifference',
      pts: Math.max(1, box.pts),
      date: Math.max(1, state.date),
      qts: state.qts,
    };
    const answer = objectOf(await context.ask(request));
    context.peers.learn(answer);
    switch (answer._) {
      case 'updates.differenceEmpty':
        state.date = tlNumber(answer.date) ?? state.date;
        return;
      case 'updates.differenceTooLong': {
        await takeCommonHistory(box, context);
        readState(objectOf(await context.ask({ _: 'updates.getState' })), state, (pts) => box.take([], pts));
        return;
      }
      default: {
        const happenings = happeningsIn(answer, context);
        const next = tlObject(answer.state) ?? tlObject(answer.intermediateState);
        if (next === undefined) throw failed('invalid_response', 'A difference has no state');
        readState(next, state, (pts) => box.take(happenings, pts));
        if (answer._ === 'updates.difference') return;
      }
    }
  }
}

function happeningsIn(answer: TlObject, context: DifferenceContext): Happening[] {
  const fresh = [...tlObjects(answer.newMessages)].sort(
    (a, b) => (tlNumber(a.id) ?? 0) - (tlNumber(b.id) ?? 0),
  );
  // A new message comes as it is now: its edits have happened already.
  const editDates = new Map(fresh.map(({ id, editDate }) => [tlNumber(id), editDate]));
  const others = tlObjects(answer.otherUpdates).flatMap((update) => {
    const message = tlObject(update.message);
    if (isForeign(update, answer)) {
      context.onOther(update);
      return [];
    }
    const isTold =
      message !== undefined &&
      editDates.has(tlNumber(message.id)) &&
      editDates.get(tlNumber(message.id)) === message.editDate;
    return isTold ? [] : happeningsOf(update, 'back_fill', context);
  });
  return [...fresh.flatMap((raw) => newMessage(raw, 'back_fill', context)), ...others];
}

// The common difference also tells about channels, whose sequences are their own.
function isForeign(update: TlObject, answer: TlObject): boolean {
  if (answer._.startsWith('updates.channel')) return false;
  return update.channelId !== undefined || update._.includes('Channel');
}

async function takeHistory(box: PtsBox, chatId: bigint, context: DifferenceContext): Promise<void> {
  const lastId = box.lastId;
  if (lastId === 0) return;
  for await (const page of context.newerThan(chatId, lastId)) {
    await context.room();
    box.take(page.flatMap((raw) => newMessage(raw, 'back_fill', context)));
  }
}

async function takeCommonHistory(box: PtsBox, context: DifferenceContext): Promise<void> {
  const lastId = box.lastId;
  if (lastId === 0) return;
  const missed: TlObject[] = [];
  for await (const { dialogs } of context.dialogs()) {
    let isOver = true;
    for (const dialog of dialogs) {
      const chat = peerId(dialog.peer);
      if (chat === undefined) continue;
      // Channels count their own messages: one says nothing of the others' age.
      if (isChannelId(chat)) isOver = false;
      else if ((tlNumber(dialog.topMessage) ?? 0) > lastId) {
        isOver = false;
        for await (const page of context.newerThan(chat, lastId)) missed.push(...page);
      }
    }
    if (isOver) break;
  }
  missed.sort((a, b) => (tlNumber(a.id) ?? 0) - (tlNumber(b.id) ?? 0));
  box.take(missed.flatMap((raw) => newMessage(raw, 'back_fill', context)));
}

function readState(next: TlObject, state: CommonState, move: (pts: number) => void): void {
  state.qts = tlNumber(next.qts) ?? state.qts;
  state.date = tlNumber(next.date) ?? state.date;
  const pts = tlNumber(next.pts);
  if (pts === undefined) throw failed('invalid_response', 'A state of updates has no pts');
  move(pts);
}

function objectOf(answer: TlValue): TlObject {
  const object = tlObject(answer);
  if (object === undefined) throw failed('invalid_response', 'A difference makes no sense');
  return object;
}
