import { refusal } from './statuses.ts';

/** A message as it came over the wire. */
export type WireMessage = Readonly<Record<string, unknown>>;

/** The newest API version that apps speak here. */
export const newestApiVersion = 10;

/**
 * Refuses what Viber refuses: 3 badData, 4 missingData, 13 and 14 for versions. Lengths in UTF-16 units, sizes in bytes.
 * @see https://developers.viber.com/docs/api/rest-bot-api/#message-types
 */
export function checkMessage(message: WireMessage): void {
  const { type, sender, tracking_data, min_api_version = 1, keyboard } = message;
  const senderName = objectOf(sender, 'sender').name;
  textOf(senderName, 'sender.name', 28);
  if (tracking_data !== undefined) textOf(tracking_data, 'tracking_data', 4_000, 0);
  const version = Number(min_api_version);
  if (!Number.isInteger(version) || version < 1) throw refusal(3, 'min_api_version');
  if (version > newestApiVersion) throw refusal(13);
  if (type === undefined) {
    if (keyboard === undefined) throw refusal(4, 'type');
  } else {
    const check = typeof type === 'string' && Object.hasOwn(types, type) ? types[type] : undefined;
    if (check === undefined) throw refusal(3, 'type');
    check(message);
  }
  if (keyboard !== undefined) checkKeyboard(objectOf(keyboard, 'keyboard'));
  if (version < neededVersion(message)) throw refusal(14);
}

const types: Readonly<Record<string, (message: WireMessage) => void>> = {
  text: ({ text }) => textOf(text, 'text', 7_000),
  picture: ({ text, media }) => {
    if (text === undefined) throw refusal(4, 'text');
    textOf(text, 'text', 768, 0);
    textOf(media, 'media', 2_000);
  },
  video: ({ media, size, duration }) => {
    textOf(media, 'media', 2_000);
    sizeOf(size, 26 << 20);
    if (duration !== undefined && !(Number(duration) > 0 && Number(duration) <= 180)) {
      throw refusal(3, 'duration');
    }
  },
  file: ({ media, size, file_name }) => {
    textOf(media, 'media', 2_000);
    sizeOf(size, 50 << 20);
    textOf(file_name, 'file_name', 256);
  },
  contact: ({ contact }) => {
    const { name, phone_number } = objectOf(contact, 'contact');
    textOf(name, 'contact.name', 28);
    textOf(phone_number, 'contact.phone_number', 18);
  },
  location: ({ location }) => {
    const { lat, lon } = objectOf(location, 'location');
    if (!(Math.abs(Number(lat)) <= 90 && Math.abs(Number(lon)) <= 180)) throw refusal(3, 'location');
  },
  url: ({ media }) => textOf(media, 'media', 2_000),
  sticker: ({ sticker_id }) => {
    if (sticker_id === undefined) throw refusal(4, 'sticker_id');
    if (!Number.isInteger(sticker_id)) throw refusal(3, 'sticker_id');
  },
  rich_media: ({ rich_media }) => {
    const media = objectOf(rich_media, 'rich_media');
    if (media.Type !== 'rich_media') throw refusal(3, 'rich_media.Type');
    const columns = Number(media.ButtonsGroupColumns ?? 6);
    const rows = Number(media.ButtonsGroupRows ?? 7);
    if (!(columns >= 1 && columns <= 6 && rows >= 1 && rows <= 7)) {
      throw refusal(3, 'rich_media.ButtonsGroupColumns');
    }
    checkButtons(media.Buttons, { columns, rows, cells: 6 * columns * rows });
  },
};

function checkKeyboard(keyboard: WireMessage): void {
  if (keyboard.Type !== 'keyboard') throw refusal(3, 'keyboard.Type');
  const columns = Number(keyboard.ButtonsGroupColumns ?? 6);
  if (!(columns >= 1 && columns <= 6)) throw refusal(3, 'keyboard.ButtonsGroupColumns');
  checkButtons(keyboard.Buttons, { columns, rows: 2, cells: 24 * columns });
  const { CustomDefaultHeight: height, HeightScale: scale } = keyboard;
  if (height !== undefined && !(Number(height) >= 40 && Number(height) <= 70)) {
    throw refusal(3, 'keyboard.CustomDefaultHeight');
  }
  if (scale !== undefined && !(Number(scale) >= 20 && Number(scale) <= 100)) {
    throw refusal(3, 'keyboard.HeightScale');
  }
}

const actions = ['reply', 'open-url', 'share-phone', 'location-picker', 'open-map', 'none'];

function checkButtons(
  given: unknown,
  { columns, rows, cells }: { columns: number; rows: number; cells: number },
): void {
  if (given === undefined) throw refusal(4, 'Buttons');
  if (!Array.isArray(given) || given.length === 0) throw refusal(3, 'Buttons');
  let filled = 0;
  for (const one of given as unknown[]) {
    const { Columns = 6, Rows = 1, ActionType = 'reply', ActionBody, Text } = objectOf(one, 'Buttons');
    const width = Number(Columns);
    const height = Number(Rows);
    if (!(width >= 1 && width <= columns)) throw refusal(3, 'Buttons.Columns');
    if (!(height >= 1 && height <= rows)) throw refusal(3, 'Buttons.Rows');
    if (!actions.includes(String(ActionType))) throw refusal(3, 'Buttons.ActionType');
    if (ActionType === 'reply') textOf(ActionBody, 'Buttons.ActionBody', 250);
    if (ActionType === 'open-url') textOf(ActionBody, 'Buttons.ActionBody', 2_000);
    if (Text !== undefined) textOf(Text, 'Buttons.Text', 250, 0);
    filled += width * height;
  }
  if (filled > cells) throw refusal(3, 'Buttons');
}

/** Versions that features need; Viber's pages are not exact about all of them. */
function neededVersion({ type, keyboard, rich_media }: WireMessage): number {
  const buttons = [keyboard, rich_media].flatMap((one) =>
    typeof one === 'object' && one !== null && 'Buttons' in one && Array.isArray(one.Buttons)
      ? (one.Buttons as WireMessage[])
      : [],
  );
  const needs = [type === 'rich_media' ? 2 : 1];
  if (keyboard !== undefined && (keyboard as WireMessage).InputFieldState !== undefined) needs.push(4);
  for (const { ActionType, Frame, Map: map, TextShouldFit } of buttons) {
    if (ActionType === 'share-phone' || ActionType === 'location-picker') needs.push(3);
    if (Frame !== undefined || map !== undefined || TextShouldFit !== undefined) needs.push(6);
  }
  return Math.max(...needs);
}

function objectOf(value: unknown, field: string): WireMessage {
  if (value === undefined) throw refusal(4, field);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal(3, field);
  return value as WireMessage;
}

function textOf(value: unknown, field: string, longest: number, shortest = 1): void {
  if (value === undefined) throw refusal(4, field);
  if (typeof value !== 'string' || value.length < shortest || value.length > longest) throw refusal(3, field);
}

function sizeOf(value: unknown, largest: number): void {
  if (value === undefined) throw refusal(4, 'size');
  if (!(Number.isInteger(value) && Number(value) > 0 && Number(value) <= largest)) throw refusal(3, 'size');
}
