import { randomBytes } from 'node:crypto';
import { startTestDc } from '@cartie/sandbox';
import { describe, expect, it } from 'vitest';
import { addReady, collect, makeHub, startScene, thrown, until } from '../tests/support.ts';

describe('a download', () => {
  it('gives the file of a message, part by part', async () => {
    await using scene = await startScene();
    const { dc, person, account } = scene;
    const channel = dc.createChannel({ username: 'autos', members: [person] });
    const file = randomBytes(1_300_000);
    channel.post({ text: 'a car', media: { kind: 'photo', bytes: file.subarray(0, 70_000) } });
    channel.post({ media: { bytes: file, name: 'price.pdf', mimeType: 'application/pdf' } });
    const [document, photo] = await collect(account.history('autos'));
    if (document === undefined || photo === undefined) throw new Error('no messages');
    expect(document.media).toEqual({
      kind: 'document',
      size: 1_300_000,
      mimeType: 'application/pdf',
      fileName: 'price.pdf',
    });
    expect(photo.media).toMatchObject({ kind: 'photo' });
    const parts = await collect(account.download(document));
    expect(parts.length).toBeGreaterThan(1);
    expect(Buffer.concat(parts).equals(file)).toBe(true);
    expect(Buffer.concat(await collect(account.download(photo))).equals(file.subarray(0, 70_000))).toBe(true);
  });

  it('refuses what is too large, and messages without a file', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    const channel = dc.createChannel({ username: 'autos' });
    channel.post({ media: { bytes: randomBytes(2_000), name: 'a.bin' } });
    channel.post('words');
    const [words, file] = await collect(account.history('autos'));
    if (words === undefined || file === undefined) throw new Error('no messages');
    expect(await thrown(collect(account.download(file, { maxBytes: 1_999 })))).toMatchObject({
      code: 'rejected',
      field: 'maxBytes',
    });
    expect(await thrown(collect(account.download(words)))).toMatchObject({
      code: 'invalid_input',
      field: 'message',
    });
    expect(dc.requests.count({ method: 'upload.getFile' })).toBe(0);
  });

  it('asks for the message again when its reference has expired', async () => {
    await using scene = await startScene();
    const { dc, account } = scene;
    const file = randomBytes(5_000);
    dc.createChannel({ username: 'autos' }).post({ media: { bytes: file, name: 'a.bin' } });
    const [message] = await collect(account.history('autos'));
    if (message === undefined) throw new Error('no message');
    dc.faults.set({
      kind: 'error',
      method: 'upload.getFile',
      code: 400,
      message: 'FILE_REFERENCE_EXPIRED',
      times: 1,
    });
    expect(Buffer.concat(await collect(account.download(message))).equals(file)).toBe(true);
    expect(dc.requests.count({ method: 'channels.getMessages' })).toBe(1);
  });

  it('fetches a file of another data centre there, and closes that connection', async () => {
    await using dc = await startTestDc({ dcs: [2, 3] });
    const person = dc.addAccount({ dcId: 3 });
    await using watched = makeHub(dc);
    const account = await addReady(watched.hub, dc, person);
    const file = randomBytes(5_000);
    dc.createChannel({ username: 'autos' }).post({ media: { bytes: file, name: 'a.bin' } });
    const [message] = await collect(account.history('autos'));
    if (message === undefined) throw new Error('no message');
    expect(Buffer.concat(await collect(account.download(message))).equals(file)).toBe(true);
    const { handshakes } = dc.connections;
    expect(Buffer.concat(await collect(account.download(message))).equals(file)).toBe(true);
    // The key for the other one is kept.
    expect(dc.connections.handshakes).toBe(handshakes);
    await until(() => dc.connections.open === 1);
  });
});
