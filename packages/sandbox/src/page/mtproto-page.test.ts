import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { describeInBrowser } from '../../../../tests/support/browser.ts';
import { drawnPage } from '../../tests/drawn-page.ts';
import { createMtcuteClients, type MtcuteClients } from '../../tests/mtcute-client.ts';
import { createRawClient } from '../../tests/raw-client.ts';
import { type RunningSandbox, startSandbox, type TestDc, type TestDcAccount } from '../index.ts';

vi.setConfig({ testTimeout: 60_000 });
const patient = { timeout: 10_000 };

describeInBrowser('the page of the test DC', (open) => {
  let sandbox: RunningSandbox;
  let dc: TestDc;
  let clients: MtcuteClients;

  beforeEach(async () => {
    sandbox = await startSandbox({ mtproto: true });
    dc = sandbox.mtproto as TestDc;
    clients = await createMtcuteClients(dc);
  });
  afterEach(async () => {
    await clients.close();
    await sandbox.close();
  });

  it('shows the code of a login, scans the QR code of another, and revokes both', async () => {
    const page = await open(sandbox.url, { expects: /status of 400/ });
    await page.getByRole('link', { name: 'MTProto' }).click();
    await page.getByText('Make an account').waitFor();
    await page.getByRole('button', { name: 'New account' }).click();
    await page.getByLabel('Phone').fill('+380 50 111 22 33');
    await page.getByLabel('First name').fill('Olena');
    await page.getByLabel('Password').fill('two-step');
    await page.getByRole('button', { name: 'Create' }).click();
    const olena = page.locator('#people li', { hasText: 'Olena' });
    await olena.getByText('No login code yet').waitFor();
    const client = clients.connect();
    await client.sendCode({ phone: '380501112233' });
    await olena.getByText(dc.lastCode('380501112233') ?? 'no code').waitFor();
    await page.locator('#calls .name', { hasText: 'auth.sendCode' }).waitFor();

    await olena.getByRole('button', { name: 'Scan the newest QR code' }).click();
    await page.getByRole('alert').getByText('no client shows a QR code').waitFor();
    const scanned = async (scan: (url: string) => Promise<void>): Promise<string> => {
      const shown: string[] = [];
      const login = clients
        .connect()
        .signInQr({ password: 'two-step', onUrlUpdated: (url) => void shown.push(url) });
      await expect.poll(() => shown, patient).toHaveLength(1);
      await scan(shown[0] ?? '');
      return (await login).firstName;
    };
    expect(
      await scanned(async (url) => {
        await olena.getByRole('button', { name: 'Scan by address' }).click();
        await page.getByLabel('What the code says').fill(url);
        await page.getByRole('button', { name: 'Scan', exact: true }).click();
      }),
    ).toBe('Olena');

    const [account] = dc.accounts() as [TestDcAccount];
    const session = createRawClient(dc.provisionKey(account));
    const refusal = async () => (await session.call({ _: 'updates.getState' })).error_message;
    expect(await refusal()).toBeUndefined();
    await olena.getByRole('button', { name: 'Revoke sessions' }).click();
    await expect.poll(refusal, patient).toBe('SESSION_REVOKED');
    session.close();
  });

  it('makes a channel, writes a post, edits and deletes it, and shows what others post', async () => {
    const page = await drawnPage(await open(`${sandbox.url}/mtproto`));
    await page.getByRole('button', { name: 'New channel' }).click();
    await page.getByLabel('Title').fill('Cars of Kyiv');
    await page.getByLabel('Username').fill('kyiv_cars');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Cars of Kyiv' }).waitFor();
    const posts = () =>
      dc
        .channels()[0]
        ?.messages()
        .map(({ text }) => text);
    const box = page.getByLabel('Message as the channel');
    await box.fill('BMW X5 2018');
    await box.press('Enter');
    const row = page.locator('.message', { hasText: 'BMW X5 2018' });
    await row.waitFor();
    expect(posts()).toEqual(['BMW X5 2018']);
    await row.getByRole('button', { name: 'Edit' }).click();
    expect(await page.getByLabel('Text', { exact: true }).inputValue()).toBe('BMW X5 2018');
    await page.getByLabel('Text', { exact: true }).fill('BMW X5 2018, sold');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('.message', { hasText: 'sold' }).getByText('edited').waitFor();
    expect(posts()).toEqual(['BMW X5 2018, sold']);
    await row.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Nothing was said here yet.').waitFor();
    expect(posts()).toEqual([]);

    dc.channels()[0]?.fill(25, (index) => `Car ${index + 1}`);
    await page.getByText('Car 25', { exact: true }).waitFor();
    expect(await page.locator('.message').count()).toBe(20);
    dc.createChannel({ title: 'Vans' }).post('Transporter T6');
    await page.getByRole('combobox', { name: /^channel/ }).selectOption({ label: 'Vans' });
    await page.getByText('Transporter T6').waitFor();
  });

  it('sets and clears a fault of the DC, and forgets with the rest', async () => {
    dc.createChannel({ title: 'Vans' });
    const page = await open(`${sandbox.url}/mtproto`);
    await page.getByRole('heading', { name: 'Vans' }).waitFor();
    await page.getByRole('tab', { name: 'Connect' }).click();
    await page.getByText(`DC 2: 127.0.0.1:${dc.port}`).waitFor();
    await page.getByRole('tab', { name: 'Faults' }).click();
    await page.getByLabel('What goes wrong').selectOption('flood_wait');
    await page.getByLabel('Retry after, s').fill('3');
    await page.getByRole('button', { name: 'Set fault' }).click();
    await page.getByText('flood wait · every method · hit 0').waitFor();
    expect(dc.faults.list()).toMatchObject([{ kind: 'flood_wait', seconds: 3 }]);
    await page.getByRole('button', { name: 'Clear' }).click();
    await expect.poll(() => dc.faults.list(), patient).toEqual([]);
    page.once('dialog', (dialog) => void dialog.accept());
    await page.getByRole('button', { name: 'Reset' }).click();
    await page.getByRole('heading', { name: 'No channel yet' }).waitFor();
    expect(dc.channels()).toEqual([]);
  });

  it('is not offered where there is no DC, and says how to have one', async () => {
    await using plain = await startSandbox();
    const page = await open(`${plain.url}/mtproto`);
    await page.getByText('npx @cartie/sandbox --mtproto').waitFor();
    await page.getByRole('link', { name: 'Viber' }).waitFor();
    expect(await page.getByRole('link', { name: 'MTProto' }).count()).toBe(0);
    await page.close();
  });
});
