import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../../tests/receiver.ts';
import { type RunningSandbox, type SandboxSendPulseAccount, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let account: SandboxSendPulseAccount;
let token: string;

beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01, sendpulse: { rateScale: 0 } });
  account = sandbox.sendpulse.createAccount();
  token = (await grant()).body.access_token;
});
afterEach(() => sandbox.close());

// biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape.
type Answer = { status: number; body: any };

async function call(method: string, path: string, json?: unknown, bearer = token): Promise<Answer> {
  const response = await fetch(sandbox.sendpulse.apiUrl + path, {
    method,
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

const grant = (fields: object = {}): Promise<Answer> =>
  call('POST', '/oauth/access_token', {
    grant_type: 'client_credentials',
    client_id: account.clientId,
    client_secret: account.clientSecret,
    ...fields,
  });
const newBook = async (bookName = 'Book'): Promise<number> =>
  (await call('POST', '/addressbooks', { bookName })).body.id;

describe('a token', () => {
  it('is given for the right credentials and lets calls of its account in', async () => {
    expect(await grant()).toMatchObject({ status: 200, body: { token_type: 'Bearer', expires_in: 3_600 } });
    expect(await grant({ client_secret: 'wrong' })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
    expect(await grant({ grant_type: 'password' })).toMatchObject({ status: 400 });
    const other = sandbox.sendpulse.createAccount({ apiKey: 'sp_apikey_other' });
    await newBook();
    expect((await call('GET', '/addressbooks')).body).toHaveLength(1);
    expect((await call('GET', '/addressbooks', undefined, 'sp_apikey_other')).body).toEqual([]);
    expect(sandbox.sendpulse.tokenRequests(account)).toBe(2);
    expect(sandbox.sendpulse.tokenRequests(other)).toBe(0);
  });

  it('ends', async () => {
    const short = sandbox.sendpulse.createAccount({ tokenSeconds: 0.2 });
    const given = await grant({ client_id: short.clientId, client_secret: short.clientSecret });
    expect(await call('GET', '/balance', undefined, given.body.access_token)).toMatchObject({ status: 200 });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(await call('GET', '/balance', undefined, given.body.access_token)).toMatchObject({ status: 401 });
    sandbox.sendpulse.expireTokens(account);
    expect(await call('GET', '/balance')).toEqual({
      status: 401,
      body: { error_code: 401, message: 'Unauthorized!' },
    });
  });
});

describe('rates', () => {
  it('let ten calls through in a second, and the plan’s in a minute', async () => {
    await using strict = await startSandbox({ sendpulse: { rateScale: 1 } });
    strict.sendpulse.createAccount({ apiKey: 'k', perMinute: 12 });
    const get = async (): Promise<[number, unknown]> => {
      const response = await fetch(`${strict.sendpulse.apiUrl}/balance`, {
        headers: { authorization: 'Bearer k' },
      });
      return [response.status, ((await response.json()) as Record<string, unknown>).error_code];
    };
    const first = await Promise.all(Array.from({ length: 11 }, get));
    expect(first.filter(([status]) => status === 200)).toHaveLength(10);
    expect(first).toContainEqual([429, 2020202020]);
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    const second = await Promise.all(Array.from({ length: 3 }, get));
    expect(second).toContainEqual([429, 429]);
  });

  it('let four campaigns through in an hour', async () => {
    const id = await newBook();
    await call('POST', `/addressbooks/${id}/emails`, { emails: ['a@example.com'] });
    await call('POST', '/senders', { email: 'cars@example.com', name: 'Cars' });
    const body = Buffer.from('<b>Hi</b>').toString('base64');
    const campaign = {
      sender_name: 'Cars',
      sender_email: 'cars@example.com',
      subject: 'Hi',
      body,
      list_id: id,
    };
    for (let sent = 0; sent < 4; sent += 1) {
      expect(await call('POST', '/campaigns', campaign)).toMatchObject({ status: 200, body: { count: 1 } });
    }
    expect(await call('POST', '/campaigns', campaign)).toMatchObject({
      status: 400,
      body: { error_code: 791 },
    });
  });
});

describe('a book', () => {
  it('takes contacts once, and sets the variables of those who are there', async () => {
    const id = await newBook();
    const emails = [{ email: 'A@example.com', variables: { city: 'Київ' } }, 'b@example.com'];
    expect(await call('POST', `/addressbooks/${id}/emails`, { emails })).toEqual({
      status: 200,
      body: { result: true },
    });
    await call('POST', `/addressbooks/${id}/emails`, {
      emails: [{ email: 'a@example.com', variables: { age: 5 } }],
    });
    expect(sandbox.sendpulse.contacts(account, id)).toEqual([
      { email: 'a@example.com', status: 0, variables: { city: 'Київ', age: 5 } },
      { email: 'b@example.com', status: 0, variables: {} },
    ]);
  });

  it.each([
    [{ bookName: '' }, 201],
    [{ bookName: 'Book' }, 203],
  ])('with %j is refused with %i', async (fields, error_code) => {
    await newBook();
    expect(await call('POST', '/addressbooks', fields)).toMatchObject({ status: 400, body: { error_code } });
  });

  it.each([
    [{}, 'emails'],
    [{ emails: 'a@example.com' }, 'emails'],
    [{ emails: ['no address'] }, 'email'],
    [{ emails: ['a@example.com'], confirmation: 'please' }, 'confirmation'],
  ])('takes no contacts from %j, and says which field', async (fields, field) => {
    const id = await newBook();
    const answer = await call('POST', `/addressbooks/${id}/emails`, fields);
    expect(answer).toMatchObject({
      status: 422,
      body: { error_code: 422, errors: { [field]: [expect.any(String)] } },
    });
    expect(sandbox.sendpulse.contacts(account, id)).toEqual([]);
  });

  it('that does not exist is not found', async () => {
    expect(await call('GET', '/addressbooks/1')).toMatchObject({ status: 404, body: { error_code: 213 } });
  });
});

describe('a letter', () => {
  const email = {
    from: { name: 'Cars', email: 'cars@example.com' },
    to: [{ email: 'a@example.com' }],
    subject: 'Hi',
    html: Buffer.from('<b>Київ</b>').toString('base64'),
  };

  it('is kept as it was written', async () => {
    const { body } = await call('POST', '/smtp/emails', { email });
    expect(body).toEqual({ result: true, id: expect.stringMatching(/^\d+$/) });
    expect(sandbox.sendpulse.mails(account)).toMatchObject([{ id: body.id, html: '<b>Київ</b>' }]);
  });

  it.each([
    [{ from: undefined }, 10],
    [{ to: [] }, 11],
    [{ subject: '' }, 12],
    [{ html: undefined }, 13],
    [{ html: '<b>not base64</b>' }, 422],
  ])('with %j is refused with %i', async (wrong, error_code) => {
    const answer = await call('POST', '/smtp/emails', { email: { ...email, ...wrong } });
    expect(answer.body).toMatchObject({ error_code });
    expect(sandbox.sendpulse.mails(account)).toEqual([]);
  });
});

describe('webhooks', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver[Symbol.asyncDispose]());

  it('of the e-mail service get batches of a minute, at most 100 events, with times as texts', async () => {
    const { body } = await call('POST', '/v2/email-service/webhook', {
      url: receiver.url,
      actions: ['new_emails'],
    });
    expect(body.data).toMatchObject([{ url: receiver.url, action: 'new_emails' }]);
    const id = await newBook();
    const emails = Array.from({ length: 150 }, (_, index) => `p${index}@example.com`);
    await call('POST', `/addressbooks/${id}/emails`, { emails });
    await sandbox.sendpulse.settled();
    expect(receiver.received.map(({ update }) => update.length)).toEqual([100, 50]);
    expect(receiver.received[0]?.update[0]).toMatchObject({
      event: 'new_emails',
      email: 'p0@example.com',
      book_id: String(id),
      timestamp: expect.stringMatching(/^\d{10}$/),
    });
  });

  it('of SMTP are told with numbers, those of chatbots at once', async () => {
    sandbox.sendpulse.setWebhook(account, { family: 'smtp', url: receiver.url, events: ['opened'] });
    sandbox.sendpulse.setWebhook(account, { family: 'chatbot', url: receiver.url });
    sandbox.sendpulse.happens(account, { family: 'smtp', event: 'clicked' });
    sandbox.sendpulse.happens(account, { family: 'chatbot', event: 'incoming_message' });
    await receiver.got(1);
    expect(receiver.received[0]?.update).toMatchObject([
      { title: 'incoming_message', contact: { name: 'Olena' } },
    ]);
    sandbox.sendpulse.happens(account, { family: 'smtp', event: 'opened' });
    await sandbox.sendpulse.flush();
    expect(receiver.received[1]?.update).toMatchObject([{ event: 'opened', timestamp: expect.any(Number) }]);
    const delivery = sandbox.sendpulse.deliveries().at(-1);
    await sandbox.sendpulse.redeliver(delivery?.id ?? 0);
    expect(receiver.received[2]?.raw).toBe(receiver.received[1]?.raw);
  });
});

describe('what goes wrong on demand', () => {
  it('is an error in any shape, an empty answer, an answer in pieces, a fault', async () => {
    sandbox.sendpulse.failNext(account, { errorCode: 707, shape: 'is_error' });
    expect(await call('GET', '/balance')).toMatchObject({
      status: 400,
      body: { is_error: 1, error_code: 707 },
    });
    sandbox.sendpulse.failNext(account, { errorCode: 8, status: 200, shape: 'success' });
    expect((await call('GET', '/balance')).body).toMatchObject({ success: false, data: { error_code: 8 } });
    sandbox.sendpulse.failNext(account, { errorCode: 31, method: 'GET /addressbooks' });
    expect(await call('GET', '/balance')).toMatchObject({ status: 200 });
    expect(await call('GET', '/addressbooks')).toMatchObject({ status: 400, body: { error_code: 31 } });
    expect(await call('GET', '/addressbooks')).toMatchObject({ status: 200 });
    const id = await newBook();
    sandbox.sendpulse.answerEmpty(account, true);
    expect(await call('PUT', `/addressbooks/${id}`, { name: 'Київ' })).toEqual({
      status: 204,
      body: undefined,
    });
    sandbox.sendpulse.splitAnswers(account, 30);
    expect((await call('GET', `/addressbooks/${id}`)).body).toMatchObject([{ name: 'Київ' }]);
    sandbox.faults.set({
      provider: 'sendpulse',
      method: 'GET /addressbooks/{id}',
      kind: 'forbidden',
      times: 1,
    });
    expect(await call('GET', `/addressbooks/${id}`)).toMatchObject({
      status: 403,
      body: { error_code: 3030303030 },
    });
    expect(sandbox.sendpulse.calls().at(-1)).toMatchObject({ fault: 'forbidden', executed: false });
  });

  it('can be asked for over HTTP too', async () => {
    const control = async (path: string, input?: object): Promise<unknown> => {
      const response = await fetch(`${sandbox.url}/_sandbox/sendpulse/${path}`, {
        ...(input && {
          method: 'POST',
          body: JSON.stringify(input),
          headers: { 'content-type': 'application/json' },
        }),
      });
      return response.json();
    };
    const id = await newBook();
    await control('refuse', { errorCode: 213, status: 404 });
    expect(await call('GET', '/balance')).toMatchObject({ status: 404, body: { error_code: 213 } });
    expect(await control('books')).toMatchObject([{ id, name: 'Book' }]);
    await control('expire', {});
    expect(await call('GET', '/balance')).toMatchObject({ status: 401 });
    expect(await control('accounts', {})).toMatchObject({ clientId: expect.any(String) });
  });
});
