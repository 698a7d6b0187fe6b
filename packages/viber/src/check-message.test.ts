import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authToken, type Listening, startViber } from '../tests/support.ts';
import { createViberClient, type ViberClient } from './index.ts';

let server: Listening & { received: unknown[] };
let viber: ViberClient;
beforeAll(async () => {
  server = await startViber(() => ({ json: { status: 0, status_message: 'ok', message_token: 1 } }));
  viber = createViberClient({ authToken, sender: { name: 'Cars' }, baseUrl: server.url });
});
afterAll(() => server.close());

const x = (length: number): string => 'x'.repeat(length);
const text = { type: 'text', text: 'x' };
const button = { ActionType: 'reply', ActionBody: 'x', Text: 'x' };
const keys = (more: object, ...buttons: object[]): object => ({
  ...text,
  keyboard: { Type: 'keyboard', Buttons: buttons.length === 0 ? [button] : buttons, ...more },
});
const rich = (more: object, ...buttons: object[]): object => ({
  type: 'rich_media',
  rich_media: { Type: 'rich_media', Buttons: buttons.length === 0 ? [button] : buttons, ...more },
});
const at = 'keyboard.Buttons[0]';

// What is just too much, what is just allowed, and the field.
const limits: readonly (readonly [field: string, tooMuch: object, allowed: object])[] = [
  ['receiver', { ...text, receiver: '' }, text],
  ['type', { type: 'hologram' }, text],
  ['text', { type: 'text', text: x(7_001) }, { type: 'text', text: x(7_000) }],
  ['text', { type: 'text' }, text],
  ['sender.name', { ...text, sender: { name: x(29) } }, { ...text, sender: { name: x(28) } }],
  ['tracking_data', { ...text, tracking_data: x(4_001) }, { ...text, tracking_data: x(4_000) }],
  ['min_api_version', { ...text, min_api_version: 0 }, { ...text, min_api_version: 1 }],
  ['text', { type: 'picture', media: 'x', text: x(769) }, { type: 'picture', media: 'x', text: x(768) }],
  ['media', { type: 'picture', media: x(2_001) }, { type: 'picture', media: x(2_000) }],
  ['thumbnail', { type: 'picture', media: 'x', thumbnail: x(2_001) }, { type: 'picture', media: 'x' }],
  [
    'size',
    { type: 'video', media: 'x', size: (26 << 20) + 1 },
    { type: 'video', media: 'x', size: 26 << 20 },
  ],
  ['size', { type: 'video', media: 'x' }, { type: 'video', media: 'x', size: 1 }],
  [
    'duration',
    { type: 'video', media: 'x', size: 1, duration: 181 },
    { type: 'video', media: 'x', size: 1, duration: 180 },
  ],
  [
    'size',
    { type: 'file', media: 'x', file_name: 'x', size: (50 << 20) + 1 },
    { type: 'file', media: 'x', file_name: 'x', size: 50 << 20 },
  ],
  [
    'file_name',
    { type: 'file', media: 'x', file_name: x(257), size: 1 },
    { type: 'file', media: 'x', file_name: x(256), size: 1 },
  ],
  [
    'contact.name',
    { type: 'contact', contact: { name: x(29), phone_number: '1' } },
    { type: 'contact', contact: { name: x(28), phone_number: '1' } },
  ],
  [
    'contact.phone_number',
    { type: 'contact', contact: { name: 'x', phone_number: x(19) } },
    { type: 'contact', contact: { name: 'x', phone_number: x(18) } },
  ],
  [
    'location.lat',
    { type: 'location', location: { lat: 91, lon: 0 } },
    { type: 'location', location: { lat: 90, lon: 180 } },
  ],
  ['media', { type: 'url', media: x(2_001) }, { type: 'url', media: x(2_000) }],
  ['sticker_id', { type: 'sticker', sticker_id: 1.5 }, { type: 'sticker', sticker_id: 1 }],
  ['keyboard', {}, { keyboard: { Type: 'keyboard', Buttons: [button] } }],
  ['keyboard.Type', { ...text, keyboard: { Type: 'x', Buttons: [button] } }, text],
  ['keyboard.CustomDefaultHeight', keys({ CustomDefaultHeight: 39 }), keys({ CustomDefaultHeight: 40 })],
  ['keyboard.HeightScale', keys({ HeightScale: 101 }), keys({ HeightScale: 100 })],
  ['keyboard.InputFieldState', keys({ InputFieldState: 'gone' }), keys({ InputFieldState: 'hidden' })],
  ['keyboard.Buttons', keys({}, ...Array(25).fill(button)), keys({}, ...Array(24).fill(button))],
  [`${at}.Columns`, keys({}, { ...button, Columns: 7 }), keys({}, { ...button, Columns: 6 })],
  [
    `${at}.Columns`,
    keys({ ButtonsGroupColumns: 3 }, { ...button, Columns: 4 }),
    keys({ ButtonsGroupColumns: 3 }, { ...button, Columns: 3 }),
  ],
  [`${at}.Rows`, keys({}, { ...button, Rows: 3 }), keys({}, { ...button, Rows: 2 })],
  [`${at}.ActionType`, keys({}, { ...button, ActionType: 'dance' }), keys({})],
  [
    `${at}.ActionBody`,
    keys({}, { ...button, ActionBody: x(251) }),
    keys({}, { ...button, ActionBody: x(250) }),
  ],
  [`${at}.ActionBody`, keys({}, { Text: 'x' }), keys({}, { ActionType: 'none' })],
  [`${at}.Text`, keys({}, { ...button, Text: x(251) }), keys({}, { ...button, Text: x(250) })],
  [`${at}.BgColor`, keys({}, { ...button, BgColor: 'red' }), keys({}, { ...button, BgColor: '#ff0000' })],
  [`${at}.TextOpacity`, keys({}, { ...button, TextOpacity: 101 }), keys({}, { ...button, TextOpacity: 100 })],
  ['rich_media.Buttons[0].Rows', rich({}, { ...button, Rows: 8 }), rich({}, { ...button, Rows: 7 })],
  ['rich_media.ButtonsGroupRows', rich({ ButtonsGroupRows: 8 }), rich({ ButtonsGroupRows: 7 })],
  [
    'rich_media.Buttons',
    rich({ ButtonsGroupRows: 1 }, ...Array(7).fill(button)),
    rich({ ButtonsGroupRows: 1 }, ...Array(6).fill(button)),
  ],
];

