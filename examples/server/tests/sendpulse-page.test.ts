import { randomUUID } from 'node:crypto';
import type { SandboxSendPulseAccount } from '@cartie/sandbox';
import { it, vi } from 'vitest';
import { describeInBrowser } from '../../../tests/support/browser.ts';
import { sharedServer } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeInBrowser('SendPulse on the operator’s page', (open) => {
  const server = sharedServer();

  const account = () => server.sandbox.sendpulse.accounts()[0] as SandboxSendPulseAccount;
  const send = (name: string, email: string): Promise<Response> =>
    fetch(`${server.url}/api/leads`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: randomUUID(), name, email }),
    });

  it('shows where each lead is: in the address book, unsubscribed, bounced, refused', async () => {
    const page = await open(`${server.url}/#/leads`);
    const row = (name: string) => page.locator('.lead', { hasText: name });
    for (const name of ['Olena', 'Taras', 'Iryna']) await send(name, `${name}@example.com`);
    for (const name of ['Olena', 'Taras', 'Iryna']) {
      await row(name).getByText('SendPulse: in the address book').waitFor();
    }
    const { sendpulse } = server.sandbox;
    sendpulse.happens(account(), {
      family: 'email',
      event: 'unsubscribe',
      fields: { email: 'taras@example.com' },
    });
    sendpulse.happens(account(), {
      family: 'email',
      event: 'hard_bounces',
      fields: { email: 'iryna@example.com' },
    });
    await row('Taras').getByText('SendPulse: unsubscribed').waitFor();
    await row('Iryna').getByText('SendPulse: letters come back').waitFor();

    sendpulse.failNext(account(), {
      errorCode: 31,
      message: 'Email invalid',
      method: 'POST /addressbooks/{id}/emails',
    });
    await send('Petro', 'petro@example.com');
    await row('Petro').getByText('SendPulse: refused').waitFor();
    await row('Petro').getByRole('button', { name: 'Sync again' }).click();
    await row('Petro').getByText('SendPulse: in the address book').waitFor();
  });

  it('shows on a conversation that the person unsubscribed, where the phone is the same', async () => {
    const [number] = server.sandbox.whatsapp.numbers();
    const phone = '380501112233';
    server.sandbox.whatsapp.customerSends(number as never, { from: phone, name: 'Nadia', text: 'Hello' });
    const page = await open(`${server.url}/#/inbox`);
    await page.getByRole('link', { name: /Nadia/ }).click();
    await page.getByRole('heading', { name: 'Nadia' }).waitFor();
    await fetch(`${server.url}/api/leads`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        id: randomUUID(),
        name: 'Nadia',
        email: 'nadia@example.com',
        phone: `+${phone}`,
      }),
    });
    await fetch(`${server.url}/webhooks/sendpulse/sandbox-webhook-secret`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ event: 'unsubscribe', email: 'nadia@example.com', timestamp: 1_700_000_000 }]),
    });
    await page.locator('.bar').getByText('Unsubscribed').waitFor();
  });

  it('tests the connection, and says that the credentials are refused', async () => {
    const page = await open(`${server.url}/#/integrations`);
    const card = page.getByRole('article', { name: 'SendPulse' });
    await card.getByText('Working').waitFor();
    const test = card.getByRole('button', { name: 'Test the connection' });
    await test.click();
    await page.getByText('SendPulse takes our credentials.').waitFor();
    server.sandbox.sendpulse.setSecret(account(), 'another-secret-of-the-account');
    server.sandbox.sendpulse.expireTokens(account());
    await test.click();
    await page
      .locator('.notice.is-error')
      .getByText(/SendPulse/)
      .waitFor();
    page.setDefaultTimeout(50_000);
    await card.getByText('Unauthorized').waitFor();
  });
});
