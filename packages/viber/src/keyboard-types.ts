/** What a tap does. `open-map` is for buttons with a `Map`. */
export type ViberActionType = 'reply' | 'open-url' | 'share-phone' | 'location-picker' | 'open-map' | 'none';

/** How media of a button fill it. */
export type ViberScaleType = 'crop' | 'fill' | 'fit';

/** One button, in Viber's own spelling, which is sent as it is. @see https://developers.viber.com/docs/tools/keyboards/ */
export interface ViberButton {
  /** Width, 1 to 6. @default 6 */
  Columns?: number | undefined;
  /** Height: 1 to 2 on a keyboard, 1 to 7 in rich media. @default 1 */
  Rows?: number | undefined;
  /** @default 'reply' */
  ActionType?: ViberActionType | undefined;
  /** What the bot gets (`reply`, at most 250 characters) or the address to open. */
  ActionBody?: string | undefined;
  /** At most 250 characters; a few HTML tags. */
  Text?: string | undefined;
  TextSize?: 'small' | 'medium' | 'regular' | 'large' | undefined;
  TextVAlign?: 'top' | 'middle' | 'bottom' | undefined;
  TextHAlign?: 'left' | 'center' | 'right' | undefined;
  /** 0 to 100. */
  TextOpacity?: number | undefined;
  /** Top, left, bottom, right: 0 to 12 each. */
  TextPaddings?: readonly [number, number, number, number] | undefined;
  TextBgGradientColor?: string | undefined;
  TextShouldFit?: boolean | undefined;
  Image?: string | undefined;
  ImageScaleType?: ViberScaleType | undefined;
  /** `#rrggbb` */
  BgColor?: string | undefined;
  BgMediaType?: 'picture' | 'gif' | undefined;
  BgMedia?: string | undefined;
  BgMediaScaleType?: ViberScaleType | undefined;
  BgLoop?: boolean | undefined;
  OpenURLType?: 'internal' | 'external' | undefined;
  OpenURLMediaType?: 'not-media' | 'video' | 'gif' | 'picture' | undefined;
  InternalBrowser?: Readonly<Record<string, unknown>> | undefined;
  Map?: { Latitude: string; Longitude: string } | undefined;
  Frame?:
    | {
        BorderWidth?: number | undefined;
        BorderColor?: string | undefined;
        CornerRadius?: number | undefined;
      }
    | undefined;
  MediaPlayer?: Readonly<Record<string, unknown>> | undefined;
  /** The tap is not shown in the chat. */
  Silent?: boolean | undefined;
}

/** A keyboard under the chat. Make it with `keyboard()`, or write it. */
export interface ViberKeyboard {
  Type: 'keyboard';
  Buttons: readonly ViberButton[];
  DefaultHeight?: boolean | undefined;
  /** Percent of the screen, 40 to 70. */
  CustomDefaultHeight?: number | undefined;
  /** Percent of a button's height, 20 to 100. */
  HeightScale?: number | undefined;
  BgColor?: string | undefined;
  /** 1 to 6. @default 6 */
  ButtonsGroupColumns?: number | undefined;
  ButtonsGroupRows?: number | undefined;
  InputFieldState?: 'regular' | 'minimized' | 'hidden' | undefined;
  FavoritesMetadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Cards side by side. Make them with `richMedia()`, or write them. */
export interface ViberRichMedia {
  Type: 'rich_media';
  Buttons: readonly ViberButton[];
  /** Columns of a card, 1 to 6. @default 6 */
  ButtonsGroupColumns?: number | undefined;
  /** Rows of a card, 1 to 7. @default 7 */
  ButtonsGroupRows?: number | undefined;
  BgColor?: string | undefined;
}
