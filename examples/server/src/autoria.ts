import { type AutoRiaClient, createAutoRiaClient } from '@cartie/autoria';
import type { EventListener, KeyValueStore } from '@cartie/core';
import { undiciFetch } from '@cartie/core/undici';
import { Agent, request } from 'undici';
import type { AutoRiaConfig } from './autoria-config.ts';

/** AUTO.RIA, connected. */
export interface AutoRiaConnection {
  readonly client: AutoRiaClient;
  close(): Promise<void>;
}

/** What {@link connectAutoRia} needs from the rest of the server. */
export interface AutoRiaParts {
  /** The sandbox's key, where that is used. */
  readonly sandbox: { readonly apiUrl: string; readonly apiKey: string } | undefined;
  /** Counts the quota of all processes, and keeps the dictionaries. */
  readonly store: KeyValueStore;
  readonly onEvent: EventListener;
}

/** Brands and models change seldom, and asking for them spends the quota. Milliseconds. */
const dictionaryTtlMs = 24 * 60 * 60 * 1_000;

/** Creates the client; `undefined` where AUTO.RIA is off. */
export function connectAutoRia(config: AutoRiaConfig, parts: AutoRiaParts): AutoRiaConnection | undefined {
  const account = config.mode === 'live' ? config : parts.sandbox;
  if (config.mode === 'off' || account === undefined) return undefined;
  const agent = new Agent({ connections: 8 });
  const client = createAutoRiaClient({
    apiKey: account.apiKey,
    userId: config.mode === 'live' ? config.userId : undefined,
    baseUrl: 'apiUrl' in account ? account.apiUrl : undefined,
    quota: { perHour: config.perHour, perMonth: config.perMonth },
    store: parts.store,
    dictionaryTtlMs,
    fetch: undiciFetch({ request, dispatcher: agent }),
    onEvent: parts.onEvent,
  });
  return { client, close: () => agent.close() };
}
