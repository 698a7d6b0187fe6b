import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInBrowser, type Page } from '../../../../tests/support/browser.ts';
import { drawnPage } from '../../tests/drawn-page.ts';
import { type Receiver, startReceiver } from '../../tests/receiver.ts';
import { viberApi } from '../../tests/viber-api.ts';
import { type RunningSandbox, type SandboxViberAccount, startSandbox } from '../index.ts';

describeInBrowser('the phone', (open) => {
  let page: Page;
  let sandbox: RunningSandbox;
  let account: SandboxViberAccount;
  let receiver: Receiver;

  beforeEach(async () => {
    sandbox = await startSandbox();
    receiver = await startReceiver();
    account = sandbox.viber.createAccount({ name: 'Cars' });
    page = await open(sandbox.url);
    await page.getByRole('link', { name: 'Viber' }).click();
    await page.waitForURL('**/viber');
    await drawnPage(page);
  });
  afterEach(async () => {
    await sandbox.close();
    await receiver[Symbol.asyncDispose]();
  });

  it('writes as a user, shows the answer and its buttons, and taps them', async () => {
    await page.getByRole('button', { name: 'New user' }).click();
    await page.getByText('not subscribed').first().waitFor();
    await page.getByRole('textbox', { name: 'Message as the user' }).fill('Is it sold?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('#messages .text', { hasText: 'Is it sold?' }).waitFor();
    const [user] = sandbox.viber.users(account);
    expect(user).toMatchObject({ subscribed: true });

    const call = viberApi(sandbox, account);
    const answer = {
      receiver: user?.id,
      type: 'text',
      text: 'Not yet',
      keyboard: { Type: 'keyboard', Buttons: [{ ActionType: 'reply', ActionBody: 'buy', Text: 'Buy it' }] },
    };
    expect(await call('send_message', answer)).toMatchObject({ status: 10 });
    await page.locator('#calls .detail', { hasText: 'webhookNotSet' }).waitFor();
    await call('set_webhook', { url: receiver.url });
    expect(await call('send_message', answer)).toMatchObject({ status: 0 });
    await page.locator('#messages .facts', { hasText: 'delivered · billing 1' }).waitFor();
    await page.getByRole('button', { name: 'Buy it' }).click();
    await page.locator('#messages .message[data-from="user"] .text', { hasText: 'buy' }).waitFor();
    await page.getByRole('tab', { name: 'Webhooks' }).click();
    await page.locator('#deliveries .name', { hasText: 'message' }).first().waitFor();
    await page.getByRole('tab', { name: 'Faults' }).click();
    await page.getByRole('button', { name: 'Set fault' }).click();
    await page.getByText('rate limited · every method · hit 0').waitFor();
    await page.getByRole('button', { name: 'Unsubscribe', exact: true }).click();
    await expect.poll(() => sandbox.viber.users(account)[0]?.subscribed).toBe(false);
  });
});
