import type { Live } from './live.ts';

/**
 * What goes wrong. By the provider: `rate_limited` (429), `server_error` (500), `unauthorized` (401), `forbidden` (403).
 * By a gateway: `html` (502 and a page), `bad_json` (200 and half an object), `empty` (200 and nothing).
 * By the network: `hang` (no answer), `reset` (connection reset), `slow_body` (the answer trickles), `cut_body` (the connection ends
 * inside the answer).
 */
export type FaultKind = (typeof faultKinds)[number];

/** Every {@link FaultKind}. */
export const faultKinds = [
  'rate_limited',
  'server_error',
  'unauthorized',
  'forbidden',
  'html',
  'bad_json',
  'empty',
  'hang',
  'reset',
  'slow_body',
  'cut_body',
] as const;

/** Every provider that can be named in a fault. */
export const faultProviders = [
  'telegram',
  'telegram-login',
  'whatsapp',
  'viber',
  'meta',
  'autoria',
  'sendpulse',
] as const;

/** One of {@link faultProviders}. */
export type FaultProvider = (typeof faultProviders)[number];

/** One fault to set. */
export interface Fault {
  /** Whose calls fail; every provider's if absent. */
  provider?: FaultProvider | undefined;
  /** Only calls of this method, in any letter case; every method if absent. */
  method?: string | undefined;
  kind: FaultKind;
  /** How many calls it hits before it is gone. @default every call until it is cleared */
  times?: number | undefined;
  /** For `rate_limited`: seconds. @default 1 */
  retryAfter?: number | undefined;
  /** Share of matching calls that are hit, 0 to 1. @default 1 */
  probability?: number | undefined;
  /**
   * The call is executed first and its answer then lost: the client cannot know the outcome. `slow_body` and `cut_body` always
   * execute, because it is the true answer that arrives slowly or in part. @default false
   */
  after?: boolean | undefined;
  /** For `slow_body`: pause between two bytes, milliseconds, not scaled. @default 100 */
  delayMs?: number | undefined;
}

/** A fault that is set. */
export interface ActiveFault extends Fault {
  readonly id: number;
  /** Calls it hit. */
  readonly hits: number;
}

/** Faults on demand. */
export interface Faults {
  /** Sets a fault and gives its id. The fault set first is tried first. */
  set(fault: Fault): number;
  /** Removes the fault with this id, or all. */
  clear(id?: number): void;
  list(): ActiveFault[];
  /** Finds the fault that hits this call, and counts it. */
  take(provider: string, method: string): ActiveFault | undefined;
}

/** Creates {@link Faults} with none set. */
export function createFaults(live: Live): Faults {
  let faults: (Fault & { id: number; hits: number })[] = [];
  let lastId = 0;
  return {
    set(fault) {
      checkFault(fault);
      lastId += 1;
      faults.push({ ...fault, id: lastId, hits: 0 });
      live.emit({ provider: fault.provider ?? '*', type: 'fault' });
      return lastId;
    },
    clear(id) {
      faults = id === undefined ? [] : faults.filter((fault) => fault.id !== id);
      live.emit({ provider: '*', type: 'fault' });
    },
    list: () => faults.map((fault) => ({ ...fault })),
    take(provider, method) {
      const name = method.toLowerCase();
      const hit = faults.find(
        (fault) =>
          (fault.provider === undefined || fault.provider === provider) &&
          (fault.method === undefined || fault.method.toLowerCase() === name) &&
          (fault.probability === undefined || Math.random() < fault.probability),
      );
      if (!hit) return undefined;
      hit.hits += 1;
      if (hit.times !== undefined && hit.hits >= hit.times) {
        faults = faults.filter((fault) => fault !== hit);
        live.emit({ provider, type: 'fault' });
      }
      return { ...hit };
    },
  };
}

const fields = {
  provider: true,
  method: true,
  kind: true,
  times: true,
  retryAfter: true,
  probability: true,
  after: true,
  delayMs: true,
} as const satisfies Record<keyof Fault, true>;

function checkFault(fault: Fault): void {
  // A fault that hits nothing, or everything, because of a slip of the pen makes a test lie.
  const unknown = Object.keys(fault).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) {
    throw new TypeError(`${unknown} does not exist: a fault has ${Object.keys(fields).join(', ')}`);
  }
  if (fault.provider !== undefined && !faultProviders.includes(fault.provider)) {
    throw new TypeError(`provider must be one of ${faultProviders.join(', ')}`);
  }
  if (!faultKinds.includes(fault.kind)) {
    throw new TypeError(`kind must be one of ${faultKinds.join(', ')}`);
  }
  if (fault.times !== undefined && !(Number.isInteger(fault.times) && fault.times > 0)) {
    throw new TypeError('times must be a whole number above 0');
  }
  if (fault.probability !== undefined && !(fault.probability >= 0 && fault.probability <= 1)) {
    throw new TypeError('probability must be between 0 and 1');
  }
  if (fault.retryAfter !== undefined && !(fault.retryAfter > 0)) {
    throw new TypeError('retryAfter must be above 0');
  }
}
