import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientOf, failureOf, sandboxClient, startGraph } from '../tests/support.ts';
import { createWhatsAppClient, type WhatsAppClientOptions } from './index.ts';

let sandbox: RunningSandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
});
afterEach(() => sandbox.close());

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('the options', () => {
  it.each([
    [{ accessToken: 'x' }, 'phoneNumberId'],
    [{ phoneNumberId: '+380671234567', accessToken: 'x' }, 'phoneNumberId'],
    [{ phoneNumberId: '1' }, 'accessToken'],
    [{ phoneNumberId: '1', accessToken: ' ' }, 'accessToken'],
    [{ phoneNumberId: '1', accessToken: 'x', apiVersion: '26' }, 'apiVersion'],
    [{ phoneNumberId: '1', accessToken: 'x', appSecret: '' }, 'appSecret'],
    [
      { phoneNumberId: '1', accessToken: 'x', rates: { pair: { limit: 0, intervalMs: 1 } } },
      'rates.pair.limit',
    ],
    [{ phoneNumberId: '1', accesToken: 'x' }, 'accesToken'],
  ])('%o: the error names %s', (options, field) => {
    expect(() => createWhatsAppClient(options as WhatsAppClientOptions)).toThrow(
      expect.objectContaining({ code: 'invalid_config', field }),
    );
  });

  it('that a method needs are named when they are missing', async () => {
    const client = clientOf(sandbox.whatsapp.apiUrl, { businessAccountId: undefined });
    expect(await failureOf(all(client.templates.list()))).toMatchObject({
      code: 'invalid_config',
      field: 'businessAccountId',
    });
  });
});

describe('templates', () => {
  it('are created, approved, listed page by page, edited and deleted', async () => {
    const { number, client } = sandboxClient(sandbox);
    const { id, status } = await client.templates.create({
      name: 'ready',
      language: 'en_US',
      category: 'UTILITY',
      components: [{ type: 'BODY', text: 'Hello {{1}}' }],
    });
    expect(status).toBe('PENDING');
    const template = {
      name: 'ready',
      language: { code: 'en_US' },
      components: [{ type: 'body' as const, parameters: [{ type: 'text' as const, text: 'Olena' }] }],
    };
    const message = { to: '380671234567', type: 'template', template } as const;
    expect((await failureOf(client.send(message))).provider?.code).toBe(132001);
    sandbox.whatsapp.setTemplate(id, 'APPROVED');
    await client.send(message);
    expect(
      (await failureOf(client.send({ ...message, template: { ...template, components: [] } }))).provider
        ?.code,
    ).toBe(132000);
    for (let index = 0; index < 6; index++)
      sandbox.whatsapp.createTemplate(number, { name: `t${index}`, language: 'uk', components: [] });
    expect((await all(client.templates.list({ pageSize: 2 }))).map(({ name }) => name)).toEqual([
      'ready',
      't0',
      't1',
      't2',
      't3',
      't4',
      't5',
    ]);
    expect(await all(client.templates.list({ limit: 2, language: 'uk' }))).toHaveLength(2);
    await client.templates.edit(id, { components: [{ type: 'BODY', text: 'Hi' }] });
    expect(await client.templates.get(id)).toMatchObject({ status: 'PENDING', components: [{ text: 'Hi' }] });
    expect(await client.templates.delete({ name: 'ready' })).toEqual({ success: true });
    expect(
      (
        await failureOf(
          client.templates.create({ name: 'Not So', language: 'uk', category: 'UTILITY', components: [] }),
        )
      ).field,
    ).toBe('name');
  });
});

describe('flows', () => {
  it('are made, filled, published, deprecated; drafts are deleted', async () => {
    const { client } = sandboxClient(sandbox);
    const { id } = await client.flows.create({ name: 'Book', categories: ['APPOINTMENT_BOOKING'] });
    expect((await client.flows.setJson(id, '{')).validation_errors).toHaveLength(1);
    expect((await client.flows.setJson(id, { version: '7.0', screens: [] })).validation_errors).toEqual([]);
    await client.flows.update(id, { name: 'Book a visit' });
    await client.flows.publish(id);
    expect(await client.flows.get(id)).toMatchObject({ name: 'Book a visit', status: 'PUBLISHED' });
    expect(await all(client.flows.assets(id))).toMatchObject([{ asset_type: 'FLOW_JSON' }]);
    expect((await failureOf(client.flows.delete(id))).provider?.code).toBe(139004);
    await client.flows.deprecate(id);
    const draft = await client.flows.create({ name: 'Draft', categories: [] });
    await client.flows.delete(draft.id);
    expect((await all(client.flows.list())).map(({ name }) => name)).toEqual(['Book a visit']);
    const other = sandboxClient(sandbox);
    const { migrated_flows } = await other.client.flows.migrate({
      source_waba_id: (await all(client.account.phoneNumbers()))[0]
        ? (sandbox.whatsapp.numbers()[0]?.businessAccountId ?? '')
        : '',
    });
    expect(migrated_flows).toMatchObject([{ source_name: 'Book a visit' }]);
  });
});

