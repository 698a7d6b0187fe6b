import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInBrowser, type Page } from '../../../../tests/support/browser.ts';
import { drawnPage } from '../../tests/drawn-page.ts';
import { type Receiver, startReceiver } from '../../tests/receiver.ts';
import { type RunningSandbox, startSandbox, type WhatsAppNumber } from '../index.ts';

/** A picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describeInBrowser('a customer’s phone', (open) => {
  let page: Page;
  let sandbox: RunningSandbox;
  let number: WhatsAppNumber;

  beforeEach(async () => {
    sandbox = await startSandbox({ timeScale: 0.01 });
    page = await drawnPage(await open(`${sandbox.url}/whatsapp`));
    // Made while the page is open, which then shows it.
    number = sandbox.whatsapp.createNumber({ displayPhoneNumber: '15550001234' });
    await page.getByLabel('number').getByText('+15550001234').waitFor({ state: 'attached' });
  });
  afterEach(() => sandbox.close());

  const answer = (message: object): Promise<Response> =>
    fetch(`${sandbox.whatsapp.apiUrl}/v26.0/${number.phoneNumberId}/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${number.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messaging_product: 'whatsapp', to: customer(), ...message }),
    });
  const customer = (): string => sandbox.whatsapp.customers(number)[0]?.id ?? '';
  const written = () => sandbox.whatsapp.messages(customer()).filter(({ from }) => from === 'customer');

  it('writes, sends files and a place, reacts, and shows what becomes of the answers', async () => {
    await page.getByRole('button', { name: 'New customer' }).click();
    await page.getByText('templates only').first().waitFor();
    const box = page.getByRole('textbox', { name: 'Message as the customer' });
    await box.fill('Is it sold?');
    await box.press('Enter');
    await page.locator('.message[data-from="user"] .text', { hasText: 'Is it sold?' }).waitFor();
    await page.getByText('free for').first().waitFor();
    await box.fill('This one');
    await page
      .getByLabel('Send a file')
      .setInputFiles({ name: 'car.png', mimeType: 'image/png', buffer: png });
    const picture = page.locator('.message', { hasText: 'This one' }).getByRole('img');
    await expect
      .poll(() => picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth))
      .toBe(1);
    await page.getByRole('button', { name: 'Place' }).click();
    await page.locator('.media', { hasText: '50.4501, 30.5234' }).waitFor();

    await answer({ type: 'text', text: { body: 'Not yet' } });
    await page.locator('.message[data-from="bot"]', { hasText: 'Not yet' }).getByText('delivered').waitFor();
    await page.getByRole('button', { name: 'Read', exact: true }).click();
    await page.locator('.message[data-from="bot"]', { hasText: 'Not yet' }).getByText(/^read/).waitFor();
    await page.getByRole('button', { name: '👍' }).click();
    await page.locator('.media', { hasText: 'reaction · 👍' }).waitFor();
    expect(written().map(({ type, text }) => [type, text])).toEqual([
      ['text', 'Is it sold?'],
      ['image', 'This one'],
      ['location', undefined],
      ['reaction', undefined],
    ]);
  });

  it('taps buttons, rows and quick replies', async () => {
    sandbox.whatsapp.customerSends(number, { from: '380671234567', name: 'Olena', text: 'Hi' });
    await answer({
      type: 'interactive',
      interactive: {
        type: 'button',
        body: { text: 'Come?' },
        action: { buttons: [{ type: 'reply', reply: { id: 'yes', title: 'I will' } }] },
      },
    });
    await page.getByRole('button', { name: 'I will' }).click();
    await page.locator('.message[data-from="user"]', { hasText: 'I will' }).waitFor();
    sandbox.whatsapp.createTemplate(number, {
      name: 'ready',
      language: 'en',
      components: [
        { type: 'BODY', text: 'Hello {{1}}' },
        { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'On my way' }] },
      ],
    });
    const components = [{ type: 'body', parameters: [{ type: 'text', text: 'Olena' }] }];
    await answer({ type: 'template', template: { name: 'ready', language: { code: 'en' }, components } });
    await page.locator('.message .text', { hasText: 'Hello Olena' }).waitFor();
    await page.getByRole('button', { name: 'On my way' }).click();
    await expect.poll(() => written().map(({ type }) => type)).toEqual(['text', 'interactive', 'button']);
  });

  it('hides the phone, ends the 24 hours, cannot be reached; calls, webhooks and faults are seen', async () => {
    await using receiver: Receiver = await startReceiver(({ url }) => ({
      body: new URL(url, 'http://hook').searchParams.get('hub.challenge') ?? '',
    }));
    await sandbox.whatsapp.setWebhook(number, { url: receiver.url, verifyToken: 'v' });
    await page.getByRole('button', { name: 'New customer' }).click();
    await page.getByLabel('Hide phone').check();
    await page.getByRole('textbox').fill('Secret');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.getByRole('tab', { name: 'Webhooks' }).click();
    await page.locator('#deliveries .name', { hasText: '1 update' }).first().waitFor();
    const [body] = sandbox.whatsapp.deliveries().map((delivery) => JSON.parse(delivery.body));
    expect(body.entry[0].changes[0].value.messages[0]).not.toHaveProperty('from');

    await page.getByRole('button', { name: 'End the 24 hours' }).click();
    await page.getByText('templates only').first().waitFor();
    await answer({ type: 'text', text: { body: 'Too late' } });
    await page.locator('.message', { hasText: 'Too late' }).getByText('failed').waitFor();
    await page.getByRole('button', { name: 'Unreachable' }).click();
    await page.getByRole('button', { name: 'Reachable' }).waitFor();
    expect(sandbox.whatsapp.customers(number)).toMatchObject([
      { unreachable: true, windowEndsAt: undefined },
    ]);
    await page.getByRole('tab', { name: 'API calls' }).click();
    await page.locator('#calls .name', { hasText: 'messages' }).first().waitFor();
    await page.getByRole('tab', { name: 'Faults' }).click();
    await page.getByRole('button', { name: 'Set fault' }).click();
    await page.getByText('rate limited · every method · hit 0').waitFor();
  });
});
