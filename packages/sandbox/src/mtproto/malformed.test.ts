import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { codec, createRawClient, layer, type RawClient } from '../../tests/raw-client.ts';
import { createTlWriter } from './codec/tl-writer.ts';
import { encryptMessage } from './crypto/message-key.ts';
import type { ProvisionedKey, TestDc } from './public.ts';
import { startTestDc } from './start-test-dc.ts';
import { createFraming } from './transport/framings.ts';

let dc: TestDc;
let key: ProvisionedKey;
let client: RawClient;

beforeAll(async () => {
  dc = await startTestDc();
  key = dc.provisionKey(dc.addAccount());
});
beforeEach(() => {
  client = createRawClient(key);
});
afterAll(() => dc.close());

const getConfig = { _: 'help.getConfig' };

/** Another client is served as if nothing had been. */
async function expectAlive(): Promise<void> {
  const other = createRawClient(key);
  expect((await other.call(getConfig))._).toBe('config');
  other.close();
}

async function closedAfter(bytes: Buffer): Promise<void> {
  const socket = connect(dc.port, dc.host);
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.resume();
  socket.end(bytes);
  await closed;
}

describe('a DC that hears nonsense', () => {
  it('closes streams of random bytes and goes on', async () => {
    for (let round = 0; round < 100; round += 1) await closedAfter(randomBytes(1 + ((round * 37) % 900)));
    await expectAlive();
  });

  it.each([
    ['a huge length, intermediate', 'eeeeeeeeffffff7f'],
    ['a huge length, abridged', 'ef7fffffff'],
    ['a huge length, full', 'ffffff7f00000000'],
    ['an empty packet, full', '0000000000000000'],
    ['a wrong checksum, full', '100000000000000001020304deadbeef'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex')],
    ['TLS', '1603010200010001fc0303'],
  ])('closes at %s', async (_name, hex) => {
    await closedAfter(Buffer.from(hex, 'hex'));
    await expectAlive();
  });

  it('closes a connection whose frame is cut, and keeps nothing of it', async () => {
    const frame = createFraming('intermediate').wrap(randomBytes(200));
    await closedAfter(Buffer.concat([Buffer.from('eeeeeeee', 'hex'), frame.subarray(0, 120)]));
    await expectAlive();
  });

  it('answers -404 to a key it does not know', async () => {
    const stranger = createRawClient({ ...key, authKey: randomBytes(256) });
    stranger.send(getConfig);
    await stranger.closed();
    expect(stranger.failures).toEqual([-404]);
  });

  it('closes at a wrong message key', async () => {
    await client.call(getConfig);
    const plain = Buffer.alloc(32 + 12);
    plain.writeBigInt64LE(client.salt, 0);
    plain.writeBigInt64LE(5n, 8);
    plain.writeBigInt64LE(((BigInt(Date.now()) << 32n) / 1000n) & ~3n, 16);
    plain.writeInt32LE(12, 28);
    codec.encode({ _: 'ping', ping_id: 1n }, layer).copy(plain, 32);
    const packet = encryptMessage(plain, key.authKey, 'client');
    // Only padding is in the last block: all but the hash is right.
    packet.writeUInt8(packet.readUInt8(packet.length - 1) ^ 1, packet.length - 1);
    client.socket.write(createFraming('intermediate').wrap(packet));
    await client.closed();
    await expectAlive();
  });

  it('closes at a message that says it is longer than it is', async () => {
    const plain = Buffer.alloc(36);
    plain.writeInt32LE(0x7fffffff, 28);
    client.socket.write(createFraming('intermediate').wrap(encryptMessage(plain, key.authKey, 'client')));
    await client.closed();
    await expectAlive();
  });

  const vector = (count: number): Buffer => {
    const writer = createTlWriter();
    for (const id of [0x62d6b459, 0x1cb5c415]) writer.id(id);
    writer.int(count);
    return writer.done();
  };
  const zipped = (bytes: Buffer): Buffer => {
    const writer = createTlWriter();
    writer.id(0x3072cfa1);
    writer.bytes(gzipSync(bytes));
    return writer.done();
  };
  const container = (count: number): Buffer => {
    const writer = createTlWriter();
    writer.id(0x73f1f8dc);
    writer.int(count);
    return writer.done();
  };

  it.each([
    ['an unknown constructor', Buffer.from('0badf00d', 'hex')],
    ['nothing', Buffer.alloc(0)],
    ['a vector with two billion items', vector(0x7fffffff)],
    ['a vector with fewer than no items', vector(-1)],
    ['a container of messages that are not there', container(1020)],
    ['zipped bytes that are not', Buffer.from('a1cf7230041234567800000000', 'hex')],
    ['a zip bomb', zipped(Buffer.alloc(64 << 20))],
    ['zips within zips', zipped(zipped(zipped(zipped(zipped(Buffer.alloc(4))))))],
    [
      'ten thousand wrappers',
      Buffer.concat(Array.from({ length: 10_000 }, () => Buffer.from('b75994bf', 'hex'))),
    ],
  ])('closes at %s', async (_name, body) => {
    await client.call(getConfig);
    client.send(body);
    await client.closed();
    await expectAlive();
  });
});
