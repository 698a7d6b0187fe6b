import { BlockList, isIP } from 'node:net';

/** Addresses and networks. */
export interface IpList {
  /** Is this address in one of them? An IPv4 address within IPv6 is the IPv4 address. */
  has(address: string): boolean;
}

/** Builds an {@link IpList} of `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`; `undefined` if one of them is none. */
export function createIpList(entries: readonly string[]): IpList | undefined {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    if (family === 0 || rest.length > 0) return undefined;
    const type = family === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) {
      list.addAddress(address, type);
      continue;
    }
    if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > (family === 6 ? 128 : 32)) return undefined;
    list.addSubnet(address, Number(prefix), type);
  }
  return {
    has(given) {
      const address = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(given)?.[1] ?? given;
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}
