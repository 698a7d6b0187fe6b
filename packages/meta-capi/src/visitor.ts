import { buildFbc, buildFbp, parseBrowserId } from './browser-ids.ts';
import { chooseClientIp } from './client-ip.ts';
import type { UserData } from './types.ts';

/** A request of any server: a web `Request`, Express, Fastify, node:http. */
export interface VisitorRequest {
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Absolute or a path. */
  readonly url?: string | undefined;
}

/** Options of {@link readVisitor}. */
export interface VisitorOptions {
  /** The peer's address: `request.socket.remoteAddress`, Hono's `getConnInfo(context).remote.address`. */
  remoteAddress?: string | undefined;
  /** The page where it happened, where the request itself is to an API. @default the `Referer`, else the request's address */
  pageUrl?: string | undefined;
}

/** What a request tells about its visitor. */
export interface Visitor {
  /** Goes into an event's `user_data`. */
  userData: Pick<UserData, 'fbc' | 'fbp' | 'client_ip_address' | 'client_user_agent'>;
  /** For `event_source_url`. */
  pageUrl: string | undefined;
  /** Values for `Set-Cookie` where `_fbc` or `_fbp` is new or has changed, so that they are the same next time. */
  setCookies: readonly string[];
}

const cookieAgeSeconds = 90 * 86_400;

/**
 * Collects what Meta matches a visitor by: the cookies `_fbc` and `_fbp`, a click id in the address, the visitor's IP
 * address and browser. A click id that is newer than the cookie replaces it. Does not throw.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc
 */
export function readVisitor(request: VisitorRequest, options: VisitorOptions = {}): Visitor {
  const cookies = readCookies(header(request, 'cookie'));
  const pageUrl = options.pageUrl ?? header(request, 'referer') ?? absolute(request);
  const clickId = clickIdOf(pageUrl) ?? clickIdOf(request.url);
  const setCookies: string[] = [];
  const keep = (name: string, value: string): string => {
    setCookies.push(`${name}=${value}; Max-Age=${cookieAgeSeconds}; Path=/; SameSite=Lax`);
    return value;
  };
  const known = cookies.get('_fbc');
  const isNewClick = clickId !== undefined && parseBrowserId(known)?.value !== clickId;
  const fbc = isNewClick ? keep('_fbc', buildFbc(clickId)) : known;
  const fbp = cookies.get('_fbp') ?? keep('_fbp', buildFbp());
  return {
    userData: {
      fbc,
      fbp,
      client_ip_address: chooseClientIp({
        cookie: cookies.get('_fbi'),
        forwardedFor: header(request, 'x-forwarded-for'),
        remoteAddress: options.remoteAddress,
      }),
      client_user_agent: header(request, 'user-agent'),
    },
    pageUrl,
    setCookies,
  };
}

function header({ headers }: VisitorRequest, name: string): string | undefined {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  const text = typeof value === 'object' ? value?.join(', ') : value;
  return text === null || text === '' ? undefined : text;
}

function absolute(request: VisitorRequest): string | undefined {
  const { url } = request;
  if (url === undefined || /^https?:\/\//i.test(url)) return url;
  const host = header(request, 'host');
  if (host === undefined) return undefined;
  return `${header(request, 'x-forwarded-proto')?.split(',')[0]?.trim() ?? 'https'}://${host}${url}`;
}

// Values are taken as they are: Meta's pixel writes them without encoding.
function readCookies(text: string | undefined): Map<string, string> {
  const cookies = new Map<string, string>();
  for (const part of text?.split(/[;,]\s*/) ?? []) {
    const at = part.indexOf('=');
    const name = part.slice(0, at).trim();
    const value = part.slice(at + 1).trim();
    if (at > 0 && value !== '' && value.length <= 1_000 && !cookies.has(name)) cookies.set(name, value);
  }
  return cookies;
}

// Byte for byte: decoded once, since an address has it encoded once, and never changed in case.
function clickIdOf(url: string | undefined): string | undefined {
  const encoded = /[?&]fbclid=([^&#]+)/.exec(url ?? '')?.[1];
  if (encoded === undefined) return undefined;
  try {
    const id = decodeURIComponent(encoded);
    // What would break the cookie or the segments is no id of Meta's.
    return /^[\w~!*'()$+/=:-]{1,900}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}
