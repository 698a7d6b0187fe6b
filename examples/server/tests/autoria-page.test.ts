import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { describeInBrowser } from '../../../tests/support/browser.ts';
import { freshFolder, startTestServer, type TestFolder, type TestServer } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeInBrowser('AUTO.RIA on the operator’s page', (open) => {
  let folder: TestFolder;
  let server: TestServer;

  beforeAll(async () => {
    folder = await freshFolder();
    server = await startTestServer({ DATA_DIR: folder.path, AUTORIA_PER_HOUR: '11' });
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

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

  it('fits a phone', async () => {
    const page = await open(`${server.url}/#/valuation`, { width: 360 });
    await page.getByRole('heading', { name: 'Evaluate a car' }).waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
});
