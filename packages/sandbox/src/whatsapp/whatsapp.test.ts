import { createHmac } from 'node:crypto';
import { getResponse } from 'msw';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSandbox, type RunningSandbox, startSandbox, type WhatsAppNumber } from '../index.ts';

const customer = '380671234567';
const text = (body = 'Hello') => ({
  messaging_product: 'whatsapp',
  to: customer,
  type: 'text',
  text: { body },
});

let sandbox: RunningSandbox;
let number: WhatsAppNumber;
beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01, whatsapp: { rateScale: 0 } });
  number = sandbox.whatsapp.createNumber();
});
afterEach(() => sandbox.close());

async function call(
  path: string,
  body?: unknown,
  { method = body === undefined ? 'GET' : 'POST', token = number.token } = {},
) {
  const response = await fetch(`${sandbox.whatsapp.apiUrl}/v26.0/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  return { status: response.status, body: (await response.json()) as any };
}
const send = (body: unknown) => call(`${number.phoneNumberId}/messages`, body);

/** Takes webhooks in this process. */
function receiving(answers: number[] = []) {
  const bodies: { text: string; signature: string | null }[] = [];
  const webhookFetch = async (request: Request): Promise<Response> => {
    if (request.method === 'GET') return new Response(new URL(request.url).searchParams.get('hub.challenge'));
    bodies.push({ text: await request.text(), signature: request.headers.get('x-hub-signature-256') });
    return new Response(null, { status: answers.shift() ?? 200 });
  };
  return { bodies, webhookFetch };
}

describe('a message', () => {
  it('is accepted, sent, delivered, and read when the customer reads', async () => {
    sandbox.whatsapp.customerSends(number, { from: customer, text: 'Hi' });
    const { status, body } = await send(text());
    expect([status, body.contacts]).toEqual([200, [{ input: customer, wa_id: customer }]]);
    await sandbox.whatsapp.settled();
    expect(sandbox.whatsapp.messages(customer).map(({ from, text, status }) => [from, text, status])).toEqual(
      [
        ['customer', 'Hi', 'delivered'],
        ['business', 'Hello', 'delivered'],
      ],
    );
    sandbox.whatsapp.customerReads(number, customer);
    expect(sandbox.whatsapp.messages(customer).at(-1)?.status).toBe('read');
  });

  it.each([
    ['131008', { to: customer, type: 'text', text: { body: 'x' } }],
    ['131008', { ...text(), text: {} }],
    ['131009', { ...text(), text: { body: 'x'.repeat(4097) } }],
    ['131009', { ...text(), to: 'nobody' }],
    ['131009', { ...text(), type: 'poem' }],
    ['131009', { ...text(), type: 'image', image: { id: '1', link: 'https://example.com/a.jpg' } }],
    ['131009', { ...text(), type: 'image', image: { id: '404' } }],
    ['132001', { ...text(), type: 'template', template: { name: 'none', language: { code: 'uk' } } }],
  ])('is refused with %s: %o', async (code, message) => {
    const { status, body } = await send(message);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(String(body.error.code)).toBe(code);
    expect(sandbox.whatsapp.messages()).toEqual([]);
  });

  it('outside of the 24 hours fails later, a template does not', async () => {
    const found = async (message: unknown) => {
      const { body } = await send(message);
      await sandbox.whatsapp.settled();
      return sandbox.whatsapp.messages().find(({ id }) => id === body.messages[0].id)?.status;
    };
    expect(await found(text())).toBe('failed');
    sandbox.whatsapp.customerSends(number, { from: customer, text: 'Hi' });
    expect(await found(text())).toBe('delivered');
    sandbox.whatsapp.closeWindow(number, customer);
    sandbox.whatsapp.createTemplate(number, {
      name: 'ready',
      language: 'uk',
      components: [{ type: 'BODY', text: 'Ready' }],
    });
    const template = { ...text(), type: 'template', template: { name: 'ready', language: { code: 'uk' } } };
    expect(await found(template)).toBe('delivered');
    sandbox.whatsapp.setCustomer(customer, { unreachable: true });
    expect(await found(template)).toBe('failed');
  });
});

describe('a template', () => {
  const template = (name: string, change: object = {}) => ({
    ...text(),
    type: 'template',
    template: { name, language: { code: 'en' } },
    ...change,
  });
  const make = (name: string, category: string) =>
    sandbox.whatsapp.createTemplate(number, {
      name,
      language: 'en',
      category,
      components: [{ type: 'BODY', text: 'Hello' }],
    });

  it('of marketing does not reach who has stopped it, others do', async () => {
    make('sale', 'MARKETING');
    make('ready', 'UTILITY');
    sandbox.whatsapp.setCustomer(customer, { stopsMarketing: true });
    for (const name of ['sale', 'ready']) expect((await send(template(name))).status).toBe(200);
    await sandbox.whatsapp.settled();
    expect(sandbox.whatsapp.messages(customer).map(({ text, status }) => [text, status])).toEqual([
      ['sale', 'failed'],
      ['ready', 'delivered'],
    ]);
  });

  it('goes by the address for marketing only if it is that, and with a code only to a phone', async () => {
    make('ready', 'UTILITY');
    make('code', 'AUTHENTICATION');
    const marketing = await call(`${number.phoneNumberId}/marketing_messages`, template('ready'));
    expect(marketing.body.error.code).toBe(131009);
    const byUserId = await send(template('code', { to: undefined, recipient: 'UA.1' }));
    expect(byUserId.body.error.code).toBe(131062);
  });
});

describe('the number', () => {
  it('is registered ten times in 72 hours, not more', async () => {
    const codes: unknown[] = [];
    for (let index = 0; index < 11; index++) {
      const { body } = await call(`${number.phoneNumberId}/register`, { pin: '123456' });
      codes.push(body.error?.code);
    }
    expect(codes).toEqual([...Array<undefined>(10).fill(undefined), 133016]);
  });
});

describe('a file', () => {
  it('has a URL for 5 minutes, and then another one', async () => {
    await using quick = await startSandbox({ timeScale: 0.01 });
    const own = quick.whatsapp.createNumber();
    const ask = async (url: string, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { authorization: `Bearer ${own.token}` } });
    const form = new FormData();
    form.set('messaging_product', 'whatsapp');
    form.set('type', 'image/png');
    form.set('file', new Blob(['png'], { type: 'image/png' }), 'car.png');
    const base = `${quick.whatsapp.apiUrl}/v26.0`;
    const uploaded = await ask(`${base}/${own.phoneNumberId}/media`, { method: 'POST', body: form });
    const { id } = (await uploaded.json()) as { id: string };
    const urlOf = async () => ((await (await ask(`${base}/${id}`)).json()) as { url: string }).url;
    const url = await urlOf();
    expect(await (await ask(url)).text()).toBe('png');
    await expect.poll(async () => (await ask(url)).status).toBe(404);
    expect(await (await ask(await urlOf())).text()).toBe('png');
  });
});

describe('the rates', () => {
  it.each([
    [
      'a recipient',
      { pairBurst: 2, throughput: 80 },
      ['1', '1', '1', '2'],
      [undefined, undefined, 131056, undefined],
    ],
    [
      'the number',
      { pairBurst: 45, throughput: 3 },
      ['1', '2', '3', '4'],
      [undefined, undefined, undefined, 130429],
    ],
  ])('of %s are enforced', async (_name, { pairBurst, throughput }, recipients, expected) => {
    // So slow that nothing is free again while this runs.
    await using strict = await startSandbox({ whatsapp: { pairBurst, rateScale: 1_000 } });
    const own = strict.whatsapp.createNumber({ throughput });
    const codes: unknown[] = [];
    for (const to of recipients) {
      const response = await fetch(`${strict.whatsapp.apiUrl}/v26.0/${own.phoneNumberId}/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${own.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...text(), to: `38067000000${to}` }),
      });
      codes.push(((await response.json()) as { error?: { code: number } }).error?.code);
    }
    expect(codes).toEqual(expected);
  });
});

