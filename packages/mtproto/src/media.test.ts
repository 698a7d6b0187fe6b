import { randomBytes } from 'node:crypto';
import { startTestDc } from '@cartie/sandbox';
import { describe, expect, it } from 'vitest';
import { addReady, collect, makeHub, startScene, thrown, until } from '../tests/support.ts';
import type { TlObject } from './index.ts';

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
    // Also where its size was not told.
    const media = file.raw.media as TlObject;
    const unsized = {
      ...file,
      raw: { ...file.raw, media: { ...media, document: { ...(media.document as TlObject), size: 0n } } },
    };
    expect(await thrown(collect(account.download(unsized, { maxBytes: 1_999 })))).toMatchObject({
      code: 'rejected',
      field: 'maxBytes',
    });
    expect(Buffer.concat(await collect(account.download(unsized, { maxBytes: 2_000 })))).toHaveLength(2_000);
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

  it('waits there for floods too, goes on over a lost connection, and ends when its caller has enough', async () => {
    await using dc = await startTestDc({ dcs: [2, 3] });
    await using watched = makeHub(dc);
    const account = await addReady(watched.hub, dc, dc.addAccount({ dcId: 3 }));
    const file = randomBytes(1_300_000);
    dc.createChannel({ username: 'autos' }).post({ media: { bytes: file, name: 'a.bin' } });
    const [message] = await collect(account.history('autos'));
    if (message === undefined) throw new Error('no message');
    const method = 'upload.getFile';
    dc.faults.set({ kind: 'flood_wait', method, seconds: 1, times: 1 });
    dc.faults.set({ kind: 'drop', method, times: 2 });
    expect(Buffer.concat(await collect(account.download(message))).equals(file)).toBe(true);
    expect(watched.seen).toContainEqual({
      type: 'rate_limited',
      service: 'mtproto',
      operation: method,
      retryAfterMs: 1_000,
    });
    expect(account.state.name).toBe('ready');

    dc.faults.set({ kind: 'drop', method });
    expect(await thrown(collect(account.download(message)))).toMatchObject({ code: 'connection_failed' });
    dc.faults.clear();
    dc.faults.set({ kind: 'swallow', method });
    const ending = new AbortController();
    const before = dc.requests.count({ method });
    const download = thrown(collect(account.download(message, { signal: ending.signal })));
    await dc.requests.received({ method }, before + 1);
    ending.abort(new Error('enough'));
    expect(await download).toEqual(new Error('enough'));
    await until(() => dc.connections.open === 1);
  });

  it('logs in anew at another data centre that has forgotten it', async () => {
    await using dc = await startTestDc({ dcs: [2, 3] });
    await using watched = makeHub(dc);
    const person = dc.addAccount({ dcId: 3 });
    const account = await addReady(watched.hub, dc, person);
    dc.createChannel({ username: 'autos' }).post({ media: { bytes: randomBytes(100), name: 'a.bin' } });
    const [message] = await collect(account.history('autos'));
    if (message === undefined) throw new Error('no message');
    await collect(account.download(message));
    dc.faults.set({ kind: 'auth_key_unregistered', method: 'users.getUsers', times: 1 });
    expect(await collect(account.download(message))).toHaveLength(1);
    expect(dc.requests.count({ method: 'auth.importAuthorization' })).toBe(2);
    dc.forgetKeys(person, { dcId: 2 });
    expect(await collect(account.download(message))).toHaveLength(1);
    expect(dc.requests.count({ method: 'auth.importAuthorization' })).toBe(3);
    expect(account.state.name).toBe('ready');
  });
});
