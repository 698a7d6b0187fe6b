import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import type { HealthReport } from '@cartie/core';
import { type SandboxSendPulseAccount, startSandbox } from '@cartie/sandbox';
import { createSendPulseClient } from '@cartie/sendpulse';
import { type Logger, pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../src/config.ts';
import type { ConversationSummary } from '../src/conversation-views.ts';
import type { LeadSummary } from '../src/leads.ts';
import { createMailingBook } from '../src/mailing-book.ts';
import { startServer } from '../src/wiring.ts';
import { freshFolder, sharedServer, startTestServer, until } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const secret = 'sandbox-webhook-secret';

describe('SendPulse through the server', () => {
  const server = sharedServer({ AUTO_REPLY: 'off', LEADS_PER_MINUTE: '1000' });
  afterEach(() => server.sandbox.faults.clear());

  const account = (): SandboxSendPulseAccount =>
    server.sandbox.sendpulse.accounts()[0] as SandboxSendPulseAccount;
  const book = () => server.sandbox.sendpulse.books(account())[0];
  const contacts = () => {
    const found = book();
    return found === undefined ? [] : server.sandbox.sendpulse.contacts(account(), found.id);
  };
  const send = async (lead: Record<string, unknown>): Promise<string> => {
    const id = randomUUID();
    const response = await fetch(`${server.url}/api/leads`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, name: 'Олена Коваль', ...lead }),
    });
    expect(response.status).toBe(201);
    return id;
  };
  const leadWith = (id: string, holds: (lead: LeadSummary) => boolean): Promise<LeadSummary> =>
    until(
      async () => (await server.get<LeadSummary[]>('/leads')).find((lead) => lead.id === id),
      (lead) => lead !== undefined && holds(lead),
    ) as Promise<LeadSummary>;
  const synced = (id: string) => leadWith(id, ({ mailing }) => mailing?.state === 'synced');
  const health = async (): Promise<HealthReport | undefined> =>
    (await server.get<Record<string, HealthReport>>('/integrations')).sendpulse;
  const tell = (events: unknown, path = secret): Promise<Response> =>
    fetch(`${server.url}/webhooks/sendpulse/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(events),
    });

  it('puts a lead into the address book that it makes, once, with name and phone', async () => {
    const id = await send({ email: 'Olena@Example.com', phone: '067 123 45 67' });
    await synced(id);
    expect(book()).toMatchObject({ name: 'Cartie leads', contacts: 1 });
    expect(contacts()).toMatchObject([
      { email: 'olena@example.com', variables: { name: 'Олена Коваль', phone: '+380671234567' } },
    ]);
    // The same person again is the same contact, and nothing is asked for what SendPulse knows.
    const before = server.sandbox.sendpulse.calls().length;
    await synced(await send({ email: 'olena@example.com', phone: '+380671234567' }));
    expect(contacts()).toHaveLength(1);
    expect(server.sandbox.sendpulse.calls()).toHaveLength(before);
  });

  it('brings a contact up to date when the person is known better', async () => {
    await synced(await send({ email: 'taras@example.com', name: 'Т' }));
    await synced(await send({ email: 'taras@example.com', name: 'Тарас Мельник', phone: '0671112233' }));
    await until(
      () => contacts().find(({ email }) => email === 'taras@example.com')?.variables,
      (variables) => variables?.name === 'Тарас Мельник' && variables.phone === '+380671112233',
    );
  });

  it('puts a lead without an e-mail among the phones', async () => {
    await synced(await send({ phone: '067 222 33 44', name: 'Ірина' }));
    const phones = server.sandbox.sendpulse.phones(account(), book()?.id ?? 0);
    expect(phones).toMatchObject([{ phone: '380672223344', variables: { name: 'Ірина' } }]);
  });

  it('puts a person of the inbox there, when the phone is known', async () => {
    const [number] = server.sandbox.whatsapp.numbers();
    for (const text of ['Hello', 'Are you there?']) {
      server.sandbox.whatsapp.customerSends(number as never, { from: '380503334455', name: 'Petro', text });
    }
    server.write('I have no phone', { id: 6_001, first_name: 'Ivan' });
    const phones = await until(
      () => server.sandbox.sendpulse.phones(account(), book()?.id ?? 0),
      (found) => found.some(({ phone, variables }) => phone === '380503334455' && variables.name === 'Petro'),
    );
    expect(phones.filter(({ phone }) => phone === '380503334455')).toHaveLength(1);
  });

  it('makes the address book anew where somebody deleted it at SendPulse', async () => {
    const { clientId, clientSecret } = account();
    const { apiUrl } = server.sandbox.sendpulse;
    const operator = createSendPulseClient({ clientId, clientSecret, baseUrl: apiUrl });
    const gone = book()?.id ?? 0;
    await operator.addressBooks.delete({ id: gone });
    await Promise.all(['one', 'two', 'three'].map((name) => send({ email: `${name}@example.com` }))).then(
      (ids) => Promise.all(ids.map(synced)),
    );
    expect(server.sandbox.sendpulse.books(account())).toMatchObject([{ name: 'Cartie leads', contacts: 3 }]);
    expect(book()?.id).not.toBe(gone);
  });

  it('loses nobody and adds nobody twice while SendPulse fails every fifth call', async () => {
    server.sandbox.faults.set({ provider: 'sendpulse', kind: 'server_error', probability: 0.1 });
    server.sandbox.faults.set({ provider: 'sendpulse', kind: 'reset', after: true, probability: 0.1 });
    const emails = Array.from({ length: 40 }, (_, n) => `person-${n}@example.com`);
    const ids = await Promise.all(emails.map((email) => send({ email })));
    await until(
      () => contacts().map(({ email }) => email),
      (found) => emails.every((email) => found.includes(email)),
      50_000,
    );
    // Those whose answer was lost are asked for again.
    server.sandbox.faults.clear();
    for (const id of ids) await synced(id);
    const found = contacts().map(({ email }) => email);
    expect(new Set(found).size).toBe(found.length);
    // What was done and not heard of is done once more, and all of it ends well.
    await until(
      () => server.get<LeadSummary[]>('/leads'),
      (leads) =>
        leads.filter(({ email, mailing }) => emails.includes(email ?? '') && mailing?.state === 'synced')
          .length === emails.length,
      50_000,
    );
    expect(contacts().map(({ email }) => email)).toHaveLength(found.length);
  });

  it('shows why SendPulse refused somebody, and syncs again', async () => {
    server.sandbox.sendpulse.failNext(account(), {
      errorCode: 31,
      message: 'Email invalid',
      method: 'POST /addressbooks/{id}/emails',
    });
    const id = await send({ email: 'refused@example.com' });
    const { mailing } = await leadWith(id, (lead) => lead.mailing?.state === 'refused');
    expect(mailing).toMatchObject({ reason: 'rejected', detail: expect.stringContaining('SendPulse') });
    expect((await server.post(`/leads/${id}/sync`)).status).toBe(204);
    await synced(id);
    expect((await server.post(`/leads/${id}/sync`)).status).toBe(409);
    expect((await server.post(`/leads/${randomUUID()}/sync`)).status).toBe(409);
  });

  describe('its webhook', () => {
    it('is registered, for what the server watches', async () => {
      const rows = await until(
        () => server.sandbox.sendpulse.calls(),
        (calls) =>
          calls.some(({ method, httpStatus }) => /POST .*webhook/.test(method) && httpStatus === 200),
      );
      await server.restart();
      await until(
        () => server.sandbox.sendpulse.calls(),
        (calls) =>
          calls
            .slice(rows.length)
            .some(({ method, httpStatus }) => /GET .*webhook/.test(method) && httpStatus === 200),
      );
      // The second start finds it there and makes none.
      const made = server.sandbox.sendpulse.calls().filter(({ method }) => /POST .*webhook/.test(method));
      expect(made).toHaveLength(1);
    });

    it('marks who unsubscribed and whose letters come back, on the lead', async () => {
      const gone = await send({ email: 'gone@example.com' });
      const dead = await send({ email: 'dead@example.com' });
      await Promise.all([synced(gone), synced(dead)]);
      server.sandbox.sendpulse.happens(account(), {
        family: 'email',
        event: 'unsubscribe',
        fields: { email: 'Gone@example.com' },
      });
      server.sandbox.sendpulse.happens(account(), {
        family: 'email',
        event: 'hard_bounces',
        fields: { email: 'dead@example.com' },
      });
      await leadWith(gone, ({ mailing }) => Boolean(mailing?.unsubscribedAt) && mailing?.bouncedAt === null);
      await leadWith(dead, ({ mailing }) => Boolean(mailing?.bouncedAt) && mailing?.unsubscribedAt === null);
    });

    it('marks them on the conversation of whoever left the same phone there', async () => {
      const [number] = server.sandbox.whatsapp.numbers();
      const write = (from: string) =>
        server.sandbox.whatsapp.customerSends(number as never, { from, name: 'Ira', text: 'Hello' });
      const conversationWith = (phone: string, mailing: string | null) =>
        until(
          async () =>
            (await server.get<ConversationSummary[]>('/conversations')).find((one) => one.phone === phone),
          (found) => found !== undefined && found.mailing === mailing,
        );
      write('380509990011');
      write('380509990022');
      const before = await conversationWith('380509990011', null);
      await synced(await send({ email: 'ira@example.com', phone: '+380509990011' }));
      await tell([{ event: 'hard_bounces', email: 'ira@example.com', timestamp: 1_700_000_000, task_id: 1 }]);
      const bounced = await conversationWith('380509990011', 'bounced');
      expect(bounced?.version).toBeGreaterThan(before?.version ?? 0);
      await tell([{ event: 'unsubscribe', email: 'ira@example.com', timestamp: 1_700_000_001 }]);
      await conversationWith('380509990011', 'unsubscribed');
      await conversationWith('380509990022', null);
    });

    it('and who unsubscribed is not added anew', async () => {
      const before = server.sandbox.sendpulse.calls().length;
      const id = await send({ email: 'gone@example.com', name: 'Another name' });
      const { mailing } = await leadWith(id, (lead) => lead.mailing !== null);
      expect(mailing?.unsubscribedAt).toEqual(expect.any(Number));
      expect(server.sandbox.sendpulse.calls()).toHaveLength(before);
    });

    it('takes a batch that comes again as the same, and letters of SMTP, and who comes back', async () => {
      const id = await send({ email: 'back@example.com' });
      await synced(id);
      const event = {
        event: 'unsubscribed',
        timestamp: 1_700_000_000,
        recipient: 'back@example.com',
        message_id: 1,
      };
      expect((await tell([event])).status).toBe(200);
      expect((await tell([event])).status).toBe(200);
      const { mailing } = await leadWith(id, (lead) => Boolean(lead.mailing?.unsubscribedAt));
      expect(mailing?.unsubscribedAt).toBe(1_700_000_000_000);
      await tell([{ ...event, event: 'resubscribed', timestamp: 1_700_000_100 }]);
      await leadWith(id, (lead) => lead.mailing?.unsubscribedAt === null);
    });

    it('takes nothing without the secret', async () => {
      expect((await tell([], 'another-secret-of-somebody')).status).toBe(404);
      expect((await fetch(`${server.url}/webhooks/sendpulse`, { method: 'POST', body: '[]' })).status).toBe(
        404,
      );
    });
  });

  it('says that the credentials are refused, keeps everybody, and goes on when they are taken', async () => {
    expect(await (await server.post('/integrations/sendpulse/test')).json()).toEqual({ ok: true });
    server.sandbox.sendpulse.setSecret(account(), 'another-secret-of-the-account');
    server.sandbox.sendpulse.expireTokens(account());
    const id = await send({ email: 'waits@example.com' });
    const report = await until(health, (found) => found?.status === 'down', 50_000);
    expect(report?.facts).toMatchObject({ problem: 'unauthorized' });
    expect(await (await server.post('/integrations/sendpulse/test')).json()).toMatchObject({
      ok: false,
      code: 'unauthorized',
    });
    expect((await leadWith(id, ({ mailing }) => mailing !== null)).mailing?.state).toBe('waiting');
    server.sandbox.sendpulse.setSecret(account(), 'sandbox-secret-of-the-reference-server');
    await synced(id);
  });
});

describe('without credentials beside a real provider', () => {
  it('warns once, shows it on the card, and syncs who came meanwhile when there are some', async () => {
    await using folder = await freshFolder();
    const { log, lines } = listeningLog();
    const real = {
      TELEGRAM_BOT_TOKEN: '123456789:AAabcdefghijklmnopqrstuvwxyz0123456',
      TELEGRAM_API_URL: 'http://127.0.0.1:9',
      ADMIN_TOKEN: 'a-token-of-an-operator',
      CARTIE_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
      DATA_DIR: folder.path,
      PORT: '0',
    };
    const server = await startServer(loadConfig(real), log);
    const lead = { name: 'Early', email: 'early@example.com' };
    await fetch(`${server.url}/api/leads`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(lead),
    });
    const checks = (await (await fetch(`${server.url}/health/integrations`)).json()) as {
      checks: Record<string, HealthReport>;
    };
    expect(checks.checks.sendpulse?.status).toBe('not_configured');
    await server.stop();
    expect(lines.filter(({ msg }) => msg.includes('SendPulse is not configured'))).toMatchObject([
      { level: 40 },
    ]);

    // Started again with an account, it catches up.
    await using later = await startTestServer({
      DATA_DIR: folder.path,
      CARTIE_ENCRYPTION_KEY: real.CARTIE_ENCRYPTION_KEY,
    });
    const { sendpulse } = later.sandbox;
    await until(
      () => sendpulse.books(0 + (sendpulse.accounts()[0]?.id ?? 0))[0],
      (book) => book?.contacts === 1,
    );
  });
});

describe('the address book', () => {
  it('is made once by two processes that start at the same time', async () => {
    await using sandbox = await startSandbox({ timeScale: 0.01, sendpulse: { rateScale: 0 } });
    const { clientId, clientSecret } = sandbox.sendpulse.createAccount();
    const clients = Array.from({ length: 4 }, () =>
      createSendPulseClient({ clientId, clientSecret, baseUrl: sandbox.sendpulse.apiUrl }),
    );
    // With their tokens in hand they look at the same moment.
    await Promise.all(clients.map(({ balance }) => balance.get()));
    const ids = await Promise.all(clients.map((client) => createMailingBook(client, undefined).id()));
    expect(new Set(ids).size).toBe(1);
    const made = sandbox.sendpulse.calls().filter(({ method }) => method === 'POST /addressbooks');
    expect(made.some(({ errorCode }) => errorCode === 203)).toBe(true);
  });

  it('is looked for again after a failure', async () => {
    await using sandbox = await startSandbox({ timeScale: 0.01, sendpulse: { rateScale: 0 } });
    const { clientId, clientSecret } = sandbox.sendpulse.createAccount();
    const client = createSendPulseClient({ clientId, clientSecret, baseUrl: sandbox.sendpulse.apiUrl });
    const book = createMailingBook(client, undefined);
    sandbox.faults.set({ provider: 'sendpulse', method: 'GET /addressbooks', kind: 'forbidden', times: 1 });
    await expect(book.id()).rejects.toMatchObject({ code: 'forbidden' });
    expect(await book.id()).toBe(await book.id());
  });
});

describe('credentials that SendPulse refuses', () => {
  it('are told once also where it gives tokens that it then does not take', async () => {
    await using folder = await freshFolder();
    await using sandbox = await startSandbox({ timeScale: 0.01 });
    const account = sandbox.sendpulse.createAccount({
      clientId: 'sandbox-client-of-the-reference-server',
      clientSecret: 'sandbox-secret-of-the-reference-server',
    });
    sandbox.sendpulse.failNext(account, { status: 401, errorCode: 401 }, 1_000);
    const { log, lines } = listeningLog();
    const config = loadConfig({ PORT: '0', SANDBOX_URL: sandbox.url, DATA_DIR: folder.path });
    const server = await startServer(config, log);
    const tokens = () => sandbox.sendpulse.tokenRequests(account);
    await until(tokens, (count) => count >= 5, 50_000);
    await server.stop();
    expect(lines.filter(({ msg }) => msg.includes('the credentials'))).toMatchObject([{ level: 50 }]);
  });

  it('are told once in the log, however many calls learn of it', async () => {
    await using folder = await freshFolder();
    await using sandbox = await startSandbox({ timeScale: 0.01 });
    // The account is there already, with another secret than the server's.
    sandbox.sendpulse.createAccount({
      clientId: 'sandbox-client-of-the-reference-server',
      clientSecret: 'another-secret-of-the-account',
    });
    const { log, lines } = listeningLog();
    const config = loadConfig({ PORT: '0', SANDBOX_URL: sandbox.url, DATA_DIR: folder.path });
    const server = await startServer(config, log);
    for (const name of ['one', 'two', 'three']) {
      await fetch(`${server.url}/api/leads`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name, email: `${name}@example.com` }),
      });
    }
    const refused = () => sandbox.sendpulse.calls().filter(({ httpStatus }) => httpStatus === 401);
    await until(refused, (calls) => calls.length >= 3, 50_000);
    await server.stop();
    expect(lines.filter(({ msg }) => msg.includes('does not take the credentials'))).toMatchObject([
      { level: 50 },
    ]);
  });
});

/** A log that can be read. */
function listeningLog(): { log: Logger; lines: { level: number; msg: string }[] } {
  const lines: { level: number; msg: string }[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as (typeof lines)[number]);
      done();
    },
  });
  return { log: pino({ level: 'info' }, sink), lines };
}
