import { CartieError } from './errors.ts';

/** What is used of a client of the package `ioredis`. */
export interface IoredisClient {
  call(command: string, ...args: string[]): Promise<unknown>;
  readonly options?: { readonly keyPrefix?: string | undefined } | undefined;
}

/** What is used of a client of the package `redis`. */
export interface NodeRedisClient {
  sendCommand(args: string[]): Promise<unknown>;
}

/** A connected client of `ioredis` or of `redis`; which one is seen by its methods. */
export type RedisClient = IoredisClient | NodeRedisClient;

/** Sends one command. */
export type RedisCommand = (name: string, ...args: string[]) => Promise<unknown>;

/** One way to send a command through either client, and the prefix that the client itself puts before keys. */
export function redisCommands(client: RedisClient): { command: RedisCommand; hiddenPrefix: string } {
  // ioredis has a `sendCommand` too, of another kind: so `call` is asked for first.
  if (typeof client !== 'object' || client === null) throw noClient();
  if ('call' in client && typeof client.call === 'function') {
    return {
      command: (name, ...args) => client.call(name, ...args),
      hiddenPrefix: client.options?.keyPrefix ?? '',
    };
  }
  if ('sendCommand' in client && typeof client.sendCommand === 'function') {
    return { command: (name, ...args) => client.sendCommand([name, ...args]), hiddenPrefix: '' };
  }
  throw noClient();
}

function noClient(): CartieError {
  return new CartieError('invalid_config', 'client must be a client of `ioredis` or `redis`', {
    field: 'client',
  });
}
