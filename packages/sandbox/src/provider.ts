import type { HttpHandler } from 'msw';
import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Live } from './live.ts';

/** What every simulated provider is built from. */
export interface ProviderContext {
  readonly clock: Clock;
  readonly faults: Faults;
  readonly live: Live;
  /** Entries that each log keeps. */
  readonly history: number;
  /** Delivers webhooks in process instead of over the network. */
  readonly webhookFetch: ((request: Request) => Promise<Response>) | undefined;
}

/** An operation of the control API: gets the JSON body (or the query as strings) and gives JSON. */
export type ControlAction = (input: Record<string, unknown>) => unknown;

/** One simulated provider, served under `/<name>/…` and, in process, at its real origin. */
export interface Provider {
  readonly name: string;
  /** The real origin that requests are rewritten to. */
  readonly origin: string;
  readonly handlers: readonly HttpHandler[];
  /** Served at `/_sandbox/<name>/<key>`: GET for keys of `reads`, POST for keys of `actions`. */
  readonly control: {
    readonly reads: Readonly<Record<string, ControlAction>>;
    readonly actions: Readonly<Record<string, ControlAction>>;
  };
  reset(): void;
  close(): void;
}