describe('a limit is checked before anything is sent', () => {
  test.each(limits)('%s', async (field, tooMuch, allowed) => {
    const before = server.received.length;
    await expect(viber.sendMessage({ receiver: 'u', ...tooMuch } as never)).rejects.toMatchObject({
      code: 'invalid_input',
      outcome: 'not_executed',
      field,
      message: expect.stringContaining(`\`${field}\``),
    });
    expect(server.received).toHaveLength(before);
    await viber.sendMessage({ receiver: 'u', ...allowed } as never);
    expect(server.received).toHaveLength(before + 1);
  });

  test('30 KB of a request, counted in bytes', async () => {
    const message = (size: number) =>
      ({
        receiver: 'u',
        type: 'text',
        text: 'ї'.repeat(7_000),
        tracking_data: 'ї'.repeat(4_000),
        filler: x(size),
      }) as never;
    await viber.sendMessage(message(8_000));
    await expect(viber.sendMessage(message(9_000))).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('30720 bytes'),
    });
  });
});

describe('API versions', () => {
  const needy: readonly (readonly [string, object, number])[] = [
    ['rich_media', rich({}), 2],
    [`${at}.ActionType`, keys({}, { ActionType: 'share-phone', ActionBody: 'x' }), 3],
    [`${at}.ActionType`, keys({}, { ActionType: 'location-picker', ActionBody: 'x' }), 3],
    ['keyboard.InputFieldState', keys({ InputFieldState: 'hidden' }), 4],
    [`${at}.Frame`, keys({}, { ...button, Frame: {} }), 6],
    [`${at}.Map`, keys({}, { ActionType: 'open-map', Map: { Latitude: '1', Longitude: '1' } }), 6],
    [`${at}.TextShouldFit`, keys({}, { ...button, TextShouldFit: true }), 6],
  ];

  test.each(needy)('%s needs %i', async (field, message, version) => {
    const given = { receiver: 'u', ...message, min_api_version: version - 1 } as never;
    await expect(viber.sendMessage(given)).rejects.toMatchObject({
      field: 'min_api_version',
      message: expect.stringContaining(`${version}, which \`${field}\``),
    });
    await viber.sendMessage({ receiver: 'u', ...message, min_api_version: version } as never);
  });

  test('can be replaced, since Viber’s pages do not agree', async () => {
    const own = createViberClient({
      authToken,
      sender: { name: 'Cars' },
      baseUrl: server.url,
      limits: { apiVersions: { frame: 7 }, pictureText: 120, video: 50 << 20 },
    });
    const framed = keys({}, { ...button, Frame: {} });
    await expect(
      own.sendMessage({ receiver: 'u', ...framed, min_api_version: 6 } as never),
    ).rejects.toMatchObject({ field: 'min_api_version' });
    await expect(
      own.sendMessage({ receiver: 'u', type: 'picture', media: 'x', text: x(121) }),
    ).rejects.toMatchObject({ field: 'text' });
    await own.sendMessage({ receiver: 'u', type: 'video', media: 'x', size: 40 << 20 });
  });
});
