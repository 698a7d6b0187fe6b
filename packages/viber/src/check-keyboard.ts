import { z } from 'zod';
import { limits } from './limits.ts';

/**
 * What a keyboard or rich media may be. Fields that are not named here are newer than this package and pass as they are;
 * no letter case is ever changed.
 * @see https://developers.viber.com/docs/tools/keyboards/
 */
const color = z.custom<string>(
  (value) => typeof value === 'string' && /^#(?:[\da-f]{6}|[\da-f]{3})$/i.test(value),
  'must be a color such as #2db9b9',
);
const url = z.string().min(1).max(limits.url);
const scaleType = z.enum(['crop', 'fill', 'fit']);

const button = (maxRows: number) =>
  z
    .looseObject({
      Columns: z.int().min(1).max(6).optional(),
      Rows: z.int().min(1).max(maxRows).optional(),
      ActionType: z
        .enum(['reply', 'open-url', 'share-phone', 'location-picker', 'open-map', 'none'])
        .optional(),
      ActionBody: z.string().max(limits.url).optional(),
      Text: z.string().max(limits.buttonText).optional(),
      TextSize: z.enum(['small', 'medium', 'regular', 'large']).optional(),
      TextVAlign: z.enum(['top', 'middle', 'bottom']).optional(),
      TextHAlign: z.enum(['left', 'center', 'right']).optional(),
      TextOpacity: z.int().min(0).max(100).optional(),
      TextPaddings: z.array(z.int().min(0).max(12)).min(4).max(4).optional(),
      TextBgGradientColor: color.optional(),
      TextShouldFit: z.boolean().optional(),
      Image: url.optional(),
      ImageScaleType: scaleType.optional(),
      BgColor: color.optional(),
      BgMediaType: z.enum(['picture', 'gif']).optional(),
      BgMedia: url.optional(),
      BgMediaScaleType: scaleType.optional(),
      BgLoop: z.boolean().optional(),
      OpenURLType: z.enum(['internal', 'external']).optional(),
      OpenURLMediaType: z.enum(['not-media', 'video', 'gif', 'picture']).optional(),
      InternalBrowser: z.looseObject({}).optional(),
      Map: z.looseObject({ Latitude: z.string(), Longitude: z.string() }).optional(),
      Frame: z
        .looseObject({
          BorderWidth: z.int().min(0).max(10).optional(),
          BorderColor: color.optional(),
          CornerRadius: z.int().min(0).max(10).optional(),
        })
        .optional(),
      MediaPlayer: z.looseObject({}).optional(),
      Silent: z.boolean().optional(),
    })
    .superRefine((given, context) => {
      const type = given.ActionType ?? 'reply';
      const body = given.ActionBody;
      const fault = (message: string): void =>
        context.addIssue({ code: 'custom', path: ['ActionBody'], message });
      if ((type === 'reply' || type === 'open-url') && (body === undefined || body === '')) {
        fault(`is required where \`ActionType\` is ${type}`);
      } else if (type === 'reply' && body !== undefined && body.length > limits.actionBody) {
        fault(`must be at most ${limits.actionBody} characters long`);
      }
      if (type === 'open-map' && given.Map === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['Map'],
          message: 'is required where `ActionType` is open-map',
        });
      }
    });

interface Cells {
  Columns?: number | undefined;
  Rows?: number | undefined;
}

/** How many cells buttons fill. */
export function cellsOf(buttons: readonly Cells[]): number {
  return buttons.reduce((sum, { Columns = 6, Rows = 1 }) => sum + Columns * Rows, 0);
}

function checkWidths(
  buttons: readonly Cells[],
  columns: number,
  rows: number,
  context: z.core.$RefinementCtx,
): void {
  for (const [index, { Columns = 6, Rows = 1 }] of buttons.entries()) {
    const [field, most] = Columns > columns ? (['Columns', columns] as const) : (['Rows', rows] as const);
    if (Columns <= columns && Rows <= rows) continue;
    const message = `must be at most ${most}, as many as the group has`;
    context.issues.push({ code: 'custom', path: ['Buttons', index, field], message, input: undefined });
  }
}

/** A keyboard. */
export const keyboardSchema = z
  .looseObject({
    Type: z.literal('keyboard'),
    Buttons: z.array(button(2)).min(1),
    DefaultHeight: z.boolean().optional(),
    CustomDefaultHeight: z.int().min(40).max(70).optional(),
    HeightScale: z.int().min(20).max(100).optional(),
    BgColor: color.optional(),
    ButtonsGroupColumns: z.int().min(1).max(6).optional(),
    ButtonsGroupRows: z.int().min(1).max(7).optional(),
    InputFieldState: z.enum(['regular', 'minimized', 'hidden']).optional(),
    FavoritesMetadata: z.looseObject({}).optional(),
  })
  .superRefine((given, context) => {
    const columns = given.ButtonsGroupColumns ?? 6;
    checkWidths(given.Buttons, columns, 2, context);
    if (cellsOf(given.Buttons) > limits.keyboardRows * columns) {
      context.addIssue({
        code: 'custom',
        path: ['Buttons'],
        message: `must fill at most ${limits.keyboardRows} rows`,
      });
    }
  });

/** Rich media. */
export const richMediaSchema = z
  .looseObject({
    Type: z.literal('rich_media'),
    Buttons: z.array(button(7)).min(1),
    ButtonsGroupColumns: z.int().min(1).max(6).optional(),
    ButtonsGroupRows: z.int().min(1).max(7).optional(),
    BgColor: color.optional(),
  })
  .superRefine((given, context) => {
    const columns = given.ButtonsGroupColumns ?? 6;
    const rows = given.ButtonsGroupRows ?? 7;
    checkWidths(given.Buttons, columns, rows, context);
    if (cellsOf(given.Buttons) > limits.cards * columns * rows) {
      context.addIssue({
        code: 'custom',
        path: ['Buttons'],
        message: `must fill at most ${limits.cards} cards`,
      });
    }
  });
