import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInBrowser, type Page } from '../../../../tests/support/browser.ts';
import { drawnPage } from '../../tests/drawn-page.ts';
import { graphApi, lead, type SendEvents } from '../../tests/graph-api.ts';
import { type RunningSandbox, type SandboxDataset, startSandbox } from '../index.ts';

describeInBrowser('the events manager', (open) => {
  let page: Page;
  let sandbox: RunningSandbox;
  let dataset: SandboxDataset;
  let send: SendEvents;

  beforeEach(async () => {
    sandbox = await startSandbox();
    dataset = sandbox.meta.createDataset({ name: 'Cars' });
    send = graphApi(sandbox, dataset);
    page = await open(sandbox.url);
    await page.getByRole('link', { name: 'Meta' }).click();
    await page.waitForURL('**/meta');
    await drawnPage(page);
  });
  afterEach(() => sandbox.close());

  it('shows live what counts, what was dropped and what was refused, and why', async () => {
    await send([lead({ event_id: 'lead-1' }), lead({ event_id: 'lead-1' })]);
    await send([lead(), lead({ event_name: 'Purchase', custom_data: { currency: 'UAH' } })]);
    const events = page.locator('#events .row');
    await events.filter({ hasText: '2804009' }).waitFor();
    await expect.poll(() => events.count()).toBe(3);
    await events.filter({ hasText: 'Missing Value for Purchase Event' }).waitFor();
    await events.filter({ hasText: 'event 2 of 2: custom_data.value' }).waitFor();
    await events.filter({ hasText: 'the same name and id came before' }).waitFor();
    expect(await page.locator('#totals dd').allTextContents()).toEqual(['1', '1', '1']);
    await page.getByLabel('Show').selectOption('duplicate');
    await expect.poll(() => events.count()).toBe(1);
    await page.locator('#calls .name', { hasText: 'events · v26.0' }).first().waitFor();
  });

  it('sends from the browser, sets a fault and makes datasets', async () => {
    await page.getByRole('tab', { name: 'Pixel' }).click();
    await page.getByLabel('Event id').fill('shared');
    await page.getByRole('button', { name: 'Send from the browser' }).click();
    await expect.poll(() => sandbox.meta.events()).toMatchObject([{ from: 'browser', eventId: 'shared' }]);
    await send([lead({ event_id: 'shared' })]);
    await page.locator('#events .pill', { hasText: 'duplicate' }).waitFor();
    await page.getByRole('tab', { name: 'Faults' }).click();
    await page.getByLabel('What goes wrong').selectOption('server_error');
    await page.getByRole('button', { name: 'Set fault' }).click();
    await page.getByText('server error · every method · hit 0').waitFor();
    expect((await send([lead()])).status).toBe(500);
    await page.getByRole('button', { name: 'New dataset' }).click();
    await page.getByText('No such event yet.').waitFor();
    expect(sandbox.meta.datasets()).toHaveLength(2);
  });
});