describe('the number and the account', () => {
  it('are registered, verified, set up and read', async () => {
    const { number, client } = sandboxClient(sandbox);
    expect(await client.phoneNumber.info()).toMatchObject({
      id: number.phoneNumberId,
      quality_rating: 'GREEN',
      status: 'CONNECTED',
    });
    await client.phoneNumber.deregister();
    expect(
      (await failureOf(client.send({ to: '380671234567', type: 'text', text: { body: 'x' } }))).provider
        ?.code,
    ).toBe(133010);
    await client.phoneNumber.requestCode({ code_method: 'SMS', language: 'uk' });
    await client.phoneNumber.verifyCode('123456');
    await client.phoneNumber.register({ pin: '123456' });
    expect((await failureOf(client.phoneNumber.register({ pin: '654321' }))).provider?.code).toBe(133005);
    await client.phoneNumber.setPin('654321');
    await client.phoneNumber.updateProfile({ about: 'Cars', websites: ['https://cars.example'] });
    expect(await client.phoneNumber.profile()).toMatchObject({ about: 'Cars' });
    expect((await failureOf(client.phoneNumber.updateProfile({ about: 'x'.repeat(140) }))).field).toBe(
      'about',
    );
    await client.phoneNumber.updateSettings({ calling: { status: 'ENABLED' } });
    expect(await client.phoneNumber.settings()).toMatchObject({ calling: { status: 'ENABLED' } });
    await client.phoneNumber.setEncryption('-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----');
    expect(await client.phoneNumber.encryption()).toMatchObject({
      business_public_key_signature_status: 'VALID',
    });
    await client.phoneNumber.block(['380671234567']);
    expect(await all(client.phoneNumber.blockedUsers())).toMatchObject([{ wa_id: '380671234567' }]);
    await client.phoneNumber.unblock(['380671234567']);
    expect(await all(client.phoneNumber.blockedUsers())).toEqual([]);
    expect((await failureOf(client.phoneNumber.register({ pin: '12' }))).field).toBe('pin');
    await using hook = await startGraph(({ url }) => ({
      text: new URL(url, 'http://hook').searchParams.get('hub.challenge') ?? '',
    }));
    const override = { override_callback_uri: `${hook.url}/hook`, verify_token: 'v' };
    await client.account.subscribe(override);
    expect(hook.received.map(({ url }) => url)).toEqual([expect.stringContaining('hub.verify_token=v')]);
    expect(await all(client.account.subscribedApps())).toMatchObject([
      { override_callback_uri: override.override_callback_uri },
    ]);
    await client.account.unsubscribe();
    expect(await all(client.account.phoneNumbers())).toMatchObject([{ id: number.phoneNumberId }]);
  });

  it('is never registered twice by itself', async () => {
    const { client } = sandboxClient(sandbox);
    sandbox.faults.set({ provider: 'whatsapp', method: 'register', kind: 'server_error' });
    expect(await failureOf(client.phoneNumber.register({ pin: '123456' }))).toMatchObject({
      attempts: 1,
      outcome: 'unknown',
    });
  });
});

describe('call', () => {
  it('does what the client has no method for', async () => {
    const { number, client } = sandboxClient(sandbox);
    const { data, status } = await client.call<{ id: string }>({
      method: 'GET',
      path: `/${number.phoneNumberId}`,
      query: { fields: 'id' },
    });
    expect([data.id, status]).toEqual([number.phoneNumberId, 200]);
    expect((await failureOf(client.call({ method: 'GET', path: 'https://evil.example' }))).field).toBe(
      'path',
    );
    expect((await failureOf(client.call(undefined as never))).field).toBe('method');
    expect((await failureOf(client.call({ method: 'GET', path: '/../v1/x' }))).field).toBe('path');
  });
});

describe('health', () => {
  it('tells of the number and of the token', async () => {
    const { number, client } = sandboxClient(sandbox);
    expect(await client.health()).toMatchObject({
      status: 'ok',
      facts: { quality: 'GREEN', numberStatus: 'CONNECTED', token: 'valid' },
    });
    sandbox.whatsapp.setToken(number.token, 'expired');
    expect((await client.health()).status).toBe('ok');
    const other = createWhatsAppClient({
      phoneNumberId: number.phoneNumberId,
      accessToken: number.token,
      baseUrl: sandbox.whatsapp.apiUrl,
    });
    expect(await other.health()).toMatchObject({ status: 'down', facts: { token: 'refused' } });
  });

  it.each([
    [{ status: 'CONNECTED', quality_rating: 'YELLOW' }, 'ok', undefined],
    [{}, 'ok', undefined],
    [{ status: 'FLAGGED', quality_rating: 'GREEN' }, 'degraded', 'The number is flagged, not connected.'],
    [{ status: 'CONNECTED', quality_rating: 'RED' }, 'degraded', expect.stringContaining('quality')],
  ])('of a number that is %j is %s', async (json, status, detail) => {
    await using graph = await startGraph(() => ({ json: { id: '1001', ...json } }));
    const report = await clientOf(graph.url).health();
    expect([report.status, report.detail]).toEqual([status, detail]);
  });
});
