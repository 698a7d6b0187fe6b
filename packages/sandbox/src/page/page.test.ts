import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeInBrowser, type Page } from '../../../../tests/support/browser.ts';
import { botApi, type CallApi } from '../../tests/bot-api.ts';
import { drawnPage } from '../../tests/drawn-page.ts';
import { startReceiver } from '../../tests/receiver.ts';
import { type RunningSandbox, type SandboxBot, startSandbox } from '../index.ts';

describeInBrowser('the page', (openPage) => {
  let sandbox: RunningSandbox;
  let bot: SandboxBot;
  let call: CallApi;

  beforeEach(async () => {
    sandbox = await startSandbox({ timeScale: 0.01 });
    bot = sandbox.telegram.createBot({ username: 'page_bot' });
    call = botApi(sandbox, bot);
  });
  afterEach(() => sandbox.close());

  const open = async (): Promise<Page> => drawnPage(await openPage(sandbox.url));

  it('shows both sides live, and writes as the user', async () => {
    await using receiver = await startReceiver(({ update }) => ({
      body: JSON.stringify({
        method: 'sendMessage',
        chat_id: update.message.chat.id,
        text: `Echo ${update.message.text}`,
      }),
    }));
    await call('setWebhook', { url: receiver.url });
    const page = await open();
    await page.getByLabel('Message as the user').fill('Hello <b>there</b>');
    await page.getByLabel('Message as the user').press('Enter');
    await page.locator('.message[data-from="user"]', { hasText: 'Hello <b>there</b>' }).waitFor();
    await page.locator('.message[data-from="bot"]', { hasText: 'Echo Hello <b>there</b>' }).waitFor();
    await page.locator('#calls .name', { hasText: 'sendMessage' }).first().waitFor();
    await page.getByRole('tab', { name: 'Webhooks' }).click();
    await page.locator('#deliveries .name', { hasText: 'message' }).waitFor();
    expect(receiver.received[0]?.update.message.text).toBe('Hello <b>there</b>');
  });

  it('presses inline buttons and draws entities', async () => {
    sandbox.telegram.userSends(bot, { text: 'hi' });
    const page = await open();
    await call('sendMessage', {
      chat_id: sandbox.telegram.chats(bot)[0]?.id,
      text: '*Bold* choice',
      parse_mode: 'MarkdownV2',
      reply_markup: { inline_keyboard: [[{ text: 'Take it', callback_data: 'take' }]] },
    });
    await page.locator('.bubble b', { hasText: 'Bold' }).waitFor();
    await page.getByRole('button', { name: 'Take it' }).click();
    await expect
      .poll(() => sandbox.telegram.pendingUpdates(bot).at(-1))
      .toMatchObject({ callback_query: { data: 'take' } });
  });

  it('makes people, groups and bots', async () => {
    const page = await open();
    await page.getByRole('button', { name: 'New chat' }).click();
    await page.getByLabel('Kind').selectOption('group');
    await page.getByLabel('Name').fill('Drivers');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Drivers' }).waitFor();
    await page.getByRole('button', { name: 'New chat' }).click();
    await page.getByLabel('Name').fill('Taras');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'Taras' }).waitFor();
    await page.getByLabel('Message as the user').fill('First words');
    await page.getByRole('button', { name: 'Send', exact: true }).click();
    await page.locator('.bubble', { hasText: 'First words' }).waitFor();
    expect(sandbox.telegram.pendingUpdates(bot)).toMatchObject([
      { message: { text: 'First words', from: { first_name: 'Taras' } } },
    ]);
    await page.getByRole('button', { name: 'New bot' }).click();
    await expect.poll(() => sandbox.telegram.bots()).toHaveLength(2);
  });

  it('sets and clears a fault', async () => {
    const page = await open();
    await page.getByRole('tab', { name: 'Faults' }).click();
    await page.getByLabel('What goes wrong').selectOption('server_error');
    await page.getByLabel('Method').fill('getMe');
    await page.getByRole('button', { name: 'Set fault' }).click();
    await page.getByText('server error · getMe · hit 0').waitFor();
    expect((await call('getMe')).status).toBe(500);
    await page.getByRole('button', { name: 'Clear' }).click();
    await expect.poll(() => sandbox.faults.list()).toEqual([]);
    expect((await call('getMe')).status).toBe(200);
  });
});
