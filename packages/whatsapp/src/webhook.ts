import {
  CartieError,
  createWebhookHandler,
  parseJson,
  type RequestHandler,
  safeEqual,
  verifyHmacSha256,
  type WebhookOptions,
} from '@cartie/core';
import { service } from './invalid.ts';
import type { WhatsAppUpdate } from './update-types.ts';
import { toUpdates } from './updates.ts';

/** Options of {@link createWhatsAppWebhook}. */
export interface WhatsAppWebhookOptions
  extends Omit<WebhookOptions<WhatsAppUpdate>, 'service' | 'verify' | 'parse' | 'onGet' | 'respond'> {
  /** What the app's webhook settings have as «Verify token»; several while it is being replaced. */
  verifyToken: string | readonly string[];
  /** The app's secret, by which Meta signs; several while it is being replaced, or where several apps share the address. */
  appSecret: string | readonly string[];
  /** @default 3145728 (3 MB): Meta's own limit */
  maxBodyBytes?: number | undefined;
  /** Updates being handled at once; one body may hold 1,000. @default 5000 */
  maxInFlight?: number | undefined;
}

const maxBodyBytes = 3 * 1024 * 1024;
const maxInFlight = 5_000;
const plainText = { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' } as const;

/**
 * The webhook of a WhatsApp app: answers Meta's handshake, checks `X-Hub-Signature-256` over the raw bytes, and hands on every message,
 * status and event of a body, each with an id that stays the same when it is delivered again (Meta repeats for 7 days; `dedup` remembers
 * 8), and with the contact as its `orderKey`.
 *
 * ```ts
 * const webhook = createWhatsAppWebhook({ verifyToken, appSecret, onUpdate: (update) => inbox.accept(update) });
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
 */
export function createWhatsAppWebhook(options: WhatsAppWebhookOptions): RequestHandler {
  const { verifyToken, appSecret, ...rest } = options ?? ({} as WhatsAppWebhookOptions);
  const tokens = secretsOf('verifyToken', verifyToken);
  const secrets = secretsOf('appSecret', appSecret);
  return createWebhookHandler<WhatsAppUpdate>({
    ...rest,
    maxBodyBytes: rest.maxBodyBytes ?? maxBodyBytes,
    maxInFlight: rest.maxInFlight ?? maxInFlight,
    service,
    onGet: ({ query }) => {
      const given = query.get('hub.verify_token');
      const challenge = query.get('hub.challenge');
      // All are compared, so that the time does not tell which one it was.
      const matches = tokens.map((token) => safeEqual(token, given)).includes(true);
      if (
        query.get('hub.mode') !== 'subscribe' ||
        !matches ||
        challenge === null ||
        challenge.length > 1_000
      ) {
        return {
          status: 403,
          headers: plainText,
          body: 'This is no handshake, or its verify token is not `verifyToken`',
        };
      }
      return {
        status: 200,
        headers: plainText,
        body: challenge,
      };
    },
    verify: ({ headers, bytes }) =>
      verifyHmacSha256({ secrets, signature: headers.get('x-hub-signature-256'), bytes, prefix: 'sha256=' }),
    parse: (bytes) => toUpdates(parseJson(bytes, { service, code: 'invalid_input' })),
  });
}

function secretsOf(field: string, value: unknown): string[] {
  const secrets = typeof value === 'string' ? [value] : Array.isArray(value) ? [...value] : [];
  if (secrets.length === 0 || secrets.some((secret) => typeof secret !== 'string' || secret === '')) {
    throw new CartieError(
      'invalid_config',
      `\`${field}\` must be a text that is not empty, or a list of such texts`,
      {
        service,
        field,
      },
    );
  }
  return secrets as string[];
}
