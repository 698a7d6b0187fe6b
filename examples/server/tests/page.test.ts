import { expect, it, vi } from 'vitest';
import { describeInBrowser, type OpenPage } from '../../../tests/support/browser.ts';
import { freshFolder, sharedServer, startTestServer } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describeInBrowser('the operator’s page', (openPage) => {
  const server = sharedServer({ LEADS_PER_MINUTE: '100' });
  const olena = { id: 3_001, first_name: 'Olena' };

  const open = (path: string, options?: Parameters<OpenPage>[1]) => openPage(server.url + path, options);
  const lead = (given: Record<string, string>): Promise<Response> => server.post('/leads', given);
  /** The next message is sent, and nobody hears of it. */
  const loseAnswer = (): void => {
    const fault = { kind: 'reset', times: 1, after: true } as const;
    server.sandbox.faults.set({ provider: 'telegram', method: 'sendMessage', ...fault });
  };

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
  });

  it('shows a message in doubt with what can be done about it, in the thread and in the queue', async () => {
    const page = await open('/#/inbox/1');
    loseAnswer();
    await page.getByRole('textbox').fill('May have arrived');
    await page.keyboard.press('Enter');
    const message = page.getByRole('article').filter({ hasText: 'It may have arrived.' });
    await message.getByRole('button', { name: 'It arrived' }).click();
    await page.getByText('Marked as sent.').waitFor();
    await message.waitFor({ state: 'detached' });

    loseAnswer();
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
  });

  it('shows how each integration is, and the log of errors', async () => {
    const page = await open('/#/integrations');
    const telegram = page.getByRole('article', { name: 'Telegram', exact: true });
    await telegram.getByText('Working').waitFor();
    expect(await telegram.textContent()).toContain('Closed');
    expect(await page.getByRole('article').getByText('Not configured').count()).toBe(1);
    await page.getByRole('link', { name: 'Errors' }).click();
    await page.getByText('connection_failed').first().waitFor();
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
  });

  it('asks for the token where one is needed', async () => {
    await using other = await freshFolder();
    await using guarded = await startTestServer({
      DATA_DIR: other.path,
      ADMIN_TOKEN: 'a-token-of-an-operator',
    });
    const page = await openPage(guarded.url, { expects: /status of 401/ });
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

  it('goes on with a long list, and says so where the server is away', async () => {
    for (let n = 0; n < 51; n += 1) await lead({ name: `Lead ${n}`, email: `lead-${n}@example.com` });
    const page = await open('/#/leads', { expects: /ERR_|status of/ });
    const rows = page.locator('.lead');
    const older = page.getByRole('button', { name: 'Show older' });
    await expect.poll(() => rows.count()).toBe(50);
    await server.stop();
    await older.click();
    await page.getByText('The server does not answer. Is it running?').waitFor();
    await server.restart();
    await older.click();
    await expect.poll(() => rows.count()).toBe(51);
    expect(await older.count()).toBe(0);
  });

  it('keeps a reply that a proxy answered instead of the server, and sends it when told to', async () => {
    const page = await open('/#/inbox/1', { expects: /status of 502/ });
    let isAway = true;
    await page.route('**/api/conversations/1/messages', (route) => {
      if (!isAway || route.request().method() !== 'POST') return route.continue();
      isAway = false;
      return route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' });
    });
    const box = page.getByRole('textbox', { name: 'Reply to Olena' });
    await box.fill('Through a proxy');
    await box.press('Enter');
    const message = page.getByRole('article').filter({ hasText: 'Not taken by the server.' });
    await message.getByText('The server could not do this.').waitFor();
    await message.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.message.out.sent', { hasText: 'Through a proxy' }).waitFor();
  });

  it('says that the server is gone, and shows what happened meanwhile when it is back', async () => {
    const page = await open('/#/inbox/1', { expects: /ERR_|status of/ });
    await page.getByText('Live', { exact: true }).waitFor();
    await server.stop();
    await page.getByText('Reconnecting…').waitFor();
    server.write('While you were away', olena);
    await server.restart();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('log').getByText('While you were away', { exact: true }).waitFor();
  });
});