describe('the token', () => {
  it('is asked for, and where it was is told', async () => {
    expect((await call(number.phoneNumberId, undefined, { token: 'other' })).body.error.code).toBe(190);
    sandbox.whatsapp.setToken(number.token, 'no_permission');
    expect((await call(number.phoneNumberId)).status).toBe(403);
    sandbox.whatsapp.setToken(number.token, 'valid');
    await fetch(`${sandbox.whatsapp.apiUrl}/v26.0/${number.phoneNumberId}?access_token=${number.token}`);
    expect(sandbox.whatsapp.calls().at(-1)).toMatchObject({
      tokenIn: 'query',
      status: 200,
      path: expect.not.stringContaining(number.token),
    });
  });
});

describe('webhooks', () => {
  it('are signed over escaped bytes, hold several updates, and come again until 200', async () => {
    const { bodies, webhookFetch } = receiving([500, 503]);
    const own = createSandbox({ timeScale: 0.005, webhookFetch });
    const made = own.whatsapp.createNumber();
    await own.whatsapp.setWebhook(made, { url: 'http://app.test/hook', verifyToken: 'v' });
    for (let index = 0; index < 5; index++)
      own.whatsapp.customerSends(made, { from: customer, text: 'Привіт' });
    await own.whatsapp.settled();
    expect(bodies).toHaveLength(3);
    const [first] = bodies;
    expect(new Set(bodies.map((body) => body.text)).size).toBe(1);
    expect(first?.text).toMatch(/^[\x20-\x7e]*$/);
    expect(first?.signature).toBe(
      `sha256=${createHmac('sha256', made.appSecret)
        .update(first?.text ?? '')
        .digest('hex')}`,
    );
    expect(JSON.parse(first?.text ?? '').entry[0].changes).toHaveLength(5);
    expect(own.whatsapp.deliveries().map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 500],
      [2, 503],
      [3, 200],
    ]);
    own.close();
  });

  it('tell statuses with their errors, and templates that change', async () => {
    const { bodies, webhookFetch } = receiving();
    const own = createSandbox({ timeScale: 0.01, webhookFetch });
    const made = own.whatsapp.createNumber();
    await own.whatsapp.setWebhook(made, { url: 'http://app.test/hook', verifyToken: 'v' });
    own.whatsapp.failNext(131053);
    const answer = await getResponse(
      own.handlers,
      new Request(`https://graph.facebook.com/v26.0/${made.phoneNumberId}/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${made.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...text(), biz_opaque_callback_data: 'order-7' }),
      }),
    );
    expect(answer?.status).toBe(200);
    const template = own.whatsapp.createTemplate(made, { name: 'a', language: 'uk', components: [] });
    own.whatsapp.setTemplate(template.id, 'PAUSED');
    await own.whatsapp.settled();
    const values = bodies.flatMap((body) => JSON.parse(body.text).entry[0].changes).map(({ value }) => value);
    expect(values).toContainEqual(expect.objectContaining({ event: 'PAUSED', message_template_name: 'a' }));
    const status = values.find(({ statuses }) => statuses)?.statuses[0];
    expect(status).toMatchObject({
      status: 'failed',
      biz_opaque_callback_data: 'order-7',
      errors: [{ code: 131053 }],
    });
    own.close();
  });

  it('need an address that answers the handshake', async () => {
    const own = createSandbox({ webhookFetch: async () => new Response('hello') });
    const made = own.whatsapp.createNumber();
    const target = { url: 'http://app.test/hook', verifyToken: 'v' };
    await expect(own.whatsapp.setWebhook(made, target)).rejects.toThrow('handshake');
  });
});

describe('in process', () => {
  it('shares Meta’s origin: each answers what is its own', async () => {
    const own = createSandbox();
    const dataset = own.meta.createDataset();
    const made = own.whatsapp.createNumber();
    const ask = (id: string, token: string) =>
      getResponse(
        own.handlers,
        new Request(`https://graph.facebook.com/v26.0/${id}`, {
          headers: { authorization: `Bearer ${token}` },
        }),
      );
    expect((await ask(dataset.id, dataset.token))?.status).toBe(200);
    expect((await ask(made.phoneNumberId, made.token))?.status).toBe(200);
    expect([own.meta.calls().length, own.whatsapp.calls().length]).toEqual([1, 1]);
    own.close();
  });
});

