/**
 * The request bodies of sending in Meta's OpenAPI file (facebook/openapi, business-messaging-api_v23.0.yaml, of 21 November 2025): its
 * structure and fixed words, with values of our own. Left out are replies (the same with a `context`), one without a `type` and one with
 * texts that are no texts.
 */
export const openApiMessages: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'audio message by id': {
    audio: {
      id: '901',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'audio',
  },
  'audio message by url': {
    audio: {
      link: 'https://example.com/file',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'audio',
  },
  'catalog message': {
    interactive: {
      action: {
        name: 'catalog_message',
        parameters: {
          thumbnail_product_retailer_id: 'Thumbnail product ',
        },
      },
      body: {
        text: 'Text',
      },
      footer: {
        text: 'Text',
      },
      type: 'catalog_message',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'catalog template message': {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    template: {
      components: [
        {
          parameters: [
            {
              text: 'Text',
              type: 'text',
            },
            {
              text: 'Text',
              type: 'text',
            },
            {
              text: 'Text',
              type: 'text',
            },
          ],
          type: 'body',
        },
        {
          index: 0,
          parameters: [
            {
              action: {
                thumbnail_product_retailer_id: 'Thumbnail product ',
              },
              type: 'action',
            },
          ],
          sub_type: 'CATALOG',
          type: 'button',
        },
      ],
      language: {
        code: 'en_US',
      },
      name: 'Name',
    },
    to: '380671234567',
    type: 'template',
  },
  'contact message': {
    contacts: [
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
          {
            email: 'olena@example.com',
            type: 'WORK',
          },
          {
            email: 'olena@example.com',
            type: 'HOME',
          },
        ],
        name: {
          first_name: 'First name',
          formatted_name: 'Formatted name',
          last_name: 'Last name',
          middle_name: 'Middle name',
          prefix: 'Prefix',
          suffix: 'Suffix',
        },
        org: {
          company: 'Company',
          department: 'Department',
          title: 'Title 1',
        },
        phones: [
          {
            phone: '+380671234567',
            type: 'HOME',
          },
          {
            phone: '+380671234567',
            type: 'WORK',
            wa_id: '380671234567',
          },
        ],
        urls: [
          {
            type: 'WORK',
            url: 'https://example.com',
          },
          {
            type: 'HOME',
            url: 'https://example.com',
          },
        ],
      },
    ],
    messaging_product: 'whatsapp',
    to: '380671234567',
    type: 'contacts',
  },
  'document message by id': {
    document: {
      caption: 'Caption',
      filename: 'Filename',
      id: '901',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'document',
  },
  'document message by url': {
    document: {
      caption: 'Caption',
      link: 'https://example.com/file',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'document',
  },
  'draft flow by id': {
    interactive: {
      action: {
        name: 'flow',
        parameters: {
          flow_action: 'navigate',
          flow_action_payload: {
            data: {
              '<CUSTOM_KEY>': '<custom key>',
            },
            screen: 'Screen',
          },
          flow_cta: 'Flow cta',
          flow_id: '77',
          flow_message_version: '3',
          flow_token: 'Flow token',
          mode: 'draft',
        },
      },
      body: {
        text: 'Text',
      },
      footer: {
        text: 'Text',
      },
      header: {
        text: 'Text',
        type: 'text',
      },
      type: 'flow',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'draft flow by name': {
    interactive: {
      action: {
        name: 'flow',
        parameters: {
          flow_action: 'navigate',
          flow_action_payload: {
            data: {
              '<CUSTOM_KEY>': '<custom key>',
            },
            screen: 'Screen',
          },
          flow_cta: 'Flow cta',
          flow_message_version: '3',
          flow_name: 'Flow name',
          flow_token: 'Flow token',
          mode: 'draft',
        },
      },
      body: {
        text: 'Text',
      },
      footer: {
        text: 'Text',
      },
      header: {
        text: 'Text',
        type: 'text',
      },
      type: 'flow',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'flow template message': {
    messaging_product: 'whatsapp',
    template: {
      components: [
        {
          index: '0',
          parameters: [
            {
              action: {
                flow_action_data: {
                  '<CUSTOM_KEY>': '<custom key>',
                },
                flow_token: 'Flow token',
              },
              type: 'action',
            },
          ],
          sub_type: 'flow',
          type: 'button',
        },
      ],
      language: {
        code: 'en_US',
      },
      name: 'Name',
    },
    to: '380671234567',
    type: 'template',
  },
  'image message by id': {
    image: {
      id: '901',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'image',
  },
  'image message by url': {
    image: {
      link: 'https://example.com/file',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'image',
  },
  'list message': {
    interactive: {
      action: {
        button: 'Button',
        sections: [
          {
            rows: [
              {
                description: 'Description',
                id: '901',
                title: 'Title 2',
              },
              {
                description: 'Description',
                id: '903',
                title: 'Title 4',
              },
            ],
            title: 'Title 5',
          },
          {
            rows: [
              {
                description: 'Description',
                id: '906',
                title: 'Title 7',
              },
              {
                description: 'Description',
                id: '908',
                title: 'Title 9',
              },
            ],
            title: 'Title 10',
          },
        ],
      },
      body: {
        text: 'Text',
      },
      footer: {
        text: 'Text',
      },
      header: {
        text: 'Text',
        type: 'text',
      },
      type: 'list',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'location message': {
    location: {
      address: 'Address',
      latitude: 37.758056,
      longitude: -122.425332,
      name: 'Name',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'location',
  },
  'message template interactive': {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    template: {
      components: [
        {
          parameters: [
            {
              image: {
                link: 'https://example.com/file',
              },
              type: 'image',
            },
          ],
          type: 'header',
        },
        {
          parameters: [
            {
              text: 'Text',
              type: 'text',
            },
            {
              currency: {
                amount_1000: 100990,
                code: 'USD',
                fallback_value: 'Fallback value',
              },
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
          parameters: [
            {
              payload: 'Payload',
              type: 'payload',
            },
          ],
          sub_type: 'quick_reply',
          type: 'button',
        },
        {
          index: '1',
          parameters: [
            {
              payload: 'Payload',
              type: 'payload',
            },
          ],
          sub_type: 'quick_reply',
          type: 'button',
        },
      ],
      language: {
        code: 'en_US',
      },
      name: 'Name',
    },
    to: '380671234567',
    type: 'template',
  },
  'message template media': {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    template: {
      components: [
        {
          parameters: [
            {
              image: {
                link: 'https://example.com/file',
              },
              type: 'image',
            },
          ],
          type: 'header',
        },
        {
          parameters: [
            {
              text: 'Text',
              type: 'text',
            },
            {
              currency: {
                amount_1000: 100990,
                code: 'USD',
                fallback_value: 'Fallback value',
              },
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
      language: {
        code: 'en_US',
      },
      name: 'Name',
    },
    to: '380671234567',
    type: 'template',
  },
  'message template text': {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    template: {
      components: [
        {
          parameters: [
            {
              text: 'Text',
              type: 'text',
            },
            {
              currency: {
                amount_1000: 100990,
                code: 'USD',
                fallback_value: 'Fallback value',
              },
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
      language: {
        code: 'en_US',
      },
      name: 'Name',
    },
    to: '380671234567',
    type: 'template',
  },
  'multi-product message': {
    interactive: {
      action: {
        catalog_id: '801',
        sections: [
          {
            product_items: [
              {
                product_retailer_id: 'p1',
              },
              {
                product_retailer_id: 'p2',
              },
            ],
            title: 'Title 3',
          },
          {
            product_items: [
              {
                product_retailer_id: 'p4',
              },
              {
                product_retailer_id: 'p5',
              },
            ],
            title: 'Title 6',
          },
        ],
      },
      body: {
        text: 'Text',
      },
      footer: {
        text: 'Text',
      },
      header: {
        text: 'Text',
        type: 'text',
      },
      type: 'product_list',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'order details message': {
    interactive: {
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
                amount: {
                  offset: 100,
                  value: 1500,
                },
                name: 'Name',
                quantity: 1,
                retailer_id: 'r1',
                sale_amount: {
                  offset: 100,
                  value: 1000,
                },
              },
            ],
            shipping: {
              description: 'Description',
              offset: 100,
              value: 100,
            },
            status: 'pending',
            subtotal: {
              offset: 100,
              value: 1000,
            },
            tax: {
              description: 'Description',
              offset: 100,
              value: 100,
            },
          },
          payment_configuration: 'Payment configurat',
          payment_type: 'upi',
          reference_id: 'Reference id',
          total_amount: {
            offset: 100,
            value: 1100,
          },
          type: 'digital-goods',
        },
      },
      body: {
        text: 'Text',
      },
      footer: {
        text: 'Text',
      },
      header: {
        image: {
          link: 'https://example.com/file',
        },
        type: 'image',
      },
      type: 'order_details',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'order status message': {
    interactive: {
      action: {
        name: 'review_order',
        parameters: {
          order: {
            description: 'Description',
            status: 'processing',
          },
          reference_id: 'Reference id',
        },
      },
      body: {
        text: 'Text',
      },
      type: 'order_status',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'published flow by id': {
    interactive: {
      action: {
        name: 'flow',
        parameters: {
          flow_action: 'navigate',
          flow_action_payload: {
            data: {
              '<CUSTOM_KEY>': '<custom key>',
            },
            screen: 'Screen',
          },
          flow_cta: 'Flow cta',
          flow_id: '77',
          flow_message_version: '3',
          flow_token: 'Flow token',
        },
      },
      body: {
        text: 'Text',
      },
      footer: {
        text: 'Text',
      },
      header: {
        text: 'Text',
        type: 'text',
      },
      type: 'flow',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'published flow by name': {
    interactive: {
      action: {
        name: 'flow',
        parameters: {
          flow_action: 'navigate',
          flow_action_payload: {
            data: {
              '<CUSTOM_KEY>': '<custom key>',
            },
            screen: 'Screen',
          },
          flow_cta: 'Flow cta',
          flow_message_version: '3',
          flow_name: 'Flow name',
          flow_token: 'Flow token',
        },
      },
      body: {
        text: 'Text',
      },
      footer: {
        text: 'Text',
      },
      header: {
        text: 'Text',
        type: 'text',
      },
      type: 'flow',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'reply button': {
    interactive: {
      action: {
        buttons: [
          {
            reply: {
              id: '901',
              title: 'Title 2',
            },
            type: 'reply',
          },
          {
            reply: {
              id: '903',
              title: 'Title 4',
            },
            type: 'reply',
          },
        ],
      },
      body: {
        text: 'Text',
      },
      type: 'button',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'sticker message by id': {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    sticker: {
      id: '901',
    },
    to: '380671234567',
    type: 'sticker',
  },
  'sticker message by url': {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    sticker: {
      link: 'https://example.com/file',
    },
    to: '380671234567',
    type: 'sticker',
  },
  'text message': {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    text: {
      body: 'Text',
      preview_url: false,
    },
    to: '380671234567',
    type: 'text',
  },
  'video message by id': {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'video',
    video: {
      caption: 'Caption',
      id: '901',
    },
  },
  'video message by url': {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'video',
    video: {
      caption: 'Caption',
      link: 'https://example.com/file',
    },
  },
  'reaction message': {
    messaging_product: 'whatsapp',
    reaction: {
      emoji: '👍',
      message_id: 'wamid.1',
    },
    recipient_type: 'individual',
    to: '380671234567',
    type: 'reaction',
  },
  'single product message': {
    interactive: {
      action: {
        catalog_id: '801',
        product_retailer_id: 'p1',
      },
      body: {
        text: 'Text',
      },
      footer: {
        text: 'Text',
      },
      type: 'product',
    },
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '380671234567',
    type: 'interactive',
  },
  'test message': {
    messaging_product: 'whatsapp',
    template: {
      language: {
        code: 'en_US',
      },
      name: 'Name',
    },
    to: '380671234567',
    type: 'template',
  },
};
