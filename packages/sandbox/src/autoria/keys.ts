import { randomBytes, randomInt } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { refusal } from './failure.ts';
import type { AutoRiaKeyOptions, AutoRiaKeyState, AutoRiaUsage, SandboxAutoRiaKey } from './public.ts';

/** Windows of the quota; both roll. Milliseconds. */
const quotaWindows = { hourMs: 3_600_000, monthMs: 31 * 86_400_000 } as const;

/** A key with what was called by it. */
export interface Key extends SandboxAutoRiaKey {
  readonly paid: boolean;
  readonly perHour: number;
  readonly perMonth: number;
  state: AutoRiaKeyState;
  /** Times of counted calls, oldest first. */
  readonly calls: number[];
}

/** The gateway: who may call, and how often. */
export interface Keys {
  create(options?: AutoRiaKeyOptions): Key;
  get(key: string): Key | undefined;
  list(): Key[];
  /** Lets a call through or refuses it, as the gateway does before any endpoint is asked. */
  admit(given: string | null): Key;
  /** Counts calls against the quota, or refuses them. */
  count(key: Key): void;
  use(key: Key, calls: number): void;
  usage(key: Key): AutoRiaUsage;
  clear(): void;
}

const refusals = {
  disabled: 'API_KEY_DISABLED',
  unauthorized: 'API_KEY_UNAUTHORIZED',
  unverified: 'API_KEY_UNVERIFIED',
} as const;

/** Creates {@link Keys}. */
export function createKeys(clock: Clock): Keys {
  const keys = new Map<string, Key>();

  function usage({ calls }: Key): AutoRiaUsage {
    const now = clock.now();
    while (calls[0] !== undefined && calls[0] <= now - clock.scaled(quotaWindows.monthMs)) calls.shift();
    const since = now - clock.scaled(quotaWindows.hourMs);
    return { month: calls.length, hour: calls.filter((at) => at > since).length };
  }

  return {
    create({
      key = newKey(),
      userId = randomInt(1e6, 2e7),
      paid = false,
      perHour = 30,
      perMonth = 1_000,
    } = {}) {
      const known = keys.get(key);
      if (known) return known;
      const made: Key = { key, userId, paid, perHour, perMonth, state: 'valid', calls: [] };
      keys.set(key, made);
      return made;
    },
    get: (key) => keys.get(key),
    list: () => [...keys.values()],
    admit(given) {
      if (given === null || given === '') throw refusal('API_KEY_MISSING');
      const key = keys.get(given);
      if (!key) throw refusal('API_KEY_INVALID');
      if (key.state !== 'valid') throw refusal(refusals[key.state]);
      return key;
    },
    count(key) {
      const { hour, month } = usage(key);
      if (hour >= key.perHour || month >= key.perMonth) throw refusal('OVER_RATE_LIMIT');
      key.calls.push(clock.now());
    },
    use(key, calls) {
      for (let index = 0; index < calls; index += 1) key.calls.push(clock.now());
    },
    usage,
    clear: () => keys.clear(),
  };
}

function newKey(): string {
  return randomBytes(40)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 40);
}