describe('the control API', () => {
  it('does over HTTP what the functions do', async () => {
    const control = async (path: string, body?: unknown) => {
      const response = await fetch(`${sandbox.url}/_sandbox/whatsapp/${path}`, {
        ...(body !== undefined && {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
      // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
      return (await response.json()) as any;
    };
    const file = { base64: Buffer.from('jpeg').toString('base64'), type: 'image/jpeg', caption: 'My car' };
    const { id } = await control('send', { from: customer, file });
    await send({
      ...text(),
      type: 'interactive',
      interactive: {
        type: 'list',
        body: { text: 'Choose' },
        action: { button: 'Models', sections: [{ rows: [{ id: 'x5', title: 'X5' }] }] },
      },
    });
    await control('tap', { from: customer, title: 'X5' });
    const messages = await control(`messages?customer=${customer}`);
    expect(messages.map(({ type }: { type: string }) => type)).toEqual([
      'image',
      'interactive',
      'interactive',
    ]);
    expect(messages[0]).toMatchObject({ id, text: 'My car' });
    expect((await control('tap', { from: customer, title: 'None' })).error).toContain('no message');
    expect(await control('numbers')).toMatchObject([{ phoneNumberId: number.phoneNumberId }]);
    expect(await control('calls')).toMatchObject([{ operation: 'messages' }]);
    await control('token', { token: number.token, state: 'expired' });
    expect((await send(text())).body.error.code).toBe(190);
  });
});
