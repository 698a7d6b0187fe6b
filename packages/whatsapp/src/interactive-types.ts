import type { MediaReference } from './message-types.ts';

/** A header with a text or a file. */
export type InteractiveHeader =
  | { type: 'text'; text: string }
  | { type: 'image'; image: MediaReference }
  | { type: 'video'; video: MediaReference }
  | { type: 'document'; document: MediaReference & { filename?: string } };

interface Parts {
  body: { text: string };
  footer?: { text: string };
}

interface WithHeader {
  header?: InteractiveHeader;
}

/** One card of a carousel. All cards have the same kind and number of buttons. */
export interface CarouselCard {
  card_index: number;
  type: 'cta_url';
  header: { type: 'image'; image: MediaReference } | { type: 'video'; video: MediaReference };
  body?: { text: string };
  action:
    | { name: 'cta_url'; parameters: { display_text: string; url: string } }
    | { buttons: readonly { type: 'quick_reply'; quick_reply: { id: string; title: string } }[] };
}

/** An amount: `value` by `offset`, 1234 and 100 for 12.34. */
export interface Amount {
  value: number;
  offset: number;
}

/** What is to be paid. @see https://developers.facebook.com/documentation/business-messaging/whatsapp/payments/payments-in/overview */
export interface OrderDetails {
  reference_id: string;
  type: 'digital-goods' | 'physical-goods';
  currency: string;
  total_amount: Amount;
  order: {
    status: 'pending';
    items: readonly {
      retailer_id?: string;
      name: string;
      amount: Amount;
      quantity: number;
      sale_amount?: Amount;
    }[];
    subtotal: Amount;
    tax?: Amount & { description?: string };
    shipping?: Amount & { description?: string };
    discount?: Amount & { description?: string; discount_program_name?: string };
    catalog_id?: string;
    expiration?: { timestamp: string; description?: string };
  };
  payment_settings?: readonly Readonly<Record<string, unknown>>[];
  payment_type?: string;
  payment_configuration?: string;
}

/** Buttons, lists, products, flows and whatever else a customer can act on. */
export type Interactive =
  | (Parts &
      WithHeader & {
        type: 'button';
        action: { buttons: readonly { type: 'reply'; reply: { id: string; title: string } }[] };
      })
  | (Parts & {
      type: 'list';
      header?: { type: 'text'; text: string };
      action: {
        button: string;
        sections: readonly {
          title?: string;
          rows: readonly { id: string; title: string; description?: string }[];
        }[];
      };
    })
  | (Parts &
      WithHeader & {
        type: 'cta_url';
        action: { name: 'cta_url'; parameters: { display_text: string; url: string } };
      })
  | (Parts &
      WithHeader & {
        type: 'flow';
        action: {
          name: 'flow';
          parameters: {
            flow_message_version: '3';
            flow_cta: string;
            flow_token?: string;
            flow_action?: 'navigate' | 'data_exchange';
            flow_action_payload?: { screen: string; data?: Readonly<Record<string, unknown>> };
            mode?: 'draft' | 'published';
          } & ({ flow_id: string; flow_name?: never } | { flow_name: string; flow_id?: never });
        };
      })
  | (Partial<Parts> & {
      type: 'product';
      action: { catalog_id: string; product_retailer_id: string };
    })
  | (Parts & {
      type: 'product_list';
      header: { type: 'text'; text: string };
      action: {
        catalog_id: string;
        sections: readonly { title?: string; product_items: readonly { product_retailer_id: string }[] }[];
      };
    })
  | (Parts & {
      type: 'catalog_message';
      action: { name: 'catalog_message'; parameters?: { thumbnail_product_retailer_id?: string } };
    })
  | { type: 'location_request_message'; body: { text: string }; action: { name: 'send_location' } }
  | (Parts &
      WithHeader & {
        type: 'address_message';
        action: {
          name: 'address_message';
          parameters: { country: string } & Readonly<Record<string, unknown>>;
        };
      })
  | { type: 'carousel'; body: { text: string }; action: { cards: readonly CarouselCard[] } }
  | (Partial<Parts> & { type: 'call_permission_request'; action: { name: 'call_permission_request' } })
  | (Parts & {
      type: 'voice_call';
      action: {
        name: 'voice_call';
        parameters?: { display_text?: string; ttl_minutes?: number; payload?: string };
      };
    })
  | (Parts & { type: 'request_contact_info'; action: { name: 'request_contact_info' } })
  | (Parts &
      WithHeader & { type: 'order_details'; action: { name: 'review_and_pay'; parameters: OrderDetails } })
  | (Parts & {
      type: 'order_status';
      action: {
        name: 'review_order';
        parameters: {
          reference_id: string;
          order: { status: string; description?: string };
        } & Readonly<Record<string, unknown>>;
      };
    });
