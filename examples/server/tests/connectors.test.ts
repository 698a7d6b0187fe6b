import { randomUUID } from 'node:crypto';
import type { TestDc, TestDcAccount, TestDcChat } from '@cartie/sandbox';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { ConnectorView } from '../src/connector-desk.ts';
import type { FeedPost } from '../src/feed.ts';
import { readQr } from './qr.ts';
import { sharedServer, until } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('accounts that read channels', () => {
  const server = sharedServer({}, { mtproto: { timeScale: 1 } });
  let dc: TestDc;
  let person: TestDcAccount;
  let channel: TestDcChat;
  const id = randomUUID();

  beforeAll(() => {
    dc = server.sandbox.mtproto as TestDc;
    person = dc.addAccount({ phone: '380501112233', password: 'correct horse', firstName: 'Olena' });
    channel = dc.createChannel({ title: 'Авто Київ', username: 'kyiv_cars' });
    channel.fill(130, (index) => `Оголошення ${index}`);
    channel.post('Volkswagen Golf VII 2016, 158 тис. км, 11 500$, 067 123 45 67');
  });

  const connector = async (): Promise<ConnectorView> =>
    (await server.get<ConnectorView[]>('/connectors')).find((one) => one.id === id) as ConnectorView;
  const login = (step: string, values = {}): Promise<Response> =>
    server.post(`/connectors/${id}/login/${step}`, values);
  const feed = (): Promise<FeedPost[]> => server.get<FeedPost[]>('/feed');
  const live = (): Promise<ConnectorView> => until(connector, ({ state }) => state.name === 'ready');

  it('an account logs in by phone, code and password, and mistakes are told in words', async () => {
    expect((await server.post('/connectors', { id, label: 'Cars of Kyiv' })).status).toBe(201);
    expect((await server.post('/connectors', { id, label: 'Cars of Kyiv' })).status).toBe(200);
    expect(await connector()).toMatchObject({
      state: { name: 'login_required' },
      login: { step: 'none' },
      user: null,
    });

    expect(await (await login('phone', { phone: '+38 0' })).json()).toEqual({
      error: 'Write the phone number with its country code, such as +380 67 123 45 67.',
    });
    expect((await login('phone', { phone: '+380 50 111 22 33' })).status).toBe(204);
    expect((await connector()).login).toMatchObject({ step: 'code' });
    const code = dc.lastCode(person.phone) ?? '';
    const wrong = await login('code', { code: code === '11111' ? '22222' : '11111' });
    expect([wrong.status, await wrong.json()]).toEqual([422, { error: 'The code is wrong.' }]);
    expect((await login('code', { code })).status).toBe(204);
    expect((await connector()).login).toMatchObject({ step: 'password' });
    expect(await (await login('password', { password: 'wrong' })).json()).toEqual({
      error: 'The password is wrong.',
    });
    expect((await login('password', { password: 'correct horse' })).status).toBe(204);
    expect((await live()).user).toMatchObject({ name: 'Olena' });
  });

  it('a followed channel brings its last posts, read for their cars, and every post that comes, its edits and deletions', async () => {
    const unknown = await server.post(`/connectors/${id}/channels`, { channel: '@nobody_here' });
    expect([unknown.status, await unknown.json()]).toEqual([422, { error: 'There is no such channel.' }]);
    const followed = await server.post(`/connectors/${id}/channels`, { channel: 'https://t.me/kyiv_cars' });
    expect(followed.status).toBe(201);
    const [newest] = await until(feed, (posts) => posts.length === 50);
    expect(newest).toMatchObject({
      channel: 'Авто Київ',
      make: 'Volkswagen',
      model: 'Golf VII',
      year: 2016,
      price: 11_500,
      currency: 'USD',
      mileageKm: 158_000,
      phones: ['+380671234567'],
      link: expect.stringMatching(/^https:\/\/t\.me\/kyiv_cars\/\d+$/),
    });

    const post = channel.post('Skoda Octavia 2018, 15 900 $');
    await until(feed, ([first]) => first?.make === 'Škoda');
    channel.edit(post.id, { text: 'Skoda Octavia 2018, ціна вже 14 900 $' });
    expect(await until(feed, ([first]) => first?.price === 14_900)).toMatchObject(
      [{ make: 'Škoda', editedAt: expect.any(Number) }].concat(Array(49).fill({})),
    );
    channel.delete(post.id);
    await until(feed, ([first]) => first?.deletedAt !== null);
  });

  it('what the account sees elsewhere is not stored', async () => {
    const friend = dc.addAccount({ firstName: 'Taras' });
    dc.privateChat(person, friend).post({ text: 'a secret', from: friend });
    channel.post('after the secret');
    const posts = await until(feed, ([first]) => first?.text === 'after the secret');
    expect(JSON.stringify(posts)).not.toContain('a secret');
    expect(await server.get<{ inbox: { pending: number } }>('/queue')).toMatchObject({
      inbox: { pending: 0 },
    });
  });

  it('after a restart the account is live again without a login, and nothing is missed', async () => {
    await server.stop();
    channel.post('while nobody listened');
    const { handshakes } = dc.connections;
    await server.restart();
    await live();
    await until(feed, ([first]) => first?.text === 'while nobody listened');
    expect(dc.connections.handshakes).toBe(handshakes);
    expect(dc.requests.count({ method: 'auth.sendCode' })).toBe(1);
    const health = await fetch(`${server.url}/health/integrations`);
    expect(await health.json()).toMatchObject({
      checks: { mtproto: { status: 'ok', facts: { accounts: 1, active: 1, ready: 1 } } },
    });
  });

  it('an account logs in by a QR code, which is a picture', async () => {
    const second = randomUUID();
    await server.post('/connectors', { id: second, label: 'By QR' });
    await server.post(`/connectors/${second}/login/qr`);
    const picture = await fetch(`${server.url}/api/connectors/${second}/qr.svg`);
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
    expect(readQr(await picture.text())).toMatch(/^tg:\/\/login\?token=/);
    // The address itself is in no answer: who has it can log in.
    expect(JSON.stringify(await server.get('/connectors'))).not.toContain('tg://');
    expect((await server.remove(`/connectors/${second}`)).status).toBe(204);
    expect((await server.remove(`/connectors/${second}`)).status).toBe(404);
  });

  it('a channel that is no longer followed brings nothing more; its posts stay', async () => {
    const [{ channelId } = { channelId: '' }] = (await connector()).channels;
    expect((await server.remove(`/connectors/${id}/channels/${channelId}`)).status).toBe(204);
    channel.post('nobody reads this');
    const other = dc.createChannel({ title: 'Other', username: 'other_cars' });
    await server.post(`/connectors/${id}/channels`, { channel: '@other_cars' });
    other.post('the other channel');
    const posts = await until(feed, (all) => all.some(({ text }) => text === 'the other channel'));
    expect(posts.map(({ text }) => text)).not.toContain('nobody reads this');
    expect(posts.length).toBeGreaterThan(40);
  });

  it('a session that was ended elsewhere asks for a login, and says why', async () => {
    dc.revoke(person);
    const ended = await until(connector, ({ state }) => state.name === 'login_required');
    expect(ended.state.reason).toBe('session_lost');
  });
});
