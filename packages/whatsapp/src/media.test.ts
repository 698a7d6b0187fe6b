import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, failureOf, type Reply, refusal, sandboxClient, startGraph } from '../tests/support.ts';
import { isMetaHost } from './media-hosts.ts';

let sandbox: RunningSandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
});
afterEach(() => sandbox.close());

const bytes = new TextEncoder().encode('not really a picture');
const mb = 1024 * 1024;

describe('upload', () => {
  it('takes a path, bytes, a Blob, a stream and a function that opens one', async () => {
    const { client } = sandboxClient(sandbox);
    const path = join(await mkdtemp(join(tmpdir(), 'cartie-')), 'car.jpg');
    await writeFile(path, bytes);
    const type = 'image/jpeg';
    const sources = [
      client.media.upload(path),
      client.media.upload(bytes, { type }),
      client.media.upload(new Blob([bytes], { type })),
      client.media.upload(createReadStream(path), { type }),
      client.media.upload(() => createReadStream(path), { name: 'a.png' }),
    ];
    for (const { id } of await Promise.all(sources)) expect(sandbox.whatsapp.file(id)).toEqual(bytes);
  });

  it.each([
    ['type', () => ({ source: bytes, options: {} })],
    ['type', () => ({ source: bytes, options: { type: 'image/gif' } })],
    ['source', () => ({ source: new Uint8Array(), options: { type: 'image/png' } })],
    ['source', () => ({ source: new Uint8Array(5 * 1024 * 1024 + 1), options: { type: 'image/png' } })],
    ['source', () => ({ source: '/nowhere/car.jpg', options: {} })],
    ['source', () => ({ source: 'https://example.com/car.jpg', options: {} })],
    ['source', () => ({ source: 7 as never, options: { type: 'image/png' } })],
  ])('names %s where it is wrong', async (field, make) => {
    const { client } = sandboxClient(sandbox);
    const { source, options } = make();
    expect(await failureOf(client.media.upload(source, options))).toMatchObject({
      code: 'invalid_input',
      field,
    });
    expect(sandbox.whatsapp.calls()).toEqual([]);
  });

  it.each([
    [5 * mb, ['a.jpg', 'a.jpeg', 'a.png']],
    [500 * 1024, ['a.webp']],
    [16 * mb, ['a.aac', 'a.amr', 'a.mp3', 'a.m4a', 'a.ogg', 'a.mp4', 'a.3gp']],
    [100 * mb, ['a.txt', 'a.pdf', 'a.doc', 'a.xls', 'a.ppt', 'a.docx', 'a.xlsx', 'a.pptx']],
  ])('takes %i bytes and not one more of %j', async (most, names) => {
    await using graph = await startGraph(() => ({ json: { id: '5' } }));
    const { media } = clientOf(graph.url);
    const path = join(await mkdtemp(join(tmpdir(), 'cartie-')), 'file');
    await writeFile(path, '');
    for (const name of names) {
      await truncate(path, most + 1);
      expect(await failureOf(media.upload(path, { name }))).toMatchObject({ field: 'source' });
    }
    expect(graph.received).toHaveLength(0);
    await truncate(path, most);
    expect(await media.upload(path, { name: names[0] })).toEqual({ id: '5' });
    await rm(path);
  });

  it.each([undefined, null, 7])('cannot be fetched by %j', async (media) => {
    const { client } = sandboxClient(sandbox);
    expect(await failureOf(client.media.download(media as never))).toMatchObject({
      code: 'invalid_input',
      field: 'media',
    });
  });

  it('is repeated after a reset: a file that is there twice does no harm', async () => {
    const { client } = sandboxClient(sandbox);
    sandbox.faults.set({ provider: 'whatsapp', method: 'media', kind: 'reset', times: 1 });
    const { id } = await client.media.upload(bytes, { type: 'image/png' });
    expect(sandbox.whatsapp.file(id)).toEqual(bytes);
  });
});

