/** Every webhook and health endpoint: mounts as it is on Hono, Next, Bun and Deno, by `toNodeListener` on node:http and Express. */
export type RequestHandler = (request: Request) => Promise<Response>;

/** One thing that happened at a provider, as its webhook or poller tells it. */
export interface Update<T = unknown> {
  /** Who it came from: `telegram:<bot id>`. With `id` it is unique. */
  source: string;
  /** The provider's id of this event; the same event delivered again has the same id. */
  id: string;
  /** The provider's name of what happened: `message`, `callback_query`. */
  kind: string;
  /** Updates with the same key are handled in order and one at a time: a chat, a contact. */
  orderKey: string;
  /** After this the update is of no use (a callback query after 150 s). Epoch milliseconds. */
  expiresAt?: number | undefined;
  /** The provider's data in the provider's spelling. Plain JSON. */
  payload: T;
}
