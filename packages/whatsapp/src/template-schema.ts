import { z } from 'zod';
import { anyText, degrees, list, media, text } from './field-schemas.ts';
import { messageLimits as limits } from './limits.ts';

const named = { parameter_name: anyText.optional() };
const textParameters = [
  z.looseObject({ type: z.literal('text'), text: text(32_768), ...named }),
  z.looseObject({
    type: z.literal('currency'),
    currency: z.looseObject({
      fallback_value: anyText,
      code: z.custom(
        (value) => typeof value === 'string' && /^[A-Z]{3}$/.test(value),
        'must be a currency as three capital letters',
      ),
      amount_1000: z.int(),
    }),
    ...named,
  }),
  z.looseObject({
    type: z.literal('date_time'),
    date_time: z.looseObject({ fallback_value: anyText }),
    ...named,
  }),
] as const;

const bodyParameters = list(z.discriminatedUnion('type', textParameters), 100, 0);

const headerParameters = list(
  z.discriminatedUnion('type', [
    ...textParameters,
    z.looseObject({ type: z.literal('image'), image: media() }),
    z.looseObject({ type: z.literal('video'), video: media() }),
    z.looseObject({ type: z.literal('document'), document: media({ filename: anyText.optional() }) }),
    z.looseObject({
      type: z.literal('location'),
      location: z.looseObject({ latitude: degrees(90), longitude: degrees(180) }),
    }),
    z.looseObject({
      type: z.literal('product'),
      product: z.looseObject({ product_retailer_id: anyText, catalog_id: anyText }),
    }),
  ]),
  1,
  0,
);

const buttonKinds: readonly string[] = [
  'quick_reply',
  'url',
  'copy_code',
  'flow',
  'catalog',
  'mpm',
  'spm',
  'voice_call',
  'order_details',
];

const button = z.looseObject({
  type: z.literal('button'),
  // The documentation writes some in capitals.
  sub_type: z.custom(
    (value) => typeof value === 'string' && buttonKinds.includes(value.toLowerCase()),
    `must be one of ${buttonKinds.join(', ')}`,
  ),
  index: z.custom(
    (value) => /^\d{1,2}$/.test(String(value)),
    'must be the button’s place among all buttons, from 0',
  ),
  parameters: list(
    z.discriminatedUnion('type', [
      z.looseObject({ type: z.literal('payload'), payload: anyText }),
      z.looseObject({ type: z.literal('text'), text: anyText }),
      z.looseObject({ type: z.literal('coupon_code'), coupon_code: text(limits.authenticationCode) }),
      z.looseObject({ type: z.literal('action'), action: z.looseObject({}) }),
    ]),
    1,
    0,
  ).optional(),
});

const header = z.looseObject({ type: z.literal('header'), parameters: headerParameters });
const body = z.looseObject({ type: z.literal('body'), parameters: bodyParameters });

const component = z.discriminatedUnion('type', [
  header,
  body,
  button,
  z.looseObject({
    type: z.literal('limited_time_offer'),
    parameters: list(
      z.looseObject({
        type: z.literal('limited_time_offer'),
        limited_time_offer: z.looseObject({ expiration_time_ms: z.int().positive() }),
      }),
      1,
    ),
  }),
  z.looseObject({
    type: z.literal('carousel'),
    cards: list(
      z.looseObject({
        card_index: z.int().min(0),
        components: list(z.discriminatedUnion('type', [header, body, button]), 10),
      }),
      limits.cards,
      limits.cardsMin,
    ),
  }),
]);

interface Part {
  readonly type: string;
  readonly index?: string | number;
  readonly parameters?: readonly { readonly parameter_name?: string }[];
}

/** A template, filled in, within its limits. */
export const templateSchema: z.ZodType = z.looseObject({
  name: text(512),
  language: z.looseObject({
    code: z.custom(
      (value) => typeof value === 'string' && /^[a-z]{2,3}(_[A-Z]{2,3})?$/.test(value),
      'must be a language such as en_US or uk',
    ),
    policy: z.literal('deterministic').optional(),
  }),
  components: z
    .array(component)
    .max(25)
    .superRefine((components, context) => {
      const seen = new Set<string>();
      for (const [place, { type, index, parameters = [] }] of (components as Part[]).entries()) {
        const key = type === 'button' ? `${type} ${index}` : type;
        if (seen.has(key)) {
          const path = type === 'button' ? [place, 'index'] : [place, 'type'];
          context.addIssue({ code: 'custom', path, message: 'must differ from those before it' });
        }
        seen.add(key);
        const names = parameters.filter(({ parameter_name }) => parameter_name !== undefined).length;
        if (names > 0 && names < parameters.length) {
          context.addIssue({
            code: 'custom',
            path: [place, 'parameters'],
            message: 'must all have a `parameter_name`, or none of them',
          });
        }
      }
    })
    .optional(),
});
