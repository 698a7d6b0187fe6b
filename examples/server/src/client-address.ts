import { isIP } from 'node:net';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context } from 'hono';

/**
 * The address of who asks. Each proxy in front of this server appends the address that called it to `X-Forwarded-For`: with
 * `trustedProxies` of them the client is the one that the outermost wrote, and whatever the client itself wrote before it is ignored.
 */
export function clientAddress(context: Context, trustedProxies: number): string | undefined {
  const remote = getConnInfo(context).remote.address;
  if (trustedProxies === 0) return plainAddress(remote);
  const hops = (context.req.header('x-forwarded-for') ?? '').split(',').map((hop) => hop.trim());
  return plainAddress(hops.at(-trustedProxies)) ?? plainAddress(remote);
}

/** What is counted as one: an IPv4 address, or the 64 bits of IPv6 that one customer has. */
export function addressGroup(address: string | undefined): string {
  if (address === undefined || isIP(address) !== 6) return address ?? '';
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':');
    while (groups.length + last.length < 8) groups.push('0');
  }
  return groups.slice(0, 4).join(':');
}

/** Without the prefix of IPv4 in IPv6; `undefined` for what is no address. */
function plainAddress(text: string | undefined): string | undefined {
  const address = text?.replace(/^::ffff:(?=\d+\.)/i, '').toLowerCase();
  return address !== undefined && isIP(address) > 0 ? address : undefined;
}
