import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { sharedServer, until } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

interface Listed {
  id: string;
  name: string;
  soldAt: number | null;
  events: { id: string; name: string; state: string; reason: string | null; detail: string | null }[];
}

const server = sharedServer({
  LEADS_ORIGINS: 'https://cars.example',
  LEADS_PER_MINUTE: '25',
  TRUSTED_PROXIES: '1',
});

let visitors = 0;
let address = '';
beforeEach(() => {
  visitors += 1;
  address = `198.51.100.${visitors}`;
});

function send(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/api/leads`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const enquiry = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: 'Олена Коваль',
  phone: '067 123 45 67',
  email: 'Olena@Example.com',
  message: 'Is it still there?',
  car: 'golf-2019',
  page: 'https://cars.example/golf?utm=1#form',
  ...changes,
});

const eventOf = (id: string) => server.sandbox.meta.distinct().find(({ eventId }) => eventId === id);
const arrived = (id: string) =>
  until(
    () => eventOf(id),
    (found) => found !== undefined,
  );
const listed = async (id: string): Promise<Listed | undefined> =>
  (await server.get<Listed[]>('/leads')).find((lead) => lead.id === id);

describe('POST /api/leads', () => {
  it('makes a Lead event with the visitor’s cookies, address and browser, and nothing unhashed', async () => {
    const id = randomUUID();
    const response = await send(enquiry({ id }), {
      cookie: '_fbp=fb.1.1596403881668.1116446470; _fbc=fb.1.1554763741205.IwAR2F4-dbP0l7',
      'user-agent': 'Mozilla/5.0 (Test)',
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({ id });
    const { event } = (await arrived(id)) ?? {};
    expect(event).toMatchObject({
      event_name: 'Lead',
      event_id: id,
      action_source: 'website',
      event_source_url: 'https://cars.example/golf',
      custom_data: {
        content_type: 'vehicle',
        content_ids: ['golf-2019'],
        make: 'Volkswagen',
        value: 16_900,
        currency: 'USD',
      },
      user_data: {
        fbp: 'fb.1.1596403881668.1116446470',
        fbc: 'fb.1.1554763741205.IwAR2F4-dbP0l7',
        client_ip_address: address,
        client_user_agent: 'Mozilla/5.0 (Test)',
      },
    });
    // 380671234567 and шевченко-like names are hashed as Meta's documentation has them.
    expect(JSON.stringify(event)).toContain(
      '240406bc84a49ab3469b6ac78b8475a2f15cd6ffb8de40693216bb370aab4529',
    );
    expect(JSON.stringify(event)).not.toMatch(/olena|олена|коваль|0671234567|671234567|utm/i);
    await until(
      () => listed(id),
      (lead) => lead?.events[0]?.state === 'sent',
    );
  });

  it('takes a request that comes again as the same lead', async () => {
    const id = randomUUID();
    expect((await send(enquiry({ id }))).status).toBe(201);
    expect((await send(enquiry({ id }))).status).toBe(200);
    await arrived(id);
    expect(server.sandbox.meta.events().filter(({ eventId }) => eventId === id)).toHaveLength(1);
    const list = await server.get<Listed[]>('/leads');
    expect(list.filter((lead) => lead.id === id)).toHaveLength(1);
  });

  it('takes the click id of the page’s address where there is no cookie', async () => {
    const id = randomUUID();
    await send(enquiry({ id, page: 'https://cars.example/?fbclid=IwAR_Case-Kept' }));
    const userData = (await arrived(id))?.event.user_data as { fbc: string } | undefined;
    expect(userData?.fbc).toMatch(/^fb\.1\.\d{13}\.IwAR_Case-Kept$/);
  });

  it('takes Meta’s cookies from the body of a form on another site, where they do not come by themselves', async () => {
    const id = randomUUID();
    const given = { fbp: 'fb.1.1596403881668.222', fbc: 'fb.1.1554763741205.IwAR_Other-Site' };
    await send(enquiry({ id, ...given }), { origin: 'https://cars.example' });
    expect((await arrived(id))?.event.user_data).toMatchObject(given);
  });

  it.each([
    ['no name', { name: ' ' }, 'name'],
    ['neither phone nor e-mail', { phone: '', email: '' }, 'phone or email'],
    ['an e-mail that is none', { email: 'olena' }, 'email'],
    ['a car that is not for sale', { car: 'rocket' }, 'car'],
    ['an id that is no UUID', { id: '1' }, 'id'],
    ['a message of a book’s length', { message: 'x'.repeat(2_001) }, 'message'],
  ])('refuses %s and names the field, not the value', async (_, changes, field) => {
    const response = await send(enquiry(changes));
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: `Missing or wrong: ${field}.` });
  });

  it('refuses what is no JSON, or too much of it', async () => {
    expect((await send('name=Olena', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(
      415,
    );
    expect((await send('{')).status).toBe(400);
    expect((await send(enquiry({ message: 'x'.repeat(70_000) }))).status).toBe(400);
  });

  it('takes forms of its own pages and of the listed sites, and of no others', async () => {
    const allowed = await send(enquiry(), { origin: 'https://cars.example' });
    expect(allowed.status).toBe(201);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://cars.example');
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull();
    expect((await send(enquiry(), { origin: server.url })).status).toBe(201);
    const foreign = await send(enquiry(), { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const ask = (origin: string): Promise<Response> =>
      fetch(`${server.url}/api/leads`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    const preflight = await ask('https://cars.example');
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('content-type');
    expect((await ask('https://evil.example')).status).toBe(403);
    // The operator's own API is not opened by it.
    const other = await fetch(`${server.url}/api/conversations/1/read`, {
      method: 'POST',
      headers: { origin: 'https://cars.example' },
    });
    expect(other.status).toBe(403);
  });

  it('bounds what one address may send, whatever it writes into X-Forwarded-For itself', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 27; index += 1) {
      const response = await send({}, { 'x-forwarded-for': `203.0.113.${index}, ${address}` });
      statuses.push(response.status);
      if (response.status === 429) expect(response.headers.get('retry-after')).toBe('60');
    }
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
    address = '198.51.100.250';
    expect((await send(enquiry())).status).toBe(201);
  });
});

describe('an operator', () => {
  it('marks a conversation as a lead, then as sold: a Lead and a Purchase, each once', async () => {
    server.write('I want the Golf', { id: 4_001, first_name: 'Тарас' });
    const [conversation] = await until(
      () => server.get<{ id: number; title: string; lead: { id: string } | null }[]>('/conversations'),
      (list) => list.some(({ title }) => title === 'Тарас'),
    );
    expect(conversation?.lead).toBeNull();
    const id = randomUUID();
    const mark = (leadId: string): Promise<Response> =>
      server.post(`/conversations/${conversation?.id}/lead`, { id: leadId });
    expect((await mark(id)).status).toBe(201);
    expect((await mark(randomUUID())).status).toBe(409);
    expect((await arrived(id))?.event).toMatchObject({ event_name: 'Lead', action_source: 'chat' });

    const sale = { price: 16_500.5, currency: 'usd' };
    expect((await server.post(`/leads/${id}/sold`, { price: -1, currency: 'usd' })).status).toBe(400);
    expect((await server.post(`/leads/${id}/sold`, sale)).status).toBe(204);
    expect((await server.post(`/leads/${id}/sold`, sale)).status).toBe(409);
    expect((await server.post('/leads/nonsense/sold', sale)).status).toBe(409);
    const purchase = await arrived(`sale-${id}`);
    expect(purchase?.event).toMatchObject({
      event_name: 'Purchase',
      action_source: 'physical_store',
      custom_data: { value: 16_500.5, currency: 'USD', order_id: id },
    });
    // Both are of one person.
    const externalIds = [eventOf(id), purchase].map((record) => {
      const userData = record?.event.user_data as { external_id: unknown } | undefined;
      return userData?.external_id;
    });
    expect(externalIds[0]).toBeDefined();
    expect(externalIds[0]).toEqual(externalIds[1]);
    const after = await server.get<{ id: number; lead: { soldAt: number } | null }[]>('/conversations');
    expect(after.find((one) => one.id === conversation?.id)?.lead?.soldAt).toEqual(expect.any(Number));
  });

  it('sees what Meta refused and why, and can send it again; what goes with it is taken', async () => {
    const [bad, good] = [randomUUID(), randomUUID()];
    server.sandbox.meta.refuse(bad, 2804050);
    await Promise.all([send(enquiry({ id: bad })), send(enquiry({ id: good }))]);
    await arrived(good);
    const lead = await until(
      () => listed(bad),
      (found) => found?.events[0]?.state === 'refused',
    );
    expect(lead?.events).toMatchObject([
      { name: 'Lead', reason: 'rejected', detail: expect.stringContaining('too little in user_data') },
    ]);
    expect(lead?.events[0]?.detail).toContain('2804050');
    expect((await listed(good))?.events[0]?.state).toBe('sent');
    expect((await server.post(`/meta-events/${good}/resend`)).status).toBe(409);
    expect((await server.post(`/meta-events/${bad}/resend`)).status).toBe(204);
    // Nothing of it is among Telegram's messages.
    const queue = await server.get<{ failed: unknown[] }>('/queue');
    expect(queue.failed).toEqual([]);
  });

  it('sees what waits while Meta does not take the token, and its health', async () => {
    const token = server.sandbox.meta.datasets()[0]?.token ?? '';
    const id = randomUUID();
    server.sandbox.meta.setToken(token, 'expired');
    await send(enquiry({ id }));
    await until(
      () => server.sandbox.meta.calls().at(-1)?.subcode,
      (subcode) => subcode === 463,
    );
    const health = await until(
      () => server.get<Record<string, { status: string; facts: { waiting: number } }>>('/integrations'),
      (reports) => reports['meta-capi']?.status !== 'ok',
    );
    expect(health['meta-capi']?.status).toMatch(/degraded|down/);
    // A wrong token is no fault of the event.
    expect((await listed(id))?.events[0]?.state).toBe('waiting');
    server.sandbox.meta.setToken(token, 'valid');
    const session = await server.get<{ simulated: string[] }>('/session');
    expect(session.simulated).toEqual(['telegram', 'viber', 'whatsapp', 'meta-capi', 'sendpulse', 'autoria']);
  });
});
