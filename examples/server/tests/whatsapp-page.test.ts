import type { WhatsAppNumber } from '@cartie/sandbox';
import { beforeAll, expect, it, vi } from 'vitest';
import { describeInBrowser, type OpenPage, type Page } from '../../../tests/support/browser.ts';
import { sharedServer, until } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** A picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describeInBrowser('WhatsApp on the operator’s page', (open) => {
  const server = sharedServer({ AUTO_REPLY: 'off' });
  let number: WhatsAppNumber;
  const from = '380671234567';

  beforeAll(async () => {
    number = server.sandbox.whatsapp.numbers()[0] as WhatsAppNumber;
    await until(
      () => server.sandbox.whatsapp.calls(),
      (calls) => calls.some(({ operation, status }) => operation === 'subscribe' && status === 200),
    );
  });

  async function conversation(name: string, options?: Parameters<OpenPage>[1]): Promise<Page> {
    const page = await open(`${server.url}/#/inbox`, options);
    await page.getByRole('link', { name: new RegExp(name) }).click();
    return page;
  }

  it('shows pictures and documents without a token in the browser, and why one is missing', async () => {
    const { whatsapp } = server.sandbox;
    whatsapp.customerSends(number, { from, name: 'Olena', file: { bytes: png, type: 'image/png' } });
    whatsapp.customerSends(number, {
      from,
      name: 'Olena',
      file: { bytes: '%PDF', type: 'application/pdf', name: 'contract.pdf' },
    });
    const lost = { type: 'image', image: { id: '404', mime_type: 'image/jpeg', sha256: 'x' } };
    whatsapp.customerSends(number, { from: '380670000008', name: 'Taras', raw: lost });
    const page = await conversation('Olena', { expects: /status of 410/ });
    const log = page.getByRole('log', { name: 'Messages' });
    const picture = log.getByRole('img', { name: 'image' });
    await expect
      .poll(() => picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
      .toBe(1);
    const download = page.waitForEvent('download');
    await log.getByRole('link', { name: 'contract.pdf' }).click();
    expect((await download).suggestedFilename()).toBe('contract.pdf');
    await page.getByRole('link', { name: /Taras/ }).click();
    await log.getByText('The provider does not have this file any more.').waitFor();
  });

  it('sends a text, a file with its caption and a template', async () => {
    const page = await conversation('Olena');
    const box = page.getByRole('textbox', { name: 'Reply to Olena' });
    await box.fill('Yes, it is');
    await box.press('Enter');
    await page.locator('.message.out.sent', { hasText: 'Yes, it is' }).waitFor();

    await box.fill('The front');
    await page
      .getByLabel('Attach a file')
      .setInputFiles({ name: 'car.png', mimeType: 'image/png', buffer: png });
    const sent = page.locator('.message.out.sent', { hasText: 'The front' });
    await sent.getByRole('img', { name: 'car.png' }).waitFor();
    expect(await box.inputValue()).toBe('');

    await page.getByRole('button', { name: 'Send a template' }).click();
    const picker = page.getByRole('form', { name: 'Template' });
    await picker.getByLabel('Template').selectOption({ label: 'car_ready · en · utility' });
    const send = picker.getByRole('button', { name: 'Send template' });
    expect(await send.isDisabled()).toBe(true);
    await picker.getByLabel('Header {{1}}').fill('BMW');
    await picker.getByLabel('Text {{1}}').fill('Olena');
    await picker.getByLabel('Text {{2}}').fill('5 pm');
    await picker.getByText('Hello Olena! You can fetch it at 5 pm.').waitFor();
    await send.click();
    await page.locator('.message.out.sent', { hasText: 'Hello Olena! You can fetch it at 5 pm.' }).waitFor();
    await page.getByText('Delivered').last().waitFor();
    const types = server.sandbox.whatsapp.messages(from).filter((one) => one.from === 'business');
    expect(types.map(({ type, text }) => [type, text])).toEqual([
      ['text', 'Yes, it is'],
      ['image', 'The front'],
      ['template', 'car_ready'],
    ]);
  });

  it('says when the 24 hours are over, and what becomes of a text', async () => {
    const timestamp = String(Math.floor(Date.now() / 1000) - 25 * 3_600);
    const late = { type: 'text', text: { body: 'Long ago' }, timestamp };
    server.sandbox.whatsapp.customerSends(number, { from: '380670000009', name: 'Petro', raw: late });
    const page = await conversation('Petro');
    await page.getByText('your text goes out in the template «answer»').waitFor();
    expect(await page.getByLabel('Attach a file').count()).toBe(0);
    await page.getByRole('textbox', { name: 'Reply to Petro' }).fill('Still interested?');
    await page.keyboard.press('Enter');
    const message = page.locator('.message.out.sent', { hasText: 'Still interested?' });
    await message.getByText('Template', { exact: true }).waitFor();
  });

  it('offers to write again what was not delivered', async () => {
    server.sandbox.whatsapp.setCustomer(from, { unreachable: true });
    const page = await conversation('Olena');
    const box = page.getByRole('textbox', { name: 'Reply to Olena' });
    await box.fill('Are you there?');
    await box.press('Enter');
    const message = page.getByRole('article').filter({ hasText: 'Not delivered.' });
    await message.getByText('This phone cannot get it').waitFor();
    await message.getByRole('button', { name: 'Write it again' }).click();
    expect(await box.inputValue()).toBe('Are you there?');
  });
});
