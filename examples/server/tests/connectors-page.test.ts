import type { TestDc } from '@cartie/sandbox';
import { beforeAll, expect, it, vi } from 'vitest';
import { describeInBrowser } from '../../../tests/support/browser.ts';
import type { ConnectorView } from '../src/connector-desk.ts';
import { readQr } from './qr.ts';
import { sharedServer } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeInBrowser('connectors and the feed on the operator’s page', (open) => {
  const server = sharedServer({}, { mtproto: { timeScale: 1 } });
  let dc: TestDc;

  beforeAll(() => {
    dc = server.sandbox.mtproto as TestDc;
    dc.createChannel({ title: 'Авто Київ', username: 'kyiv_cars' }).post(
      'BMW X5 2018\nЦіна 32 900$\nПробіг: 120 тис. км\n067 123 45 67',
    );
  });

  it('an account is added, logs in by its phone, and follows a channel, whose posts appear in the feed', async () => {
    const person = dc.addAccount({ phone: '380501112233', firstName: 'Olena' });
    const page = await open(`${server.url}/#/connectors`, { expects: /status of 422/ });
    await page.getByText('No account is connected').waitFor();
    const link = page.getByRole('link', { name: 'The sandbox’s page' });
    expect(await link.getAttribute('href')).toBe(`${server.sandbox.url}/mtproto`);
    await page.getByRole('button', { name: 'Add an account' }).click();
    await page.getByLabel('Name').fill('Cars of Kyiv');
    await page.getByRole('button', { name: 'Add', exact: true }).click();

    const card = page.locator('[data-connector]', { hasText: 'Cars of Kyiv' });
    await card.getByLabel('Phone number').fill('+38 0');
    await card.getByRole('button', { name: 'Send the code' }).click();
    await card.getByRole('alert').getByText('Write the phone number with its country code').waitFor();
    await card.getByLabel('Phone number').fill('+380 50 111 22 33');
    await card.getByRole('button', { name: 'Send the code' }).click();
    await card.getByLabel('Code').fill(await expectCode(person.phone));
    await card.getByRole('button', { name: 'Log in' }).click();
    await card.getByText('Live', { exact: true }).waitFor();
    await card.getByText('Olena').waitFor();

    await card.getByLabel('Follow a channel').fill('@kyiv_cars');
    await card.getByRole('button', { name: 'Follow', exact: true }).click();
    await card.getByText('Авто Київ').waitFor();
    await page.getByRole('link', { name: 'Feed' }).click();
    const post = page.locator('.post', { hasText: 'BMW X5, 2018' });
    await post.getByText('$32,900').waitFor();
    await post.getByText('120,000 km').waitFor();
    expect(await post.getByRole('link', { name: '+380671234567' }).getAttribute('href')).toBe(
      'tel:+380671234567',
    );
  });

  it('a QR code is shown as a picture, and whoever scans it has logged the account in', async () => {
    const person = dc.addAccount({ phone: '380502223344', firstName: 'Taras' });
    const page = await open(`${server.url}/#/connectors`);
    await page.getByRole('button', { name: 'Add an account' }).click();
    await page.getByLabel('Name').fill('By QR');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    const card = page.locator('[data-connector]', { hasText: 'By QR' });
    await card.getByRole('button', { name: 'Show a QR code instead' }).click();
    const picture = card.getByRole('img', { name: 'QR code of the login' });
    await expect
      .poll(() => picture.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth), {
        timeout: 10_000,
      })
      .toBeGreaterThan(0);
    const [{ id } = { id: '' }] = (await server.get<ConnectorView[]>('/connectors')).filter(
      ({ label }) => label === 'By QR',
    );
    dc.acceptQr(readQr(await (await fetch(`${server.url}/api/connectors/${id}/qr.svg`)).text()), person);
    await card.getByText('Live', { exact: true }).waitFor();
    await card.getByText('Taras').waitFor();

    page.once('dialog', (dialog) => void dialog.accept());
    await card.getByRole('button', { name: 'Remove By QR' }).click();
    await card.waitFor({ state: 'detached' });
  });

  it('on a phone the navigation scrolls, and nothing of it is out of the screen', async () => {
    const page = await open(`${server.url}/#/connectors`, { width: 390 });
    const end = async (name: 'link' | 'button', text: RegExp): Promise<number> => {
      const box = await page.getByRole(name, { name: text }).boundingBox();
      return box === null ? Number.NaN : box.x + box.width;
    };
    await page.getByRole('link', { name: 'Errors' }).click();
    await page.waitForURL(/#\/errors/);
    expect(await end('link', /Errors/)).toBeLessThanOrEqual(390);
    expect(await end('button', /^Theme/)).toBeLessThanOrEqual(390);
  });

  async function expectCode(phone: string): Promise<string> {
    await dc.requests.received({ method: 'auth.sendCode' });
    await expect.poll(() => dc.lastCode(phone)).toBeDefined();
    return dc.lastCode(phone) as string;
  }
});
