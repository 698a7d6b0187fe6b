import type { Clock } from '../clock.ts';
import type { Found } from './found.ts';
import type { WhatsAppSandbox } from './public.ts';
import type { Sending } from './sending.ts';
import type { State } from './state.ts';

/** What the operations are built from. */
export interface OperationParts {
  readonly state: State;
  readonly clock: Clock;
  readonly sending: Sending;
  readonly found: Found;
  /** The address of a file by the key of its URL. */
  fileUrl(key: string): string;
  /** Tells the account's webhook of a template. */
  templateChanged: WhatsAppSandbox['setTemplate'];
  /** Sends the webhooks of a number there, after the handshake. */
  setWebhook: WhatsAppSandbox['setWebhook'];
}
