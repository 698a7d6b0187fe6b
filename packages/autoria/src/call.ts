import { createHash } from 'node:crypto';
import {
  type Answer,
  type Caller,
  type CallOptions,
  type CallResult,
  CartieError,
  checkCallOptions,
  createCaller,
  isCartieError,
  type KeyValueStore,
  resolveSecret,
} from '@cartie/core';
import { classify } from './errors.ts';
import { service } from './invalid.ts';
import { type Operation, type OperationName, operations } from './operations.ts';
import { type AutoRiaClientOptions, isApiKey, keyRule } from './options.ts';
import { type QueryPair, queryText } from './query.ts';
import { type AutoRiaQuota, createQuotaLedger } from './quota-ledger.ts';

/** Where the API is. */
export const autoRiaOrigin = 'https://developers.ria.com';

/** What goes with a call. */
export interface CallInput {
  /** Fills the braces of the path. */
  readonly parts?: Readonly<Record<string, string | number>>;
  readonly query?: readonly QueryPair[];
  readonly json?: unknown;
}

/** A request that is written out. */
interface PlainCall extends Omit<Operation, 'path'> {
  readonly operation: string;
  readonly path: string;
  readonly query: readonly QueryPair[];
  readonly json?: unknown;
}

/** How the last call ended, for the passive health. */
export interface LastCall {
  readonly at: number;
  readonly error: CartieError | undefined;
}

/** What the methods of a client are made of. */
export interface CallPath {
  readonly caller: Caller;
  run(operation: OperationName, input: CallInput, options: CallOptions): Promise<CallResult<Answer>>;
  runPlain(call: PlainCall, options: CallOptions): Promise<CallResult<Answer>>;
  /** `undefined` where counting was turned off. */
  quota(): Promise<AutoRiaQuota | undefined>;
  lastCall(): LastCall | undefined;
}

/**
 * Builds the way that every request goes: checked for what it needs, counted against the quota before each attempt, the key in
 * the query, where AUTO.RIA wants it and where nothing else may see it.
 */
export function createCallPath(options: AutoRiaClientOptions, store: KeyValueStore): CallPath {
  const seen: string[] = [];
  const ledger = options.quota === false ? undefined : createQuotaLedger(store, options.quota ?? {});
  let last: LastCall | undefined;

  async function readKey(): Promise<string> {
    const key = await resolveSecret(options.apiKey, 'apiKey');
    if (!isApiKey(key)) {
      throw new CartieError('invalid_config', `\`apiKey\` ${keyRule}`, { service, field: 'apiKey' });
    }
    if (!seen.includes(key)) seen.push(key);
    if (seen.length > 8) seen.shift();
    return key;
  }

  const caller = createCaller({
    service,
    baseUrl: autoRiaOrigin,
    options,
    classify,
    secrets: () => seen,
  });

  async function runPlain(call: PlainCall, callOptions: CallOptions): Promise<CallResult<Answer>> {
    const { operation, method, path, query, json, counted } = call;
    checkCallOptions(service, operation, callOptions);
    callOptions.signal?.throwIfAborted();
    if (call.paid && !options.paid) throw notAllowed(operation);
    if (call.user && options.userId === undefined) throw withoutUser(operation);
    const account = accountOf(await readKey());
    let taken = 0;
    try {
      const result = await caller.call(
        {
          operation,
          idempotent: callOptions.idempotent ?? call.idempotent,
          limits: [{ key: `${service}:${account}`, limit: 1_000, intervalMs: 1_000 }],
          build: async () => {
            const key = await readKey();
            if (counted) {
              await ledger?.take(account);
              taken += 1;
            }
            const pairs: QueryPair[] = [['api_key', key], ...query];
            if (call.user) pairs.push(['user_id', String(options.userId)]);
            return {
              method,
              path: `${path}?${queryText(pairs)}`,
              headers: { accept: 'application/json' },
              json,
            };
          },
        },
        callOptions,
      );
      last = { at: Date.now(), error: undefined };
      return result;
    } catch (thrown) {
      if (!isCartieError(thrown)) throw thrown;
      const error = thrown.field === 'quota' ? retryable(thrown) : thrown;
      last = { at: Date.now(), error };
      await settle(error, account, taken);
      throw error;
    }
  }

  /** What an error says about the quota. A store that fails here changes nothing: the error is the answer. */
  async function settle(error: CartieError, account: string, taken: number): Promise<void> {
    try {
      if (error.code === 'rate_limited' && error.status === 429) await ledger?.block(account);
      // Who never got through to AUTO.RIA was not counted there either.
      if (error.code === 'connection_failed' && error.outcome === 'not_executed' && taken > 0) {
        await ledger?.giveBack(account, taken);
      }
    } catch (failure) {
      if (!isCartieError(failure)) throw failure;
    }
  }

  return {
    caller,
    runPlain,
    async run(operation, { parts = {}, query = [], json }, callOptions) {
      const row: Operation = operations[operation];
      const path = row.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
        encodeURIComponent(String(parts[name])),
      );
      return runPlain({ ...row, operation, path, query, json }, callOptions);
    },
    quota: async () => ledger?.read(accountOf(await readKey())),
    lastCall: () => last,
  };
}

/** Tells this key's count from another's in a shared store; holds nothing of the key. */
function accountOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}

function retryable(error: CartieError): CartieError {
  return new CartieError(error.code, error.message, { ...error, retryable: true });
}

function notAllowed(operation: string): CartieError {
  return new CartieError('invalid_config', 'This call costs money: allow it by the option `paid`', {
    service,
    operation,
    field: 'paid',
  });
}

function withoutUser(operation: string): CartieError {
  return new CartieError('invalid_config', 'This call needs the option `userId`, your account’s number', {
    service,
    operation,
    field: 'userId',
  });
}
