import {
  CartieError,
  createWebhookHandler,
  type RequestHandler,
  safeEqual,
  type WebhookOptions,
  type WebhookRequest,
} from '@cartie/core';
import { type SendPulseEvent, type SendPulseFamily, toUpdates } from './events.ts';
import { service } from './invalid.ts';
import { createIpList } from './ip-list.ts';

/** Options of {@link createSendPulseWebhook}. */
export interface SendPulseWebhookOptions
  extends Omit<WebhookOptions<SendPulseEvent>, 'service' | 'verify' | 'parse' | 'onGet' | 'respond'> {
  /**
   * A random text of 16 characters or more that only SendPulse and you know: SendPulse signs nothing. While it is being
   * replaced give the new one and the old one.
   */
  secret: string | readonly string[];
  /**
   * Where the secret stands: as the last part of the webhook's path, or in a header that a proxy before you adds.
   * @default 'path'
   */
  secretIn?: 'path' | { readonly header: string } | undefined;
  /**
   * Names the account: part of every update's `source`, so that those of several accounts are not mixed up.
   * @default 'default'
   */
  accountId?: string | undefined;
  /** What this webhook is for, where it is for one alone. @default seen from the fields of each event */
  family?: SendPulseFamily | undefined;
  /** Addresses and networks that may call: `203.0.113.0/24`. Needs `ipHeader`. @default any */
  allowedIps?: readonly string[] | undefined;
  /**
   * The header in which your proxy puts the caller's address (`x-real-ip`); of a list the last is taken. The proxy must
   * replace what callers write there.
   */
  ipHeader?: string | undefined;
}

/**
 * The webhook for all that SendPulse tells: campaigns and books, letters, chatbots. It comes in batches; each event goes
 * to `onUpdate`, and SendPulse gets its 200 when all are taken.
 *
 * ```ts
 * const webhook = createSendPulseWebhook({ secret, onUpdate: (update) => inbox.accept(update) });
 * // https://example.com/webhooks/sendpulse/<secret>
 * ```
 *
 * @throws CartieError `invalid_config` for a missing, wrong or unknown option
 * @see https://sendpulse.com/knowledge-base/email-service/additional/webhooks
 */
export function createSendPulseWebhook(options: SendPulseWebhookOptions): RequestHandler {
  const {
    secret,
    secretIn = 'path',
    accountId = 'default',
    family,
    allowedIps,
    ipHeader,
    ...rest
  } = options ?? ({} as SendPulseWebhookOptions);
  const secrets = secretsOf(secret);
  const place = placeOf(secretIn);
  if (typeof accountId !== 'string' || !/^[\w.-]{1,100}$/.test(accountId)) {
    throw wrong('accountId', 'must be a name of letters, digits, `.`, `_` and `-`');
  }
  if (family !== undefined && !['email', 'smtp', 'chatbot'].includes(family)) {
    throw wrong('family', 'must be `email`, `smtp` or `chatbot`');
  }
  const isAllowed = allowanceOf(allowedIps, ipHeader);
  const source = `${service}:${accountId}`;
  return createWebhookHandler<SendPulseEvent>({
    ...rest,
    service,
    verify(request) {
      if (!isAllowed(request)) {
        throw new CartieError('forbidden', 'The caller’s address is not in `allowedIps`', { service });
      }
      const given = place(request);
      // Each is compared, so that the time tells nothing.
      return secrets.map((one) => safeEqual(given, one)).includes(true);
    },
    parse: (bytes) => toUpdates(bytes, { source, family }),
  });
}

function secretsOf(secret: SendPulseWebhookOptions['secret']): readonly string[] {
  const secrets: readonly string[] = Array.isArray(secret) ? secret : [secret as string];
  const isGood = (one: unknown): boolean => typeof one === 'string' && /^[\w.~-]{16,200}$/.test(one);
  if (secrets.length > 0 && secrets.every(isGood)) return secrets;
  throw wrong(
    'secret',
    'must be 16 characters or more of letters, digits, `-`, `_`, `.` and `~`, or a list of such',
  );
}

function placeOf(
  secretIn: NonNullable<SendPulseWebhookOptions['secretIn']>,
): (request: WebhookRequest) => string {
  if (secretIn === 'path') {
    return ({ url }) => url.split(/[?#]/)[0]?.replace(/\/$/, '').split('/').at(-1) ?? '';
  }
  const header = secretIn?.header;
  if (typeof header === 'string' && /^[\w-]+$/.test(header))
    return ({ headers }) => headers.get(header) ?? '';
  throw wrong('secretIn', 'must be `path`, or `{ header }` with the name of a header');
}

function allowanceOf(
  allowedIps: readonly string[] | undefined,
  ipHeader: string | undefined,
): (request: WebhookRequest) => boolean {
  if (ipHeader !== undefined && (typeof ipHeader !== 'string' || !/^[\w-]+$/.test(ipHeader))) {
    throw wrong('ipHeader', 'must be the name of a header');
  }
  if (allowedIps === undefined) {
    if (ipHeader === undefined) return () => true;
    throw wrong('allowedIps', 'must be given with `ipHeader`');
  }
  const list = Array.isArray(allowedIps) && allowedIps.length > 0 ? createIpList(allowedIps) : undefined;
  if (list === undefined)
    throw wrong('allowedIps', 'must be a list of addresses and networks, like 203.0.113.0/24');
  if (ipHeader === undefined) throw wrong('ipHeader', 'must be given with `allowedIps`');
  return ({ headers }) => list.has(headers.get(ipHeader)?.split(',').at(-1)?.trim() ?? '');
}

function wrong(field: string, rule: string): CartieError {
  return new CartieError('invalid_config', `\`${field}\` ${rule}`, { service, field });
}
