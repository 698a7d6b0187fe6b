import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { graphApi, lead, type SendEvents, sha256 } from '../../tests/graph-api.ts';
import { type RunningSandbox, type SandboxDataset, startSandbox } from '../index.ts';

let sandbox: RunningSandbox;
let dataset: SandboxDataset;
let send: SendEvents;
let click: string;

beforeEach(async () => {
  sandbox = await startSandbox();
  dataset = sandbox.meta.createDataset({
    whatsappBusinessAccountId: '555',
    pageId: '777',
    instagramAccountId: '888',
  });
  send = graphApi(sandbox, dataset);
  click = sandbox.meta.createClick(dataset);
});
afterEach(() => sandbox.close());

const fromWhatsApp = (
  userData: Record<string, unknown> = {},
  changes: Record<string, unknown> = {},
): Record<string, unknown> =>
  lead({
    event_name: 'LeadSubmitted',
    action_source: 'business_messaging',
    messaging_channel: 'whatsapp',
    user_data: { ctwa_clid: click, whatsapp_business_account_id: '555', ...userData },
    ...changes,
  });

describe('a messaging event', () => {
  it('is taken for the click it belongs to, and never compared with others', async () => {
    const event = fromWhatsApp({ ph: sha256('380671234567') }, { event_id: 'a' });
    expect((await send([event, event])).status).toBe(200);
    expect(sandbox.meta.distinct()).toHaveLength(2);
  });

  it('is refused for a click of more than seven days ago', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 8 * 86_400_000 });
    try {
      const { body } = await send([fromWhatsApp()]);
      expect(body).toMatchObject({ error: { error_subcode: 2804087 } });
    } finally {
      vi.useRealTimers();
    }
  });

  it('is taken from Messenger and Instagram', async () => {
    const answer = await send([
      fromWhatsApp(
        {},
        { messaging_channel: 'messenger', user_data: { page_id: '777', page_scoped_user_id: '1' } },
      ),
      fromWhatsApp({}, { messaging_channel: 'instagram', user_data: { ig_account_id: '888', ig_sid: '1' } }),
    ]);
    expect(answer.body).toMatchObject({ events_received: 2 });
  });

  it.each<[string, number | undefined, () => Record<string, unknown>]>([
    ['a name of websites', 2804066, () => fromWhatsApp({}, { event_name: 'Lead' })],
    ['no channel', undefined, () => fromWhatsApp({}, { messaging_channel: undefined })],
    ['a click that nobody made', 2804087, () => fromWhatsApp({ ctwa_clid: 'invented' })],
    ['no click', 2804050, () => fromWhatsApp({ ctwa_clid: undefined })],
    ['no account', 2804116, () => fromWhatsApp({ whatsapp_business_account_id: undefined })],
    ['another account', 2804132, () => fromWhatsApp({ whatsapp_business_account_id: '556' })],
    ['a page beside the click', 2804072, () => fromWhatsApp({ page_id: '777' })],
    [
      'a page that is not connected',
      2804131,
      () =>
        fromWhatsApp(
          {},
          { messaging_channel: 'messenger', user_data: { page_id: '1', page_scoped_user_id: '2' } },
        ),
    ],
    [
      'a purchase without a currency',
      2804081,
      () => fromWhatsApp({}, { event_name: 'Purchase', custom_data: { value: 1 } }),
    ],
    [
      'a purchase without a value',
      2804009,
      () => fromWhatsApp({}, { event_name: 'Purchase', custom_data: { currency: 'UAH' } }),
    ],
    ['a raw phone', 2804016, () => fromWhatsApp({ ph: '380671234567' })],
  ])('with %s is refused', async (_, subcode, event) => {
    const answer = await send([event()]);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 100 } } });
    expect(answer.body.error.error_subcode).toBe(subcode);
  });

  it('with the click of another dataset is refused', async () => {
    const other = sandbox.meta.createDataset({ whatsappBusinessAccountId: '999' });
    const theirs = sandbox.meta.createClick(other);
    expect((await send([fromWhatsApp({ ctwa_clid: theirs })])).body.error.error_subcode).toBe(2804087);
  });
});