describe('download', () => {
  it('gives the bytes, the type and the hash', async () => {
    const { client } = sandboxClient(sandbox);
    const { id } = await client.media.upload(bytes, { type: 'image/png' });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await client.media.download(id)).toEqual({ bytes, mimeType: 'image/png', sha256 });
    expect(await client.media.delete(id)).toEqual({ success: true });
    expect((await failureOf(client.media.info(id))).provider?.code).not.toBe(0);
  });

  it('asks anew for a URL that has expired, and takes the hash of the webhook', async () => {
    const { client } = sandboxClient(sandbox);
    const { id } = await client.media.upload(bytes, { type: 'image/png' });
    const url = `${sandbox.whatsapp.apiUrl}/whatsapp_business/attachments/?mid=expired`;
    const sha256 = createHash('sha256').update(bytes).digest('base64');
    expect((await client.media.download({ id, url, sha256 })).bytes).toEqual(bytes);
    expect(sandbox.whatsapp.calls().map(({ operation }) => operation)).toEqual([
      'media',
      'download',
      'media_info',
      'download',
    ]);
    const other = createHash('sha256').update('other').digest('base64');
    expect((await failureOf(client.media.download({ id, sha256: other }))).code).toBe('invalid_response');
  });

  it.each([
    { status: 404, text: 'gone' },
    { status: 401, text: 'who are you' },
    { status: 403, text: 'URL signature expired' },
    refusal(131052),
  ])('asks anew, once, after %o of the file host', async (answer) => {
    const sha256 = createHash('sha256').update(bytes).digest('base64');
    await using graph = await startGraph(({ url }): Reply => {
      if (url.startsWith('/old')) return answer;
      if (url.startsWith('/new')) return { text: Buffer.from(bytes).toString() };
      return { json: { id: '5', url: `${origin}/new`, mime_type: 'image/png', sha256 } };
    });
    const origin = graph.url;
    const { media } = clientOf(graph.url);
    expect((await media.download({ id: '5', url: `${origin}/old`, sha256 })).bytes).toEqual(bytes);
    expect(graph.received.map(({ url }) => url.split('?')[0])).toEqual(['/old', '/v26.0/5', '/new']);
  });

  it('refuses what is larger than allowed, also where nobody told its size', async () => {
    const { client } = sandboxClient(sandbox);
    const { id } = await client.media.upload(bytes, { type: 'image/png' });
    expect((await failureOf(client.media.download(id, { maxBytes: 5 }))).field).toBe('maxBytes');
    const { url, sha256 } = await client.media.info(id);
    const error = await failureOf(client.media.download({ id, url, sha256 }, { maxBytes: 5 }));
    expect(error.code).toBe('invalid_response');
    expect(await client.media.download({ id, url, sha256 }, { maxBytes: bytes.byteLength })).toMatchObject({
      bytes,
    });
  });

  it('sends the token to nobody but Meta, wherever the URL points', async () => {
    await using evil = await startGraph(() => ({ json: {} }));
    await using graph = await startGraph(() => ({
      json: { id: '5', url: `${evil.url}/file`, mime_type: 'a/b', sha256: '' },
    }));
    const error = await failureOf(clientOf(graph.url).media.download('5'));
    expect(error).toMatchObject({ code: 'invalid_response', outcome: 'not_executed' });
    expect(evil.received).toEqual([]);
  });

  it('follows no redirect', async () => {
    await using evil = await startGraph(() => ({ json: {} }));
    await using graph = await startGraph(
      ({ url }, _n): never =>
        (url.startsWith('/file')
          ? { status: 302, headers: { location: `${evil.url}/` }, text: '' }
          : {
              json: { id: '5', url: `http://${'127.0.0.1'}:${port}/file`, mime_type: 'a/b', sha256: '' },
            }) as never,
    );
    const port = new URL(graph.url).port;
    expect((await failureOf(clientOf(graph.url).media.download('5'))).code).toBe('rejected');
    expect(evil.received).toEqual([]);
  });

  it.each([
    ['https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1', true],
    ['https://mmg.whatsapp.net/x', true],
    ['http://lookaside.fbsbx.com/x', false],
    ['https://lookaside.fbsbx.com.evil.example/x', false],
    ['https://evilfbsbx.com/x', false],
    ['https://lookaside.fbsbx.com:8443/x', false],
    ['https://user@lookaside.fbsbx.com/x', false],
    ['not a url', false],
  ])('%s: is it Meta? %s', (url, expected) => {
    expect(isMetaHost(url, undefined)).toBe(expected);
  });
});

describe('a resumable upload', () => {
  it('gives a handle', async () => {
    const { client } = sandboxClient(sandbox);
    expect((await client.media.uploadResumable(bytes, { type: 'image/png' })).handle).toMatch(/^4::/);
  });

  it('goes on where it broke', async () => {
    const parts: string[] = [];
    await using graph = await startGraph(({ method, headers, body }, n) => {
      if (n === 1) return { json: { id: 'upload:abc' } };
      if (method === 'GET') return { json: { id: 'upload:abc', file_offset: 4 } };
      parts.push(
        `${headers.file_offset} ${headers.authorization?.split(' ')[0]} ${body.toString().slice(0, 4)}`,
      );
      return parts.length === 1 ? 'reset' : { json: { h: '4::handle' } };
    });
    const { handle } = await clientOf(graph.url).media.uploadResumable(bytes, { type: 'image/png' });
    expect(handle).toBe('4::handle');
    expect(parts).toEqual(['0 OAuth not ', '4 OAuth real']);
  });

  it('that breaks again and again ends, and so does one that is refused', async () => {
    let sent = 0;
    const broken = (reply: Reply) =>
      startGraph(({ method, url }): Reply => {
        if (url.includes('/uploads')) return { json: { id: 'upload:abc' } };
        if (method === 'GET') return { json: { id: 'upload:abc', file_offset: 0 } };
        sent += 1;
        return reply;
      });
    await using resetting = await broken('reset');
    const own = clientOf(resetting.url, { breaker: false });
    const upload = own.media.uploadResumable(bytes, { type: 'image/png', resumes: 2 });
    expect((await failureOf(upload)).retryable).toBe(true);
    expect(sent).toBe(3);
    await using refusing = await broken(refusal(131053));
    expect(
      (await failureOf(clientOf(refusing.url).media.uploadResumable(bytes, { type: 'image/png' }))).code,
    ).toBe('rejected');
    expect(sent).toBe(4);
  });
});
