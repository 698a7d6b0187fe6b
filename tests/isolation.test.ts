import { createMetaCapiClient } from '@cartie/meta-capi';
import { type RunningSandbox, startSandbox } from '@cartie/sandbox';
import { createTelegramClient } from '@cartie/telegram';
import { createWhatsAppClient } from '@cartie/whatsapp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let sandbox: RunningSandbox;
beforeEach(async () => {
  sandbox = await startSandbox({ timeScale: 0.01 });
});
afterEach(() => sandbox.close());

function neighbours() {
  const bot = sandbox.telegram.createBot();
  const number = sandbox.whatsapp.createNumber();
  const telegram = createTelegramClient({ token: bot.token, baseUrl: sandbox.telegram.apiUrl });
  const whatsapp = createWhatsAppClient({
    phoneNumberId: number.phoneNumberId,
    accessToken: number.token,
    baseUrl: sandbox.whatsapp.apiUrl,
  });
  const sendAll = () =>
    Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        await telegram.sendMessage({ chat_id: sandbox.telegram.createUser().id, text: 'Hello' });
        await whatsapp.send({ to: `38067${1_000_000 + index}`, type: 'text', text: { body: 'Hello' } });
      }),
    );
  return { telegram, whatsapp, sendAll };
}

function startEvents(signal?: AbortSignal) {
  const { id, token } = sandbox.meta.createDataset();
  const meta = createMetaCapiClient({ datasetId: id, accessToken: token, baseUrl: sandbox.meta.apiUrl });
  let ended = 0;
  const sends = Array.from({ length: 100 }, (_, index) =>
    meta
      .send(
        {
          event_name: 'Lead',
          event_id: `e${index}`,
          action_source: 'chat',
          user_data: { externalId: String(index) },
        },
        { signal },
      )
      .catch(() => undefined)
      .finally(() => {
        ended += 1;
      }),
  );
  return { meta, all: Promise.all(sends), ended: () => ended };
}

describe('trouble of one provider', () => {
  it('that does not answer holds back no call to another', async () => {
    sandbox.faults.set({ provider: 'meta', kind: 'hang' });
    const leaving = new AbortController();
    const events = startEvents(leaving.signal);
    const { sendAll } = neighbours();
    await sendAll();
    // All of them were under way the whole time.
    expect(events.ended()).toBe(0);
    leaving.abort();
    await events.all;
  });

  it('that refuses connections opens its own circuit only', async () => {
    sandbox.faults.set({ provider: 'meta', kind: 'reset' });
    const events = startEvents();
    const { telegram, whatsapp, sendAll } = neighbours();
    await Promise.all([events.all, sendAll()]);
    expect(await events.meta.health()).toMatchObject({ circuit: 'open' });
    expect(await telegram.health()).toMatchObject({ status: 'ok', circuit: 'closed' });
    expect(await whatsapp.health()).toMatchObject({ status: 'ok', circuit: 'closed' });
  });
});
