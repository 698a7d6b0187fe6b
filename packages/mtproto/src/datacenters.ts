import type { Datacenter } from './engine.ts';
import { failed } from './errors.ts';
import { datacenters } from './limits.ts';
import type { MtprotoServers } from './options.ts';

/** Where new accounts begin; a login is sent on to where its account lives. */
const firstDatacenter = 2;

/** The address of a data centre. @throws CartieError `not_found` */
export function datacenterAddress(id: number, servers: MtprotoServers | undefined): Datacenter {
  const known: readonly Datacenter[] = servers?.datacenters ?? datacenters;
  const found = known.find((datacenter) => datacenter.id === id);
  if (found === undefined) throw failed('not_found', 'Telegram names a data centre that is not known here');
  return found;
}

/** The data centre where a new account begins. */
export function beginningDatacenter(servers: MtprotoServers | undefined): Datacenter {
  return servers?.datacenters[0] ?? datacenterAddress(firstDatacenter, undefined);
}
