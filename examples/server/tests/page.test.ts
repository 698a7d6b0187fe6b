import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshFolder, startTestServer, type TestFolder, type TestServer } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const hasChromium = existsSync(executablePath);
if (!hasChromium) {
  const message = `There is no Chromium at ${executablePath}. Install it, or set CHROMIUM_PATH.`;
  if (process.env.CARTIE_REQUIRE_SERVICES === '1') throw new Error(message);
  console.warn(`${message} The tests of the page are skipped.`);
}

describe.skipIf(!hasChromium)('the operator’s page', () => {
  let browser: Browser;
  let folder: TestFolder;
  let server: TestServer;
  const olena = { id: 3_001, first_name: 'Olena' };

  beforeAll(async () => {
    folder = await freshFolder();
    [server, browser] = await Promise.all([
      startTestServer({ DATA_DIR: folder.path }),
      chromium.launch({
        executablePath,
        args: [
          '--no-sandbox',
          '--disable-gpu',
          '--disable-quic',
          '--no-first-run',
          '--disable-background-networking',
          '--disable-component-update',
          '--disable-sync',
        ],
      }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** A tab; whatever it complains about fails the test. */
  async function open(
    path: string,
    options: { width?: number; colorScheme?: 'light' | 'dark' } = {},
  ): Promise<Page> {
    const page = await browser.newPage({
      viewport: { width: options.width ?? 1_200, height: 800 },
      colorScheme: options.colorScheme ?? 'light',
    });
    page.setDefaultTimeout(20_000);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    await page.goto(server.url + path);
    return page;
  }
  const complaints: string[] = [];

  it('tells a newcomer what to do, then shows both sides of a conversation as it happens', async () => {
    const page = await open('/');
    const link = page.getByRole('link', { name: 'Write as a user' });
    await link.waitFor();
    expect(await link.getAttribute('href')).toBe(server.sandbox.url);

    server.write('Is the <b>Golf</b> still there?', olena);
    await page.getByRole('link', { name: /Olena/ }).click();
    const log = page.getByRole('log', { name: 'Messages' });
    // What people write is text, never HTML.
    await log.getByText('Is the <b>Golf</b> still there?', { exact: true }).waitFor();
    await log.getByText('Received: Is the <b>Golf</b> still there?', { exact: true }).waitFor();
    await log.getByRole('img', { name: 'Sent' }).waitFor();
    await page.close();
  });

  it('replies by Enter, and the user gets it', async () => {
    const page = await open('/#/inbox/1');
    const box = page.getByRole('textbox', { name: 'Reply to Olena' });
    await box.pressSequentially('First line');
    await box.press('Shift+Enter');
    await box.pressSequentially('second line');
    await box.press('Enter');
    await page.getByRole('log').getByText('First line second line').last().waitFor();
    expect(await box.inputValue()).toBe('');
    await page.locator('.message.out.sent', { hasText: 'second line' }).waitFor();
    const texts = server.sandbox.telegram.messages(olena.id).map(({ text }) => text);
    expect(texts.filter((text) => text === 'First line\nsecond line')).toHaveLength(1);
    await page.close();
  });

  it('shows a message in doubt with what can be done about it, in the thread and in the queue', async () => {
    const page = await open('/#/inbox/1');
    server.sandbox.faults.set({
      provider: 'telegram',
      method: 'sendMessage',
      kind: 'reset',
      times: 1,
      after: true,
    });
    await page.getByRole('textbox').fill('May have arrived');
    await page.keyboard.press('Enter');
    const message = page.getByRole('article').filter({ hasText: 'It may have arrived.' });
    await message.getByRole('button', { name: 'It arrived' }).click();
    await page.getByText('Marked as sent.').waitFor();
    await message.waitFor({ state: 'detached' });

    server.sandbox.faults.set({
      provider: 'telegram',
      method: 'sendMessage',
      kind: 'reset',
      times: 1,
      after: true,
    });
    await page.getByRole('textbox').fill('Once more');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: /Queue/ }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'Once more' });
    await row.getByRole('button', { name: 'Send again' }).click();
    await page.getByText('Nothing needs you').waitFor();
    await page.getByRole('link', { name: 'Inbox' }).first().click();
    await page.getByRole('link', { name: /Olena/ }).click();
    await page.locator('.message.out.sent', { hasText: 'Once more' }).waitFor();
    expect(
      server.sandbox.telegram.messages(olena.id).filter(({ text }) => text === 'Once more'),
    ).toHaveLength(2);
    await page.close();
  });

  it('shows how each integration is, and the log of errors', async () => {
    const page = await open('/#/integrations');
    const telegram = page.getByRole('article', { name: 'Telegram', exact: true });
    await telegram.getByText('Working').waitFor();
    expect(await telegram.textContent()).toContain('Closed');
    expect(await page.getByRole('article').getByText('Not configured').count()).toBe(5);
    await page.getByRole('link', { name: 'Errors' }).click();
    await page.getByText('connection_failed').first().waitFor();
    await page.close();
  });

  it('is usable by keyboard alone and on a phone, in the dark', async () => {
    server.write('Good evening', { id: 3_002, first_name: 'Petro' });
    const page = await open('/', { width: 360, colorScheme: 'dark' });
    const petro = page.getByRole('link', { name: /Petro/ });
    await petro.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Reply to Petro' }).waitFor();
    const overflows = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
    expect(overflows).toBe(false);
    const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(background).toBe('rgb(16, 16, 18)');
    await page.keyboard.press('Escape');
    await petro.waitFor();
    expect(await page.getByRole('textbox').count()).toBe(0);
    await page.close();
  });

  it('asks for the token where one is needed', async () => {
    await using other = await freshFolder();
    await using guarded = await startTestServer({
      DATA_DIR: other.path,
      ADMIN_TOKEN: 'a-token-of-an-operator',
    });
    const page = await browser.newPage();
    await page.goto(guarded.url);
    await page.getByLabel('Admin token').fill('not the token');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('That is not the token.').waitFor();
    await page.getByLabel('Admin token').fill('a-token-of-an-operator');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Write as a user' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Admin token').waitFor();
    await page.close();
  });

  it('says that the server is gone, and shows what happened meanwhile when it is back', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}/#/inbox/1`);
    await page.getByText('Live', { exact: true }).waitFor();
    await server.stop();
    await page.getByText('Reconnecting…').waitFor();
    server.write('While you were away', olena);
    await server.restart();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('log').getByText('While you were away', { exact: true }).waitFor();
    await page.close();
  });

  it('has nothing to complain about', () => {
    expect(complaints).toEqual([]);
  });
});
