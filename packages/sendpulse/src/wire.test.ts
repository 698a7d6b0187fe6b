import { type RunningSandbox, type SandboxSendPulseAccount, startSandbox } from '@cartie/sandbox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { all, clientOf, startSendPulse } from '../tests/support.ts';
import { createSendPulseClient, type SendPulseClient } from './index.ts';

let sandbox: RunningSandbox;
let account: SandboxSendPulseAccount;
let sendpulse: SendPulseClient;

beforeEach(async () => {
  sandbox = await startSandbox({ sendpulse: { rateScale: 0 } });
  account = sandbox.sendpulse.createAccount();
  sendpulse = clientOf(sandbox, account);
});
afterEach(() => sandbox.close());

test('«Київ» arrives intact wherever the network cuts the answer', async () => {
  const { id } = await sendpulse.addressBooks.create({ bookName: 'Київ' });
  const whole = Buffer.byteLength(JSON.stringify([await sendpulse.addressBooks.get({ id })]));
  for (let at = 1; at < whole; at += 1) {
    sandbox.sendpulse.splitAnswers(account, at);
    expect((await sendpulse.addressBooks.get({ id })).name, `cut before byte ${at}`).toBe('Київ');
  }
  expect(whole).toBeGreaterThan(100);
}, 60_000);

describe('parts of paths', () => {
  test('lead nowhere else, whatever they hold', async () => {
    const { id } = await sendpulse.addressBooks.create({ bookName: 'Book' });
    const email = 'a+b/../c?d#e@example.com';
    await sendpulse.addressBooks.addEmails({ id, emails: [email] });
    expect(await sendpulse.addressBooks.getEmail({ id, email })).toMatchObject({ email });
    expect(sandbox.sendpulse.calls().at(-1)?.path).toBe(
      `/addressbooks/${id}/emails/${encodeURIComponent(email)}`,
    );
    for (const bad of ['', '.', '..', '\ud800', Number.NaN, undefined, {}]) {
      const call = sendpulse.addressBooks.getEmail({ id, email: bad as never });
      await expect(call).rejects.toMatchObject({ code: 'invalid_input', field: 'email' });
    }
  });
});

describe('answers without a body', () => {
  test('are good where nothing is asked for: 204', async () => {
    const { id } = await sendpulse.addressBooks.create({ bookName: 'Book' });
    sandbox.sendpulse.answerEmpty(account, true);
    expect(await sendpulse.addressBooks.update({ id, name: 'New' })).toEqual({ result: true });
    expect(await sendpulse.blacklist.add({ emails: ['a@example.com'] })).toEqual({ result: true });
    expect(await sendpulse.automation.sendEvent({ event: 'lead', email: 'a@example.com' })).toEqual({
      result: true,
    });
    await sendpulse.syncContact({ addressBookId: id, email: 'b@example.com' });
    expect(sandbox.sendpulse.contacts(account, id)).toHaveLength(1);
    expect(await sendpulse.automation.deleteEventLog()).toEqual({ result: true });
  });

  test('with status 200 are believed of what runs once, and asked for again of what may be repeated', async () => {
    const fake = await startSendPulse(() => ({ text: '' }));
    const client = createSendPulseClient({
      clientId: 'id',
      clientSecret: 'secret',
      baseUrl: fake.url,
      requestsPerSecond: 1_000,
    });
    expect(await client.automation.sendEvent({ event: 'lead', email: 'a@example.com' })).toEqual({
      result: true,
    });
    expect(fake.received).toHaveLength(2);
    expect(await client.addressBooks.delete({ id: 1 })).toEqual({ result: true });
    expect(fake.received).toHaveLength(5);
    // A list without rows, but no book and no id.
    expect(await all(client.addressBooks.list())).toEqual([]);
    await expect(client.addressBooks.get({ id: 1 })).rejects.toMatchObject({ code: 'invalid_response' });
    await expect(client.addressBooks.create({ bookName: 'x' })).rejects.toMatchObject({
      code: 'invalid_response',
      outcome: 'unknown',
    });
    await fake.close();
  });
});

