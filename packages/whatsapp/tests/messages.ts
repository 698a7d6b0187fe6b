import type { OutgoingMessage } from '../src/index.ts';

const to = '380671234567';
const body = { text: 'Choose' };
const image = { id: '901' };
const amount = (value: number) => ({ value, offset: 100 });

/** One valid message of every type and kind, as the documentation has it. */
export const validMessages: Readonly<Record<string, OutgoingMessage>> = {
  text: { to, type: 'text', text: { body: 'Your car is ready: https://example.com', preview_url: true } },
  'reply with opaque data': {
    to,
    type: 'text',
    text: { body: 'Yes' },
    context: { message_id: 'wamid.1' },
    biz_opaque_callback_data: 'order-7',
  },
  'to a user id': { recipient: 'UA.13491208655302741918', type: 'text', text: { body: 'Hi' } },
  'to a group': { to: 'Y2FwaV9ncm91cDo', recipient_type: 'group', type: 'text', text: { body: 'Hi all' } },
  image: { to, type: 'image', image: { link: 'https://example.com/car.jpg', caption: 'BMW X5' } },
  audio: { to, type: 'audio', audio: { id: '902', voice: true } },
  video: { to, type: 'video', video: { id: '903', caption: 'Drive' } },
  document: { to, type: 'document', document: { id: '904', filename: 'offer.pdf', caption: 'Offer' } },
  sticker: { to, type: 'sticker', sticker: { id: '905' } },
  location: {
    to,
    type: 'location',
    location: { latitude: 50.45, longitude: '30.52', name: 'Kyiv', address: 'Khreshchatyk' },
  },
  contacts: {
    to,
    type: 'contacts',
    contacts: [
      {
        name: { formatted_name: 'Olena K', first_name: 'Olena' },
        phones: [{ phone: '+380671234567', type: 'CELL', wa_id: '380671234567' }],
        emails: [{ email: 'olena@example.com', type: 'WORK' }],
        birthday: '1990-12-31',
        org: { company: 'Cars' },
      },
    ],
  },
  reaction: { to, type: 'reaction', reaction: { message_id: 'wamid.1', emoji: '👍' } },
  'reaction removed': { to, type: 'reaction', reaction: { message_id: 'wamid.1', emoji: '' } },
  pin: {
    to: 'Y2FwaV9ncm91cDo',
    recipient_type: 'group',
    type: 'pin',
    pin: { type: 'pin', message_id: 'wamid.1', expiration_days: 7 },
  },
  buttons: {
    to,
    type: 'interactive',
    interactive: {
      type: 'button',
      header: { type: 'image', image },
      body,
      footer: { text: 'Cars' },
      action: {
        buttons: [
          { type: 'reply', reply: { id: 'yes', title: 'Yes' } },
          { type: 'reply', reply: { id: 'no', title: 'No' } },
        ],
      },
    },
  },
  list: {
    to,
    type: 'interactive',
    interactive: {
      type: 'list',
      header: { type: 'text', text: 'Cars' },
      body,
      action: {
        button: 'Models',
        sections: [
          { title: 'BMW', rows: [{ id: 'x5', title: 'X5', description: '2020' }] },
          { title: 'Audi', rows: [{ id: 'q7', title: 'Q7' }] },
        ],
      },
    },
  },
  'CTA URL': {
    to,
    type: 'interactive',
    interactive: {
      type: 'cta_url',
      body,
      action: { name: 'cta_url', parameters: { display_text: 'Open', url: 'https://example.com' } },
    },
  },
  flow: {
    to,
    type: 'interactive',
    interactive: {
      type: 'flow',
      body,
      action: {
        name: 'flow',
        parameters: {
          flow_message_version: '3',
          flow_id: '77',
          flow_cta: 'Book',
          flow_token: 'token-1',
          flow_action: 'navigate',
          flow_action_payload: { screen: 'START', data: { car: 'x5' } },
          mode: 'draft',
        },
      },
    },
  },
  product: {
    to,
    type: 'interactive',
    interactive: { type: 'product', body, action: { catalog_id: 'c1', product_retailer_id: 'p1' } },
  },
  'product list': {
    to,
    type: 'interactive',
    interactive: {
      type: 'product_list',
      header: { type: 'text', text: 'Parts' },
      body,
      action: {
        catalog_id: 'c1',
        sections: [{ title: 'Wheels', product_items: [{ product_retailer_id: 'p1' }] }],
      },
    },
  },
  catalog: {
    to,
    type: 'interactive',
    interactive: {
      type: 'catalog_message',
      body,
      action: { name: 'catalog_message', parameters: { thumbnail_product_retailer_id: 'p1' } },
    },
  },
  'location request': {
    to,
    type: 'interactive',
    interactive: { type: 'location_request_message', body, action: { name: 'send_location' } },
  },
  address: {
    to,
    type: 'interactive',
    interactive: {
      type: 'address_message',
      body,
      action: { name: 'address_message', parameters: { country: 'IN' } },
    },
  },
  'carousel of links': {
    to,
    type: 'interactive',
    interactive: {
      type: 'carousel',
      body,
      action: {
        cards: [0, 1].map((card_index) => ({
          card_index,
          type: 'cta_url' as const,
          header: { type: 'image' as const, image },
          body: { text: 'A car\nto see' },
          action: {
            name: 'cta_url' as const,
            parameters: { display_text: 'See', url: 'https://example.com' },
          },
        })),
      },
    },
  },
  'carousel of quick replies': {
    to,
    type: 'interactive',
    interactive: {
      type: 'carousel',
      body,
      action: {
        cards: [0, 1].map((card_index) => ({
          card_index,
          type: 'cta_url' as const,
          header: { type: 'video' as const, video: { id: '903' } },
          action: {
            buttons: [{ type: 'quick_reply' as const, quick_reply: { id: `b${card_index}`, title: 'Take' } }],
          },
        })),
      },
    },
  },
  'call permission': {
    to,
    type: 'interactive',
    interactive: { type: 'call_permission_request', body, action: { name: 'call_permission_request' } },
  },
  'voice call': {
    to,
    type: 'interactive',
    interactive: {
      type: 'voice_call',
      body,
      action: { name: 'voice_call', parameters: { display_text: 'Call us', ttl_minutes: 60 } },
    },
  },
  'contact request': {
    to,
    type: 'interactive',
    interactive: { type: 'request_contact_info', body, action: { name: 'request_contact_info' } },
  },
  'order details': {
    to,
    type: 'interactive',
    interactive: {
      type: 'order_details',
      body,
      action: {
        name: 'review_and_pay',
        parameters: {
          reference_id: 'order-7',
          type: 'physical-goods',
          currency: 'INR',
          total_amount: amount(21_000),
          order: {
            status: 'pending',
            items: [{ name: 'Wheel', amount: amount(20_000), quantity: 1 }],
            subtotal: amount(20_000),
            tax: { ...amount(1_000), description: 'VAT' },
          },
        },
      },
    },
  },
  'order status': {
    to,
    type: 'interactive',
    interactive: {
      type: 'order_status',
      body,
      action: { name: 'review_order', parameters: { reference_id: 'order-7', order: { status: 'shipped' } } },
    },
  },
  'template by position': {
    to,
    type: 'template',
    template: {
      name: 'order_ready',
      language: { code: 'en_US', policy: 'deterministic' },
      components: [
        {
          type: 'header',
          parameters: [{ type: 'document', document: { id: '904', filename: 'offer.pdf' } }],
        },
        {
          type: 'body',
          parameters: [
            { type: 'text', text: 'Olena' },
            { type: 'currency', currency: { fallback_value: '$100.99', code: 'USD', amount_1000: 100_990 } },
            { type: 'date_time', date_time: { fallback_value: 'Monday' } },
          ],
        },
        {
          type: 'button',
          sub_type: 'quick_reply',
          index: '0',
          parameters: [{ type: 'payload', payload: 'yes' }],
        },
        { type: 'button', sub_type: 'url', index: '1', parameters: [{ type: 'text', text: 'x5' }] },
        {
          type: 'button',
          sub_type: 'copy_code',
          index: '2',
          parameters: [{ type: 'coupon_code', coupon_code: 'CARS10' }],
        },
        {
          type: 'button',
          sub_type: 'flow',
          index: '3',
          parameters: [{ type: 'action', action: { flow_token: 't' } }],
        },
        {
          type: 'button',
          sub_type: 'catalog',
          index: '4',
          parameters: [{ type: 'action', action: { thumbnail_product_retailer_id: 'p1' } }],
        },
        { type: 'button', sub_type: 'voice_call', index: '5' },
      ],
    },
  },
  'template by name with a location': {
    to,
    type: 'template',
    template: {
      name: 'visit',
      language: { code: 'uk' },
      components: [
        {
          type: 'header',
          parameters: [
            {
              type: 'location',
              location: { latitude: 50.45, longitude: 30.52, name: 'Kyiv', address: 'Khreshchatyk' },
            },
          ],
        },
        { type: 'body', parameters: [{ type: 'text', parameter_name: 'name', text: 'Olena' }] },
      ],
    },
  },
  'authentication template': {
    to,
    type: 'template',
    template: {
      name: 'code',
      language: { code: 'en' },
      components: [
        { type: 'body', parameters: [{ type: 'text', text: '123456' }] },
        { type: 'button', sub_type: 'url', index: 0, parameters: [{ type: 'text', text: '123456' }] },
      ],
    },
  },
  'template with a carousel': {
    to,
    type: 'template',
    template: {
      name: 'cars',
      language: { code: 'en_US' },
      components: [
        {
          type: 'carousel',
          cards: [0, 1].map((card_index) => ({
            card_index,
            components: [
              { type: 'header' as const, parameters: [{ type: 'image' as const, image }] },
              {
                type: 'button' as const,
                sub_type: 'quick_reply' as const,
                index: '0',
                parameters: [{ type: 'payload' as const, payload: 'a' }],
              },
            ],
          })),
        },
      ],
    },
  },
  'template with a limited-time offer': {
    to,
    type: 'template',
    template: {
      name: 'sale',
      language: { code: 'en_US' },
      components: [
        {
          type: 'limited_time_offer',
          parameters: [
            { type: 'limited_time_offer', limited_time_offer: { expiration_time_ms: 1_800_000_000_000 } },
          ],
        },
      ],
    },
  },
};
