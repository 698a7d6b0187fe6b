import { describe, expect, test } from 'vitest';
import {
  keyboard,
  locationButton,
  plainButton,
  replyButton,
  richMedia,
  sharePhoneButton,
  urlButton,
} from './index.ts';

const columns = (rows: Parameters<typeof keyboard>[0]): (number | undefined)[] =>
  keyboard(rows).Buttons.map(({ Columns }) => Columns);
const b = replyButton('x');

describe('a keyboard of rows', () => {
  test.each([
    [1, [6]],
    [2, [3, 3]],
    [3, [2, 2, 2]],
    [4, [2, 2, 1, 1]],
    [5, [2, 1, 1, 1, 1]],
    [6, [1, 1, 1, 1, 1, 1]],
  ])('shares its width among %i buttons', (count, widths) => {
    expect(columns([Array(count).fill(b)])).toEqual(widths);
  });

  test('leaves a button the width that it says', () => {
    expect(columns([[replyButton('x', 'x', { Columns: 4 }), b], [b]])).toEqual([4, 2, 6]);
  });

  test('refuses what does not fit, and names the row', () => {
    expect(() => keyboard([[b], Array(7).fill(b)])).toThrow(
      expect.objectContaining({ code: 'invalid_input', field: 'rows[1]' }),
    );
    expect(() => keyboard(Array(25).fill([b]))).toThrow(expect.objectContaining({ field: 'Buttons' }));
    expect(() => keyboard([])).toThrow(expect.objectContaining({ field: 'Buttons' }));
    for (const rows of [undefined, 'x', [b]]) {
      expect(() => keyboard(rows as never)).toThrow(
        expect.objectContaining({ code: 'invalid_input', field: 'rows' }),
      );
      expect(() => richMedia(rows as never)).toThrow(
        expect.objectContaining({ code: 'invalid_input', field: 'cards' }),
      );
    }
  });

  test('writes Viber’s own spelling', () => {
    expect(
      keyboard(
        [
          [replyButton('Yes', 'yes'), urlButton('Site', 'https://cars.example')],
          [sharePhoneButton('Call me')],
          [locationButton('Here'), plainButton('…')],
        ],
        { InputFieldState: 'hidden' },
      ),
    ).toEqual({
      Type: 'keyboard',
      InputFieldState: 'hidden',
      Buttons: [
        { ActionType: 'reply', ActionBody: 'yes', Text: 'Yes', Columns: 3 },
        { ActionType: 'open-url', ActionBody: 'https://cars.example', Text: 'Site', Columns: 3 },
        { ActionType: 'share-phone', ActionBody: 'share-phone', Text: 'Call me', Columns: 6 },
        { ActionType: 'location-picker', ActionBody: 'location-picker', Text: 'Here', Columns: 3 },
        { ActionType: 'none', Text: '…', Columns: 3 },
      ],
    });
  });
});

describe('cards', () => {
  const card = [plainButton('BMW X5', { Rows: 2 }), replyButton('Buy', 'buy')];

  test('stand side by side when each is filled', () => {
    expect(richMedia([card, card], { rows: 3 })).toMatchObject({
      Type: 'rich_media',
      ButtonsGroupColumns: 6,
      ButtonsGroupRows: 3,
      Buttons: [{ Columns: 6, Rows: 2 }, { Columns: 6 }, { Columns: 6, Rows: 2 }, { Columns: 6 }],
    });
  });

  test('that would flow into each other are refused; the last may have room', () => {
    expect(() => richMedia([card, card], { rows: 4 })).toThrow(
      expect.objectContaining({ field: 'cards[0]' }),
    );
    expect(() => richMedia([card], { rows: 4 })).not.toThrow();
    expect(() => richMedia([card, card], { rows: 2 })).toThrow(
      expect.objectContaining({ field: 'cards[0]' }),
    );
  });

  test('are six at most', () => {
    expect(() => richMedia(Array(6).fill(card), { rows: 3 })).not.toThrow();
    expect(() => richMedia(Array(7).fill(card), { rows: 3 })).toThrow(
      expect.objectContaining({ field: 'Buttons' }),
    );
  });
});
