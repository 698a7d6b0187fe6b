import type { LoginAlgorithm } from './login-keys.ts';
import type { PersonInput } from './people.ts';

/** Login of a bot, as set up in BotFather. */
export interface SandboxLoginClient {
  /** The bot's id. */
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What an ID token says, where it should differ from what is right. `undefined` leaves a claim out. */
export interface IdTokenOptions {
  user?: PersonInput | undefined;
  nonce?: string | undefined;
  /** @default `['openid', 'profile']` */
  scopes?: readonly string[] | undefined;
  /** Over what is right: `{ exp: 1 }`. */
  claims?: Readonly<Record<string, unknown>> | undefined;
  /** @default the bot's */
  algorithm?: LoginAlgorithm | undefined;
}

/** One request to the token endpoint. */
export interface TokenRequestRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly clientId: string | undefined;
  readonly status: number;
  /** The refusal's `error`. */
  readonly error: string | undefined;
}

/** The simulated Telegram Login, https://oauth.telegram.org. */
export interface TelegramLoginSandbox {
  /** What a client takes as its base URL. */
  apiUrl: string;
  /** Allows a bot to log users in, and these addresses to be returned to. */
  setUp(
    bot: string | { readonly token: string },
    options: { redirectUris: readonly string[]; algorithm?: LoginAlgorithm | undefined },
  ): SandboxLoginClient;
  /**
   * A user opens a login's URL and agrees (or not, with `agrees: false`): gives the address that the browser is sent
   * back to. Opening the URL over HTTP does the same for one person that every bot knows.
   */
  open(url: string, options?: { user?: PersonInput | undefined; agrees?: boolean | undefined }): string;
  /** An ID token as the login library gives it to a page. */
  idToken(client: SandboxLoginClient, options?: IdTokenOptions): string;
  /** New signing keys; the old ones are withdrawn at once. With `sameIds` they keep their names. */
  rotateKeys(options?: { sameIds?: boolean }): void;
  /** Requests to the token endpoint, oldest first. */
  tokenRequests(): TokenRequestRecord[];
  /** How often the keys were fetched. */
  keyFetches(): number;
}
