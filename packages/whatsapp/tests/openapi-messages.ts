/**
 * The request bodies of sending in Meta's OpenAPI file (facebook/openapi, business-messaging-api_v23.0.yaml, of 21 November 2025): its
 * structure and fixed words, with values of our own. Left out are replies (the same with a `context`), one without a `type` and one with
 * texts that are no texts.
 */
export const openApiMessages: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'audio message by id': toOne('audio', { id: '901' }),
  'audio message by url': toOne('audio', { link: 'https://example.com/file' }),
  'catalog message': toOne('interactive', {
    action: { name: 'catalog_message', parameters: { thumbnail_product_retailer_id: 'Thumbnail product ' } },
    body: { text: 'Text' },
    footer: { text: 'Text' },
    type: 'catalog_message',
  }),
  'catalog template message': toOne('template', {
    components: [
      {
        parameters: [
          { text: 'Text', type: 'text' },
          { text: 'Text', type: 'text' },
          { text: 'Text', type: 'text' },
        ],
        type: 'body',
      },
      {
        index: 0,
        parameters: [{ action: { thumbnail_product_retailer_id: 'Thumbnail product ' }, type: 'action' }],
        sub_type: 'CATALOG',
        type: 'button',
      },
    ],
    language: { code: 'en_US' },
    name: 'Name',
  }),
  'contact message': message('contacts', [
    {
      addresses: [
        {
          city: 'City',
          country: 'Country',
          country_code: 'us',
          state: 'State',
          street: 'Street',
          type: 'HOME',
          zip: 'Zip',
        },
        {
          city: 'City',
          country: 'Country',
          country_code: 'us',
          state: 'State',
          street: 'Street',
          type: 'WORK',
          zip: 'Zip',
        },
      ],
      birthday: '1990-12-31',
      emails: [
        { email: 'olena@example.com', type: 'WORK' },
        { email: 'olena@example.com', type: 'HOME' },
      ],
      name: {
        first_name: 'First name',
        formatted_name: 'Formatted name',
        last_name: 'Last name',
        middle_name: 'Middle name',
        prefix: 'Prefix',
        suffix: 'Suffix',
      },
      org: { company: 'Company', department: 'Department', title: 'Title 1' },
      phones: [
        { phone: '+380671234567', type: 'HOME' },
        { phone: '+380671234567', type: 'WORK', wa_id: '380671234567' },
      ],
      urls: [
        { type: 'WORK', url: 'https://example.com' },
        { type: 'HOME', url: 'https://example.com' },
      ],
    },
  ]),
  'document message by id': toOne('document', { caption: 'Caption', filename: 'Filename', id: '901' }),
  'document message by url': toOne('document', { caption: 'Caption', link: 'https://example.com/file' }),
  'draft flow by id': toOne('interactive', {
    action: {
      name: 'flow',
      parameters: {
        flow_action: 'navigate',
        flow_action_payload: { data: { '<CUSTOM_KEY>': '<custom key>' }, screen: 'Screen' },
        flow_cta: 'Flow cta',
        flow_id: '77',
        flow_message_version: '3',
        flow_token: 'Flow token',
        mode: 'draft',
      },
    },
    body: { text: 'Text' },
    footer: { text: 'Text' },
    header: { text: 'Text', type: 'text' },
    type: 'flow',
  }),
  'draft flow by name': toOne('interactive', {
    action: {
      name: 'flow',
      parameters: {
        flow_action: 'navigate',
        flow_action_payload: { data: { '<CUSTOM_KEY>': '<custom key>' }, screen: 'Screen' },
        flow_cta: 'Flow cta',
        flow_message_version: '3',
        flow_name: 'Flow name',
        flow_token: 'Flow token',
        mode: 'draft',
      },
    },
    body: { text: 'Text' },
    footer: { text: 'Text' },
    header: { text: 'Text', type: 'text' },
    type: 'flow',
  }),
  'flow template message': message('template', {
    components: [
      {
        index: '0',
        parameters: [
          {
            action: { flow_action_data: { '<CUSTOM_KEY>': '<custom key>' }, flow_token: 'Flow token' },
            type: 'action',
          },
        ],
        sub_type: 'flow',
        type: 'button',
      },
    ],
    language: { code: 'en_US' },
    name: 'Name',
  }),
  'image message by id': toOne('image', { id: '901' }),
  'image message by url': toOne('image', { link: 'https://example.com/file' }),
  'list message': toOne('interactive', {
    action: {
      button: 'Button',
      sections: [
        {
          rows: [
            { description: 'Description', id: '901', title: 'Title 2' },
            { description: 'Description', id: '903', title: 'Title 4' },
          ],
          title: 'Title 5',
        },
        {
          rows: [
            { description: 'Description', id: '906', title: 'Title 7' },
            { description: 'Description', id: '908', title: 'Title 9' },
          ],
          title: 'Title 10',
        },
      ],
    },
    body: { text: 'Text' },
    footer: { text: 'Text' },
    header: { text: 'Text', type: 'text' },
    type: 'list',
  }),
  'location message': toOne('location', {
    address: 'Address',
    latitude: 37.758056,
    longitude: -122.425332,
    name: 'Name',
  }),
  'message template interactive': toOne('template', {
    components: [
      { parameters: [{ image: { link: 'https://example.com/file' }, type: 'image' }], type: 'header' },
      {
        parameters: [
          { text: 'Text', type: 'text' },
          {
            currency: { amount_1000: 100990, code: 'USD', fallback_value: 'Fallback value' },
            type: 'currency',
          },
          {
            date_time: {
              calendar: 'GREGORIAN',
              day_of_month: 25,
              day_of_week: 5,
              fallback_value: 'Fallback value',
              hour: 15,
              minute: 33,
              month: 2,
              year: 1977,
            },
            type: 'date_time',
          },
        ],
        type: 'body',
      },
      {
        index: '0',
        parameters: [{ payload: 'Payload', type: 'payload' }],
        sub_type: 'quick_reply',
        type: 'button',
      },
      {
        index: '1',
        parameters: [{ payload: 'Payload', type: 'payload' }],
        sub_type: 'quick_reply',
        type: 'button',
      },
    ],
    language: { code: 'en_US' },
    name: 'Name',
  }),
  'message template media': toOne('template', {
    components: [
      { parameters: [{ image: { link: 'https://example.com/file' }, type: 'image' }], type: 'header' },
      {
        parameters: [
          { text: 'Text', type: 'text' },
          {
            currency: { amount_1000: 100990, code: 'USD', fallback_value: 'Fallback value' },
            type: 'currency',
          },
          {
            date_time: {
              calendar: 'GREGORIAN',
              day_of_month: 25,
              day_of_week: 5,
              fallback_value: 'Fallback value',
              hour: 15,
              minute: 33,
              month: 2,
              year: 1977,
            },
            type: 'date_time',
          },
        ],
        type: 'body',
      },
    ],
    language: { code: 'en_US' },
    name: 'Name',
  }),
  'message template text': toOne('template', {
    components: [
      {
        parameters: [
          { text: 'Text', type: 'text' },
          {
            currency: { amount_1000: 100990, code: 'USD', fallback_value: 'Fallback value' },
            type: 'currency',
          },
          {
            date_time: {
              calendar: 'GREGORIAN',
              day_of_month: 25,
              day_of_week: 5,
              fallback_value: 'Fallback value',
              hour: 15,
              minute: 33,
              month: 2,
              year: 1977,
            },
            type: 'date_time',
          },
        ],
        type: 'body',
      },
    ],
    language: { code: 'en_US' },
    name: 'Name',
  }),
  'multi-product message': toOne('interactive', {
    action: {
      catalog_id: '801',
      sections: [
        { product_items: [{ product_retailer_id: 'p1' }, { product_retailer_id: 'p2' }], title: 'Title 3' },
        { product_items: [{ product_retailer_id: 'p4' }, { product_retailer_id: 'p5' }], title: 'Title 6' },
      ],
    },
    body: { text: 'Text' },
    footer: { text: 'Text' },
    header: { text: 'Text', type: 'text' },
    type: 'product_list',
  }),
  'order details message': toOne('interactive', {
    action: {
      name: 'review_and_pay',
      parameters: {
        currency: 'INR',
        order: {
          discount: {
            description: 'Description',
            discount_program_name: 'Discount program n',
            offset: 100,
            value: 100,
          },
          items: [
            {
              amount: { offset: 100, value: 1500 },
              name: 'Name',
              quantity: 1,
              retailer_id: 'r1',
              sale_amount: { offset: 100, value: 1000 },
            },
          ],
          shipping: { description: 'Description', offset: 100, value: 100 },
          status: 'pending',
          subtotal: { offset: 100, value: 1000 },
          tax: { description: 'Description', offset: 100, value: 100 },
        },
        payment_configuration: 'Payment configurat',
        payment_type: 'upi',
        reference_id: 'Reference id',
        total_amount: { offset: 100, value: 1100 },
        type: 'digital-goods',
      },
    },
    body: { text: 'Text' },
    footer: { text: 'Text' },
    header: { image: { link: 'https://example.com/file' }, type: 'image' },
    type: 'order_details',
  }),
  'order status message': toOne('interactive', {
    action: {
      name: 'review_order',
      parameters: {
        order: { description: 'Description', status: 'processing' },
        reference_id: 'Reference id',
      },
    },
    body: { text: 'Text' },
    type: 'order_status',
  }),
  'published flow by id': toOne('interactive', {
    action: {
      name: 'flow',
      parameters: {
        flow_action: 'navigate',
        flow_action_payload: { data: { '<CUSTOM_KEY>': '<custom key>' }, screen: 'Screen' },
        flow_cta: 'Flow cta',
        flow_id: '77',
        flow_message_version: '3',
        flow_token: 'Flow token',
      },
    },
    body: { text: 'Text' },
    footer: { text: 'Text' },
    header: { text: 'Text', type: 'text' },
    type: 'flow',
  }),
  'published flow by name': toOne('interactive', {
    action: {
      name: 'flow',
      parameters: {
        flow_action: 'navigate',
        flow_action_payload: { data: { '<CUSTOM_KEY>': '<custom key>' }, screen: 'Screen' },
        flow_cta: 'Flow cta',
        flow_message_version: '3',
        flow_name: 'Flow name',
        flow_token: 'Flow token',
      },
    },
    body: { text: 'Text' },
    footer: { text: 'Text' },
    header: { text: 'Text', type: 'text' },
    type: 'flow',
  }),
  'reply button': toOne('interactive', {
    action: {
      buttons: [
        { reply: { id: '901', title: 'Title 2' }, type: 'reply' },
        { reply: { id: '903', title: 'Title 4' }, type: 'reply' },
      ],
    },
    body: { text: 'Text' },
    type: 'button',
  }),
  'sticker message by id': toOne('sticker', { id: '901' }),
  'sticker message by url': toOne('sticker', { link: 'https://example.com/file' }),
  'text message': toOne('text', { body: 'Text', preview_url: false }),
  'video message by id': toOne('video', { caption: 'Caption', id: '901' }),
  'video message by url': toOne('video', { caption: 'Caption', link: 'https://example.com/file' }),
  'reaction message': toOne('reaction', { emoji: '👍', message_id: 'wamid.1' }),
  'single product message': toOne('interactive', {
    action: { catalog_id: '801', product_retailer_id: 'p1' },
    body: { text: 'Text' },
    footer: { text: 'Text' },
    type: 'product',
  }),
  'test message': message('template', { language: { code: 'en_US' }, name: 'Name' }),
};

function toOne(type: string, content: unknown): Readonly<Record<string, unknown>> {
  return { ...message(type, content), recipient_type: 'individual' };
}

function message(type: string, content: unknown): Readonly<Record<string, unknown>> {
  return { messaging_product: 'whatsapp', to: '380671234567', type, [type]: content };
}
