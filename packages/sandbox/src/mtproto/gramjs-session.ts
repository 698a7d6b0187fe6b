import type { ProvisionedKey } from './public.ts';

/**
 * The session string that GramJS (`StringSession`) restores this authorization from: `1`, then base64 of DC (1 byte), length of the address (2), address, port (2), key (256).
 * Throws for a port above 32767, which GramJS cannot write.
 */
export function gramjsSession({
  dcId,
  host,
  port,
  authKey,
}: Pick<ProvisionedKey, 'dcId' | 'host' | 'port' | 'authKey'>): string {
  if (port > 32_767) throw new RangeError('port must be below 32768 for a session string of GramJS');
  const address = Buffer.from(host, 'ascii');
  const head = Buffer.alloc(3);
  head.writeUInt8(dcId, 0);
  head.writeInt16BE(address.length, 1);
  const end = Buffer.alloc(2);
  end.writeInt16BE(port);
  return `1${Buffer.concat([head, address, end, authKey]).toString('base64')}`;
}
