import { createCodec } from './codec/codec.ts';
import { findSchemas } from './codec/installed-schemas.ts';
import { createRsaKey } from './crypto/rsa-key.ts';
import { createDcClock } from './dc-clock.ts';
import type { DcParts } from './dc-parts.ts';
import { listen } from './listeners.ts';
import { createLogins } from './methods/logins.ts';
import { createUploads } from './methods/uploads.ts';
import type { DcAddress, TestDc, TestDcOptions } from './public.ts';
import { createConnectionLog } from './records/connection-log.ts';
import { createRequestLog } from './records/request-log.ts';
import { createAuthKeys } from './session/auth-keys.ts';
import { createDcFaults } from './session/faults.ts';
import { createPacketHandler } from './session/packets.ts';
import { createPushing } from './session/pushing.ts';
import {
  createStateWriter,
  readState,
  type StateWriter,
  tellingOfCalls,
  unusableState,
} from './state-file.ts';
import { createTestDc } from './test-dc.ts';
import { type DcConnection, serveConnection } from './transport/connection.ts';
import { pushedUpdates } from './view/updates.ts';
import { createWorld } from './world/world.ts';

/**
 * Starts a simulated Telegram that speaks MTProto 2.0 over TCP on loopback, for clients of any language: handshake, logins, channels, updates, files, faults.
 * It speaks the layers of the installed clients (`telegram`, `@mtcute/core`) and those given as `schemas`; throws when there is none.
 */
export async function startTestDc(options: TestDcOptions = {}): Promise<TestDc> {
  const { host = '127.0.0.1', port = 0, dcs = [2], timeScale = 1, history = 100_000 } = options;
  const [mainDcId] = dcs;
  if (
    mainDcId === undefined ||
    new Set(dcs).size !== dcs.length ||
    !dcs.every((dcId) => dcId >= 1 && dcId <= 5)
  ) {
    throw new TypeError('dcs must be different numbers from 1 to 5');
  }
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new TypeError('port must be a number from 0 to 65535');
  if (!(timeScale > 0)) throw new TypeError('timeScale must be above 0');

  const { stateFile } = options;
  const state = stateFile === undefined ? undefined : await readState(stateFile);
  let writer: StateWriter | undefined;
  const changed = (): void => writer?.changed();
  const codec = createCodec(findSchemas(options.schemas ?? []));
  const clock = createDcClock(timeScale);
  const keys = createAuthKeys();
  const faults = createDcFaults();
  const { push, callOf } = createPushing({ keys, codec, faults });
  const ownWorld = createWorld({
    clock,
    history,
    fileDcId: mainDcId,
    announce(account, event, chat) {
      push(account, pushedUpdates(event, chat, { viewer: account, date: clock.seconds() }));
    },
  });
  const world = stateFile === undefined ? ownWorld : tellingOfCalls(ownWorld, changed);
  const rsaKey = await createRsaKey(options.privateKeyPem ?? state?.privateKeyPem).catch((error: unknown) => {
    throw state === undefined || options.privateKeyPem !== undefined ? error : unusableState(error);
  });
  if (state !== undefined) {
    try {
      world.restore(state.world);
      keys.restore(state.keys, world.accounts);
    } catch (error) {
      throw unusableState(error);
    }
  }
  let addresses: () => readonly DcAddress[] = () => [];
  const openConnections = new Set<DcConnection>();
  const parts: DcParts = {
    codec,
    clock,
    world,
    keys,
    faults,
    push,
    callOf,
    logins: createLogins(clock),
    uploads: createUploads(),
    rsaKey,
    requests: createRequestLog(history),
    connections: createConnectionLog(history, keys.accountsOf),
    openConnections,
    addresses: () => addresses(),
  };
  const handlePacket = createPacketHandler(parts);
  const listeners = await listen(dcs, { host, port, freePort: state?.port }, (socket, dcId) => {
    const connection = serveConnection(socket, dcId, {
      log: parts.connections,
      faults,
      events: {
        packet(from, packet) {
          try {
            handlePacket(from, packet);
          } finally {
            changed();
          }
        },
      },
    });
    openConnections.add(connection);
    socket.once('close', () => openConnections.delete(connection));
    if (faults.take('accept_and_close')) connection.destroy();
  });
  addresses = listeners.addresses;
  const dc = createTestDc(parts, listeners);
  if (stateFile === undefined) return dc;
  const stateWriter = createStateWriter(stateFile, () => ({
    privateKeyPem: rsaKey.privatePem(),
    port: dc.port,
    keys: keys.snapshot(),
    world: ownWorld.snapshot(),
  }));
  writer = stateWriter;
  changed();
  const close = async (): Promise<void> => {
    await dc.close();
    await stateWriter.close();
  };
  return { ...tellingOfCalls(dc, changed), close, [Symbol.asyncDispose]: close };
}
