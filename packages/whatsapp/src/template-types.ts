import type { MediaReference } from './message-types.ts';

/** A value that is put into a text; by position, or by name (`parameter_name`). A template knows one of both only. */
export type TextParameter =
  | { type: 'text'; text: string; parameter_name?: string }
  | {
      type: 'currency';
      currency: { fallback_value: string; code: string; amount_1000: number };
      parameter_name?: string;
    }
  | { type: 'date_time'; date_time: { fallback_value: string }; parameter_name?: string };

/** What stands above the text. Prefer an uploaded `id` to a `link`. */
export type HeaderParameter =
  | TextParameter
  | { type: 'image'; image: MediaReference }
  | { type: 'video'; video: MediaReference }
  | { type: 'document'; document: MediaReference & { filename?: string } }
  | {
      type: 'location';
      location: { latitude: number | string; longitude: number | string; name?: string; address?: string };
    }
  | { type: 'product'; product: { product_retailer_id: string; catalog_id: string } };

/** What a button needs. */
export type ButtonParameter =
  | { type: 'payload'; payload: string }
  | { type: 'text'; text: string }
  | { type: 'coupon_code'; coupon_code: string }
  | { type: 'action'; action: Readonly<Record<string, unknown>> };

/** What a button of a template does. */
export type ButtonKind =
  | 'quick_reply'
  | 'url'
  | 'copy_code'
  | 'flow'
  | 'catalog'
  | 'mpm'
  | 'spm'
  | 'voice_call'
  | 'order_details';

/** A button; `index` is its place among all buttons of the template. */
export interface ButtonComponent {
  type: 'button';
  sub_type: ButtonKind | Uppercase<ButtonKind>;
  index: string | number;
  parameters?: readonly ButtonParameter[];
}

/** A part of a template that is filled in. */
export type TemplateComponent =
  | { type: 'header'; parameters: readonly HeaderParameter[] }
  | { type: 'body'; parameters: readonly TextParameter[] }
  | ButtonComponent
  | {
      type: 'limited_time_offer';
      parameters: readonly [
        { type: 'limited_time_offer'; limited_time_offer: { expiration_time_ms: number } },
      ];
    }
  | {
      type: 'carousel';
      cards: readonly {
        card_index: number;
        components: readonly (
          | { type: 'header'; parameters: readonly HeaderParameter[] }
          | { type: 'body'; parameters: readonly TextParameter[] }
          | ButtonComponent
        )[];
      }[];
    };

/** An approved template, filled in. @see https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview */
export interface Template {
  name: string;
  /** Exactly the language of the template: `en` is not `en_US`. */
  language: { code: string; policy?: 'deterministic' };
  components?: readonly TemplateComponent[];
}