describe('an outage', () => {
  test.each(['server_error', 'html', 'bad_json', 'reset', 'cut_body', 'empty'] as const)(
    '(%s) is survived by what may be repeated, and by nothing else',
    async (kind) => {
      const { id } = await sendpulse.addressBooks.create({ bookName: 'Book' });
      sandbox.faults.set({ provider: 'sendpulse', kind, after: true, times: 1 });
      expect(await sendpulse.addressBooks.get({ id })).toMatchObject({ name: 'Book' });
      sandbox.faults.set({ provider: 'sendpulse', kind, after: true, times: 1 });
      const letter = {
        from: { email: 'a@b.co', name: 'A' },
        to: [{ email: 'c@d.co' }],
        subject: 's',
        text: 't',
      };
      await expect(sendpulse.smtp.send(letter)).rejects.toMatchObject({ outcome: 'unknown' });
      expect(sandbox.sendpulse.mails(account)).toHaveLength(1);
    },
  );

  test('of the address that gives tokens ends in time, and is no outcome that nobody knows', async () => {
    sandbox.faults.set({ provider: 'sendpulse', method: 'POST /oauth/access_token', kind: 'hang' });
    const client = clientOf(sandbox, account, { deadlineMs: 200 });
    const create = client.addressBooks.create({ bookName: 'x' });
    await expect(create).rejects.toMatchObject({ code: 'timeout', outcome: 'not_executed' });
    const wrong = client.addressBooks.create({ bookName: 'x' }, { deadlineMs: 0 });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_input', field: 'deadlineMs' });
  });

  test('that hangs ends in time', async () => {
    const client = clientOf(sandbox, account, { timeoutMs: 100, deadlineMs: 250, retries: 0 });
    await client.balance.get();
    sandbox.faults.set({ provider: 'sendpulse', kind: 'hang' });
    await expect(client.balance.get()).rejects.toMatchObject({ code: 'timeout' });
  });
});

describe('the rate', () => {
  test('of ten calls a second is kept', async () => {
    await using strict = await startSandbox();
    const one = strict.sendpulse.createAccount();
    const { clientId, clientSecret } = one;
    const client = createSendPulseClient({ clientId, clientSecret, baseUrl: strict.sendpulse.apiUrl });
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: 25 }, () => client.balance.get()));
    expect(performance.now() - startedAt).toBeGreaterThan(2_000);
    // A busy machine may let one arrive early, which is sent again; unpaced it would be fifteen.
    const refused = strict.sendpulse.calls().filter(({ httpStatus }) => httpStatus !== 200);
    expect(refused.length).toBeLessThan(5);
  });

  test('of the plan is kept in a minute', async () => {
    const client = clientOf(sandbox, account, { requestsPerMinute: 5, deadlineMs: 500 });
    await Promise.all(Array.from({ length: 5 }, () => client.balance.get()));
    const error = expect.objectContaining({ code: 'rate_limited', retryAfterMs: expect.any(Number) });
    await expect(client.balance.get()).rejects.toEqual(error);
  });

  test('that is refused all the same pauses for a second, and goes on', async () => {
    await sendpulse.balance.get();
    sandbox.faults.set({ provider: 'sendpulse', kind: 'rate_limited', times: 1 });
    const startedAt = performance.now();
    await sendpulse.balance.get();
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });

  test('of four campaigns an hour says when to try again and holds up nothing else', async () => {
    sandbox.sendpulse.failNext(account, { status: 400, errorCode: 791 });
    const campaign = { sender_name: 'A', sender_email: 'a@b.co', subject: 's', body: 'b', list_id: 1 };
    await expect(sendpulse.campaigns.create(campaign)).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterMs: 900_000,
    });
    expect(await sendpulse.balance.get()).toMatchObject({ currency: 'UAH' });
  });
});
