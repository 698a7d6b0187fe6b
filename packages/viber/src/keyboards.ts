import { parseWith } from '@cartie/core';
import { cellsOf, keyboardSchema, richMediaSchema } from './check-keyboard.ts';
import { invalid, service } from './invalid.ts';
import type { ViberActionType, ViberButton, ViberKeyboard, ViberRichMedia } from './keyboard-types.ts';

/** The looks of a button: every field but what it does. */
export type ViberButtonStyle = Omit<ViberButton, 'ActionType' | 'ActionBody' | 'Text'>;

/** A button that answers. @param body what the bot gets; the text itself if absent */
export function replyButton(text: string, body: string = text, style: ViberButtonStyle = {}): ViberButton {
  return button('reply', text, style, body);
}

/** A button that opens an address. */
export function urlButton(text: string, address: string, style: ViberButtonStyle = {}): ViberButton {
  return button('open-url', text, style, address);
}

/** A button that sends the user's phone number as a `contact` message. Needs an app of API version 3. */
export function sharePhoneButton(text: string, style: ViberButtonStyle = {}): ViberButton {
  return button('share-phone', text, style, 'share-phone');
}

/** A button that lets the user choose a place and sends it as a `location` message. Needs an app of API version 3. */
export function locationButton(text: string, style: ViberButtonStyle = {}): ViberButton {
  return button('location-picker', text, style, 'location-picker');
}

/** A button that only shows something. */
export function plainButton(text: string, style: ViberButtonStyle = {}): ViberButton {
  return button('none', text, style, undefined);
}

/** Options of {@link keyboard}. */
export type ViberKeyboardOptions = Partial<Omit<ViberKeyboard, 'Type' | 'Buttons'>>;

/**
 * A keyboard of rows. Buttons of one row share its width; one that says its own `Columns` keeps it.
 *
 * ```ts
 * keyboard([[replyButton('Yes'), replyButton('No')], [sharePhoneButton('Call me')]])
 * ```
 *
 * @throws CartieError `invalid_input` that names the field
 */
export function keyboard(
  rows: readonly (readonly ViberButton[])[],
  options: ViberKeyboardOptions = {},
): ViberKeyboard {
  checkRows(rows, 'rows', 'keyboard');
  const columns = options.ButtonsGroupColumns ?? 6;
  const made: ViberKeyboard = {
    Type: 'keyboard',
    ...options,
    Buttons: rows.flatMap((row, index) => fitted(row, columns, `rows[${index}]`)),
  };
  parseWith(keyboardSchema, made, { service, operation: 'keyboard', code: 'invalid_input' });
  return made;
}

/** Options of {@link richMedia}. */
export interface ViberRichMediaOptions {
  /** Width of a card, 1 to 6. @default 6 */
  columns?: number | undefined;
  /** Height of a card, 1 to 7. @default 7 */
  rows?: number | undefined;
  /** `#rrggbb` */
  BgColor?: string | undefined;
}

/**
 * Cards side by side, up to six. Viber fills one card after another, so each but the last must fill its card.
 * A button is as wide as its card unless it says its own `Columns`.
 *
 * @throws CartieError `invalid_input` that names the field
 */
export function richMedia(
  cards: readonly (readonly ViberButton[])[],
  { columns = 6, rows = 7, BgColor }: ViberRichMediaOptions = {},
): ViberRichMedia {
  checkRows(cards, 'cards', 'richMedia');
  const filled = cards.map((card) => card.map((one) => ({ ...one, Columns: one.Columns ?? columns })));
  for (const [index, card] of filled.entries()) {
    const cells = cellsOf(card);
    const isLast = index === filled.length - 1;
    if (cells > columns * rows || (!isLast && cells < columns * rows)) {
      throw invalid(
        `cards[${index}]`,
        `must fill ${columns} columns of ${rows} rows, and fills ${cells} of ${columns * rows} cells`,
        'richMedia',
      );
    }
  }
  const made: ViberRichMedia = {
    Type: 'rich_media',
    ButtonsGroupColumns: columns,
    ButtonsGroupRows: rows,
    ...(BgColor !== undefined && { BgColor }),
    Buttons: filled.flat(),
  };
  parseWith(richMediaSchema, made, { service, operation: 'richMedia', code: 'invalid_input' });
  return made;
}

function checkRows(rows: unknown, field: string, operation: string): void {
  if (!Array.isArray(rows) || !rows.every(Array.isArray)) {
    throw invalid(field, 'must be a list of lists of buttons', operation);
  }
}

function button(
  ActionType: ViberActionType,
  Text: string,
  style: ViberButtonStyle,
  ActionBody: string | undefined,
): ViberButton {
  return { ...style, ActionType, ...(ActionBody !== undefined && { ActionBody }), Text };
}

function fitted(row: readonly ViberButton[], columns: number, at: string): ViberButton[] {
  const taken = row.reduce((sum, { Columns = 0 }) => sum + Columns, 0);
  const open = row.filter(({ Columns }) => Columns === undefined).length;
  const free = columns - taken;
  if (free < open) {
    throw invalid(at, `must fit into ${columns} columns: fewer or narrower buttons`, 'keyboard');
  }
  let spare = open === 0 ? 0 : free % open;
  return row.map((one) => {
    if (one.Columns !== undefined) return one;
    const Columns = Math.floor(free / open) + (spare-- > 0 ? 1 : 0);
    return { ...one, Columns };
  });
}
