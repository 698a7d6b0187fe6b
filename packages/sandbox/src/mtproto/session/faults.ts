import type { TestDcAccount } from '../public.ts';

/**
 * What goes wrong. With a request: `flood_wait` (420), `error` (any), `auth_key_unregistered` (401), `auth_key_duplicated` (406), `unknown_constructor` (a
 * result that no client knows), `slow` (answered late), `swallow` (never answered), `drop` (the connection closes instead). With a
 * connection: `mute` (nothing is ever written), `accept_and_close`, `split` (what is written goes out in small segments), `transport_error` (-404 and the like),
 * `garbage` (a random packet before each answer). With updates: `lose_updates`, `repeat_updates`, `slow_updates`.
 */
export type DcFaultKind = (typeof dcFaultKinds)[number];

const requestKinds = [
  'flood_wait',
  'error',
  'auth_key_unregistered',
  'auth_key_duplicated',
  'unknown_constructor',
  'slow',
  'swallow',
  'drop',
] as const;
const connectionKinds = ['mute', 'accept_and_close', 'split', 'transport_error', 'garbage'] as const;
const updateKinds = ['lose_updates', 'repeat_updates', 'slow_updates'] as const;

/** Every {@link DcFaultKind}. */
export const dcFaultKinds = [...requestKinds, ...connectionKinds, ...updateKinds] as const;

/** One fault to set. */
export interface DcFault {
  kind: DcFaultKind;
  /** `messages.getHistory`: only calls of this method; for faults with a request. @default every method */
  method?: string | undefined;
  /** Only this account's. @default everybody's, and connections of which it is not known yet whose they are */
  account?: Pick<TestDcAccount, 'id'> | undefined;
  /** How many hits before it is gone. @default until it is cleared */
  times?: number | undefined;
  /** For `flood_wait`. @default 1 */
  seconds?: number | undefined;
  /** For `error` the code, for `transport_error` the negative code. @default 500, -404 */
  code?: number | undefined;
  /** For `error`: the text. @default 'INTERNAL' */
  message?: string | undefined;
  /** For `slow` and `slow_updates`: milliseconds, not scaled. @default 1000 */
  delayMs?: number | undefined;
  /** For `split`: size of a segment. @default 7 */
  bytes?: number | undefined;
  /** For `swallow` and `drop`: the request is executed first. @default false */
  after?: boolean | undefined;
}

/** A fault that is set. */
export interface ActiveDcFault extends DcFault {
  readonly id: number;
  readonly hits: number;
}

/** Faults on demand. */
export interface DcFaults {
  /** Sets a fault and gives its id. The fault set first is tried first. */
  set(fault: DcFault): number;
  /** Removes the fault with this id, or all. */
  clear(id?: number): void;
  list(): ActiveDcFault[];
}

/** What the DC asks of its faults. */
export interface TakingFaults extends DcFaults {
  takeForRequest(method: string, accountId: number | undefined): ActiveDcFault | undefined;
  take(
    kind: (typeof connectionKinds)[number] | (typeof updateKinds)[number],
    accountId?: number,
  ): ActiveDcFault | undefined;
}

/** Creates {@link DcFaults} with none set. */
export function createDcFaults(): TakingFaults {
  let faults: (DcFault & { id: number; hits: number })[] = [];
  let lastId = 0;
  const hit = (
    isHit: (fault: DcFault) => boolean,
    accountId: number | undefined,
  ): ActiveDcFault | undefined => {
    const found = faults.find(
      (fault) => isHit(fault) && (fault.account === undefined || fault.account.id === accountId),
    );
    if (found === undefined) return undefined;
    found.hits += 1;
    if (found.times !== undefined && found.hits >= found.times) {
      faults = faults.filter((fault) => fault !== found);
    }
    return { ...found };
  };
  return {
    set(fault) {
      if (!dcFaultKinds.includes(fault.kind)) {
        throw new TypeError(`kind must be one of ${dcFaultKinds.join(', ')}`);
      }
      if (fault.times !== undefined && !(Number.isInteger(fault.times) && fault.times > 0)) {
        throw new TypeError('times must be a whole number above 0');
      }
      lastId += 1;
      faults.push({ ...fault, id: lastId, hits: 0 });
      return lastId;
    },
    clear(id) {
      faults = id === undefined ? [] : faults.filter((fault) => fault.id !== id);
    },
    list: () => faults.map((fault) => ({ ...fault })),
    takeForRequest: (method, accountId) =>
      hit(
        (fault) =>
          (requestKinds as readonly string[]).includes(fault.kind) &&
          (fault.method === undefined || fault.method === method),
        accountId,
      ),
    take: (kind, accountId) => hit((fault) => fault.kind === kind, accountId),
  };
}
