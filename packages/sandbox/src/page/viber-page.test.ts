import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver } from '../../tests/receiver.ts';
import { viberApi } from '../../tests/viber-api.ts';
import { type RunningSandbox, type SandboxViberAccount, startSandbox } from '../index.ts';

const executablePath = '/usr/bin/chromium';
const present = existsSync(executablePath);
const title = present ? 'the phone' : `the phone (skipped: ${executablePath} is missing)`;
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(!present)(title, () => {
  let browser: Browser;
  let page: Page;
  let sandbox: RunningSandbox;
  let account: SandboxViberAccount;
  let receiver: Receiver;
  const troubles: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: quiet });
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    sandbox = await startSandbox();
    receiver = await startReceiver();
    account = sandbox.viber.createAccount({ name: 'Cars' });
    page = await browser.newPage();
    troubles.length = 0;
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') troubles.push(message.text());
    });
    await page.goto(sandbox.url);
    await page.getByRole('link', { name: 'Viber' }).click();
  });
  afterEach(async () => {
    await page.close();
    await sandbox.close();
    await receiver[Symbol.asyncDispose]();
    expect(troubles).toEqual([]);
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
