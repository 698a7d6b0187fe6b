import { describe, expect, it } from 'vitest';
import { createRawClient } from '../../tests/raw-client.ts';
import { type DcAddress, startSandbox } from '../index.ts';

describe('the test DC beside the sandbox', () => {
  it('is controlled over HTTP', async () => {
    await using sandbox = await startSandbox({ mtproto: true });
    const get = async (path: string) => await (await fetch(`${sandbox.url}/_sandbox/mtproto/${path}`)).json();
    const post = async (path: string, body: object) => {
      const answer = await fetch(`${sandbox.url}/_sandbox/mtproto/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    expect(await get('server')).toEqual({
      dcs: [{ dcId: 2, host: '127.0.0.1', port: sandbox.mtproto?.port }],
      publicKey: sandbox.mtproto?.publicKey.pem,
    });

    const made = await post('accounts', { phone: '+380 50 111 22 33', firstName: 'Olena' });
    expect(made.body).toMatchObject({ phone: '380501112233', firstName: 'Olena' });
    expect(await post('accounts', { phone: '380501112233' })).toEqual(made);
    expect(await get('accounts')).toEqual([made.body]);

    const channel = await post('channels', { title: 'Cars', username: 'kyiv_cars' });
    expect(await post('channels', { title: 'Cars again', username: 'kyiv_cars' })).toEqual(channel);
    const { body: written } = await post('post', { channel: 'kyiv_cars', text: 'BMW X5' });
    await post('edit', { channel: channel.body.id, id: written.id, text: 'BMW X5 2018' });
    expect(await get('posts?channel=@kyiv_cars')).toMatchObject([{ id: written.id, text: 'BMW X5 2018' }]);
    await post('delete', { channel: 'kyiv_cars', id: written.id });
    expect(await get('posts?channel=kyiv_cars')).toEqual([]);

    expect(await post('post', { channel: 'nothing', text: '' })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('channel:') },
    });
    expect(await post('scan', { url: 'tg://login?token=AA', phone: '1' })).toMatchObject({ status: 400 });
    expect(await post('scan', { phone: '380501112233' })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining('no client shows a QR code') },
    });
  });

  it('gives keys, shows calls, sets faults and is forgotten with the rest, over HTTP', async () => {
    await using sandbox = await startSandbox({ mtproto: true });
    const at = (path: string): string => `${sandbox.url}/_sandbox/mtproto/${path}`;
    const get = async (path: string) => await (await fetch(at(path))).json();
    const post = async (path: string, body: object) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(at(path), { method: 'POST', headers, body: JSON.stringify(body) });
      return (await answer.json()) as Record<string, unknown>;
    };
    const { phone } = await post('accounts', {});
    const key = (await post('provision', { phone })) as unknown as DcAddress & {
      readonly authKey: string;
      readonly gramjsSession: string;
    };
    expect(key.gramjsSession).toMatch(/^1/);
    const client = createRawClient({ ...key, authKey: Buffer.from(key.authKey, 'base64') });
    await post('faults', { kind: 'flood_wait', seconds: 9, method: 'help.getConfig', phone });
    expect(await client.call({ _: 'help.getConfig' })).toMatchObject({ error_message: 'FLOOD_WAIT_9' });
    expect(await get('faults')).toMatchObject([{ kind: 'flood_wait', hits: 1 }]);
    await post('clear-faults', {});
    expect((await client.call({ _: 'help.getConfig' }))._).toBe('config');
    expect(await get('requests?method=help.getConfig')).toMatchObject([{ error: 'FLOOD_WAIT_9' }, {}]);
    expect(await get('counts')).toEqual({ 'help.getConfig': 2 });
    expect(await get('connections')).toEqual({ total: 1, open: 1, handshakes: 0 });
    await fetch(`${sandbox.url}/_sandbox/reset`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    await client.closed();
    expect(await get('accounts')).toEqual([]);
    expect(await get('counts')).toEqual({});
  });

  it('is not there unless asked for', async () => {
    await using sandbox = await startSandbox();
    expect(sandbox.mtproto).toBeUndefined();
    expect((await fetch(`${sandbox.url}/_sandbox/mtproto/server`)).status).toBe(404);
  });
});
