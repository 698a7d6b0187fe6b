import { expect, it, vi } from 'vitest';
import { describeInBrowser } from '../../../tests/support/browser.ts';
import { autoRiaKey, freshFolder, sharedServer, startTestServer } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeInBrowser('AUTO.RIA on the operator’s page', (open) => {
  const server = sharedServer({ AUTORIA_PER_HOUR: '11' });

  it('evaluates a car, with a link to AUTO.RIA, until the quota is used up', async () => {
    const page = await open(`${server.url}/#/inbox`, { expects: /status of 429/ });
    await page.getByRole('link', { name: 'Evaluate' }).click();
    const form = page.getByRole('form', { name: 'Car' });
    await form.getByLabel('Brand').selectOption({ label: 'BMW' });
    await form.getByLabel('Model').selectOption({ label: 'X5' });
    await form.getByLabel('From year').fill('2008');
    await form.getByRole('button', { name: 'Evaluate' }).click();
    const result = page.getByRole('region', { name: 'Valuation' });
    await result.getByText(/cars for sale, the cheapest first/).waitFor();
    expect(await result.locator('.tile', { hasText: 'Median' }).locator('dd').textContent()).toMatch(/^\$\d/);
    const link = result.getByRole('link', { name: /On AUTO.RIA/ }).first();
    expect(await link.getAttribute('href')).toMatch(/^https:\/\/auto\.ria\.com\/auto_bmw_x5_/);
    expect(await link.getAttribute('rel')).not.toContain('nofollow');
    expect(await page.getByRole('link', { name: /Data of AUTO.RIA/ }).getAttribute('href')).toBe(
      'https://auto.ria.com',
    );
    await result.getByText(/2 calls left this hour/).waitFor();

    await form.getByRole('button', { name: 'Evaluate' }).click();
    await result.getByText(/The quota of AUTO.RIA is used up/).waitFor();
    await form.getByRole('button', { name: 'Evaluate' }).click();
    await page
      .getByRole('alert')
      .getByText(/used up. The next call can be made in \d+ min/)
      .waitFor();
  });

  it('shows how AUTO.RIA is, and tests the connection', async () => {
    const page = await open(`${server.url}/#/integrations`);
    const card = page.getByRole('article', { name: 'AUTO.RIA' });
    await card.getByText('Degraded').waitFor();
    await card.getByText('Left this hour').waitFor();
    await card.getByRole('button', { name: 'Test the connection' }).click();
    await page
      .getByRole('status')
      .getByText(/quota of the key is used up/)
      .waitFor();
  });

  it('asks once for the brands where AUTO.RIA refuses, and again when told to', async () => {
    await using folder = await freshFolder();
    await using other = await startTestServer({ DATA_DIR: folder.path });
    other.sandbox.autoria.setKey(autoRiaKey, 'disabled');
    const page = await open(`${other.url}/#/inbox`, { expects: /status of 502/ });
    let asked = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/api/valuation/brands')) asked += 1;
    });
    await page.getByRole('link', { name: 'Evaluate' }).click();
    await page.getByRole('alert').getByText('the key is disabled').waitFor();
    // Whatever changes meanwhile, and is drawn.
    for (let id = 1; id <= 5; id += 1) other.write('hello', { id, first_name: `Person ${id}` });
    await page.getByRole('link', { name: /Inbox.*5/ }).waitFor();
    expect(asked).toBe(1);
    other.sandbox.autoria.setKey(autoRiaKey, 'valid');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByLabel('Brand').selectOption({ label: 'BMW' });
    expect(asked).toBe(2);
    // Before its server is gone.
    await page.close();
  });

  it('fits a phone', async () => {
    const page = await open(`${server.url}/#/valuation`, { width: 360 });
    await page.getByRole('heading', { name: 'Evaluate a car' }).waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
});
