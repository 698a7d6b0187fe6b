import { expect, it, vi } from 'vitest';
import { describeInBrowser, type OpenPage } from '../../../tests/support/browser.ts';
import { sharedServer, until } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeInBrowser('leads in a browser', (openPage) => {
  const server = sharedServer();

  const open = (path: string, options?: Parameters<OpenPage>[1]) => openPage(server.url + path, options);

  it('a visitor who came by an ad asks about a car: Meta gets the browser’s cookies', async () => {
    const shop = await open('/demo?fbclid=IwAR_Case-Kept', { expects: /status of 400/ });
    await shop.getByRole('heading', { name: 'Volkswagen Golf' }).waitFor();
    await shop.getByLabel('Name').fill('Ірина Шевченко');
    await shop.getByLabel('Phone').fill('067 123 45 67');
    await shop.getByRole('button', { name: 'Send' }).click();
    await shop.getByText('Thank you. We will call you soon.').waitFor();
    const cookies = Object.fromEntries(
      (await shop.context().cookies()).map(({ name, value }) => [name, value]),
    );
    const userAgent = await shop.evaluate(() => navigator.userAgent);
    const [event] = await until(
      () => server.sandbox.meta.distinct(),
      (events) => events.length === 1,
    );
    expect(cookies._fbc).toMatch(/^fb\.0\.\d{13}\.IwAR_Case-Kept$/);
    expect(event?.event).toMatchObject({
      event_name: 'Lead',
      event_source_url: `${server.url}/demo`,
      user_data: {
        fbp: cookies._fbp,
        fbc: cookies._fbc,
        client_ip_address: '127.0.0.1',
        client_user_agent: userAgent,
      },
    });

    // A mistake is told in words, and the next enquiry is another lead.
    await shop.getByLabel('Name').fill('Ірина');
    await shop.getByRole('button', { name: 'Send' }).click();
    await shop.getByText('Missing or wrong: phone or email.').waitFor();
    await shop.getByLabel('E-mail').fill('iryna@example.com');
    await shop.getByRole('button', { name: 'Send' }).click();
    await shop.getByText('Thank you. We will call you soon.').waitFor();
    await until(
      () => server.sandbox.meta.distinct().length,
      (count) => count === 2,
    );
  });

  it('an operator sees the lead and its event, and writes the sale down', async () => {
    const page = await open('/#/leads');
    const row = page.locator('.lead', { hasText: 'Ірина Шевченко' });
    await row.getByText('Lead: taken by Meta').waitFor();
    await row.getByRole('button', { name: 'Sold' }).click();
    await expect.poll(() => page.evaluate('document.activeElement?.name')).toBe('price');
    await row.getByLabel('Price').fill('16500');
    await row.getByRole('button', { name: 'Save the sale' }).click();
    await row.getByText('Sold for $16,500').waitFor();
    await row.getByText('Purchase: taken by Meta').waitFor();
    expect(server.sandbox.meta.distinct().at(-1)?.event).toMatchObject({
      event_name: 'Purchase',
      custom_data: { value: 16_500, currency: 'USD' },
    });
  });

  it('an operator marks a conversation as a lead and as sold', async () => {
    server.write('I want the Golf', { id: 5_001, first_name: 'Taras' });
    const page = await open('/#/inbox');
    await page.getByRole('link', { name: /Taras/ }).click();
    await page.getByRole('button', { name: 'Mark as lead' }).click();
    await page.getByRole('button', { name: 'Sold' }).click();
    await page.getByLabel('Price').fill('100');
    await page.getByRole('button', { name: 'Save the sale' }).click();
    await page.getByRole('button', { name: 'Mark as lead' }).waitFor();
    const names = await until(
      () => server.sandbox.meta.distinct().map(({ eventName }) => eventName),
      (list) => list.length === 5,
    );
    expect(names.slice(-2)).toEqual(['Lead', 'Purchase']);
  });

  it('an operator sees what Meta refused and why, what waits, and how Meta is', async () => {
    const id = crypto.randomUUID();
    server.sandbox.meta.refuse(id);
    await fetch(`${server.url}/api/leads`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id, name: 'Refused', email: 'refused@example.com' }),
    });
    const page = await open('/#/leads');
    const row = page.locator('.lead', { hasText: 'Refused' });
    await row.getByText('Lead: refused').waitFor();
    await row.getByText(/too little in user_data.*2804050/).waitFor();
    await page.getByRole('link', { name: /Integrations/ }).click();
    const card = page.getByRole('article', { name: 'Meta Conversions API' });
    await card.getByText('Working').waitFor();
    await card.getByText('Simulated by the sandbox').waitFor();

    server.sandbox.faults.set({ provider: 'meta', kind: 'html' });
    await fetch(`${server.url}/api/leads`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Waiting', email: 'waiting@example.com' }),
    });
    await card.getByText(/Degraded|Down/).waitFor();
    await page.getByRole('link', { name: /Leads/ }).click();
    await page.locator('.lead', { hasText: 'Waiting' }).getByText('Lead: waiting').waitFor();
    expect(await page.locator('.tile', { hasText: 'Events waiting' }).locator('dd').textContent()).toBe('1');
  });
});
