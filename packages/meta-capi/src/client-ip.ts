import { BlockList, isIP } from 'node:net';

/** Where a visitor's address may stand. */
export interface ClientIpSources {
  /** `_fbi`, which Meta's parameter builder sets in the browser. */
  cookie?: string | undefined;
  /** The header `X-Forwarded-For`. */
  forwardedFor?: string | undefined;
  /** The peer of the connection. */
  remoteAddress?: string | undefined;
}

/**
 * The address that tells most about a visitor: a public one, the cookie's before the request's, but IPv6 before IPv4. The
 * request's is the first public one of the header, else the peer's: what follows in the header, and the peer then, are
 * proxies. For matching only: visitors can write the cookie and the header themselves. `undefined` if none is public.
 */
export function chooseClientIp({ cookie, forwardedFor, remoteAddress }: ClientIpSources): string | undefined {
  const ofCookie = plainAddress(cookie);
  const ofRequest = [...(forwardedFor?.split(',') ?? []), remoteAddress]
    .map(plainAddress)
    .find((address) => address !== undefined);
  const isNewer = ofRequest !== undefined && isIP(ofRequest) === 6 && isIP(ofCookie ?? '') !== 6;
  return isNewer ? ofRequest : (ofCookie ?? ofRequest);
}

// An address without port, brackets, zone and what the parameter builder appends to it; only a public one.
function plainAddress(text: string | undefined): string | undefined {
  const trimmed = text?.trim().replace(/^"|"$/g, '') ?? '';
  const candidates = [
    trimmed,
    /^\[([^\]]+)\](?::\d+)?$/.exec(trimmed)?.[1],
    /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(trimmed)?.[1],
    /^(.+)\.[\w-]{2}(?:[\w-]{6})?$/.exec(trimmed)?.[1],
  ];
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    const address = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(candidate)?.[1] ?? candidate;
    const family = isIP(address);
    if (family === 0 || address.includes('%')) continue;
    return notPublic.check(address, family === 6 ? 'ipv6' : 'ipv4') ? undefined : address;
  }
  return undefined;
}

const notPublic = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv6');
}
