import { z } from 'zod';
import { anyText, list, media, text, webAddress } from './field-schemas.ts';
import { messageLimits as limits } from './limits.ts';

const body = (max: number): z.ZodType => z.looseObject({ text: text(max) });
const footer = z.looseObject({ text: text(limits.footerText) }).optional();
const textHeader = z.looseObject({ type: z.literal('text'), text: text(limits.headerText) });
const header = z
  .discriminatedUnion('type', [
    textHeader,
    z.looseObject({ type: z.literal('image'), image: media() }),
    z.looseObject({ type: z.literal('video'), video: media() }),
    z.looseObject({ type: z.literal('document'), document: media({ filename: anyText.optional() }) }),
  ])
  .optional();
const none = z.custom((value) => value === undefined, 'must be left out').optional();
const parts = { body: body(limits.bodyText), footer };
const action = (name: string, parameters?: z.ZodType): z.ZodType =>
  z.looseObject({ name: z.literal(name), ...(parameters && { parameters }) });
const amount = z.looseObject({ value: z.int(), offset: z.int().positive() });
const urlButton = z.looseObject({ display_text: text(limits.urlText), url: webAddress });

const listSections = list(
  z.looseObject({
    title: text(limits.sectionTitle).optional(),
    rows: list(
      z.looseObject({
        id: text(limits.rowId),
        title: text(limits.rowTitle),
        description: text(limits.rowDescription, 0).optional(),
      }),
      limits.rows,
    ),
  }),
  limits.sections,
);

const flowParameters = z
  .looseObject({
    flow_message_version: z.literal('3'),
    flow_id: anyText.optional(),
    flow_name: anyText.optional(),
    flow_cta: text(30),
    flow_token: anyText.optional(),
    flow_action: z.enum(['navigate', 'data_exchange']).optional(),
    flow_action_payload: z.looseObject({ screen: anyText }).optional(),
    mode: z.enum(['draft', 'published']).optional(),
  })
  .superRefine((value, context) => {
    if ((value.flow_id === undefined) === (value.flow_name === undefined)) {
      context.addIssue({
        code: 'custom',
        path: ['flow_id'],
        message: 'must be given, or else `flow_name`, but not both',
      });
    }
  });

const card = z.looseObject({
  card_index: z.int().min(0),
  type: z.literal('cta_url'),
  header: z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('image'), image: media() }),
    z.looseObject({ type: z.literal('video'), video: media() }),
  ]),
  body: z
    .looseObject({
      text: (text(limits.cardText) as z.ZodString).refine(
        (value) => value.split('\n').length - 1 <= limits.cardLineBreaks,
        { message: `must have at most ${limits.cardLineBreaks} line breaks` },
      ),
    })
    .optional(),
  action: z.union([
    action('cta_url', urlButton),
    z.looseObject({
      buttons: list(
        z.looseObject({
          type: z.literal('quick_reply'),
          quick_reply: z.looseObject({ id: text(limits.buttonId), title: text(limits.buttonTitle) }),
        }),
        limits.buttons,
      ),
    }),
  ]),
});

const orderDetails = z.looseObject({
  reference_id: text(35),
  type: z.enum(['digital-goods', 'physical-goods']),
  currency: z
    .string()
    .refine((text) => /^[A-Z]{3}$/.test(text), 'must be a currency in three capital letters'),
  total_amount: amount,
  order: z.looseObject({
    status: anyText,
    items: list(
      z.looseObject({ name: anyText, amount, quantity: z.int().positive(), sale_amount: amount.optional() }),
      999,
    ),
    subtotal: amount,
    tax: amount.optional(),
    shipping: amount.optional(),
    discount: amount.optional(),
  }),
});

/** What each kind of interactive message must be like. */
const kinds = {
  button: {
    ...parts,
    header,
    action: z.looseObject({
      buttons: list(
        z.looseObject({
          type: z.literal('reply'),
          reply: z.looseObject({ id: text(limits.buttonId), title: text(limits.buttonTitle) }),
        }),
        limits.buttons,
      ),
    }),
  },
  list: {
    body: body(limits.listBodyText),
    footer,
    header: textHeader.optional(),
    action: z.looseObject({ button: text(limits.listButton), sections: listSections }),
  },
  cta_url: { ...parts, header, action: action('cta_url', urlButton) },
  flow: { ...parts, header, action: action('flow', flowParameters) },
  product: {
    body: body(limits.bodyText).optional(),
    footer,
    header: none,
    action: z.looseObject({ catalog_id: anyText, product_retailer_id: anyText }),
  },
  product_list: {
    ...parts,
    header: textHeader,
    action: z.looseObject({
      catalog_id: anyText,
      sections: list(
        z.looseObject({
          title: text(limits.sectionTitle).optional(),
          product_items: list(z.looseObject({ product_retailer_id: anyText }), limits.products),
        }),
        limits.sections,
      ),
    }),
  },
  catalog_message: {
    ...parts,
    header: none,
    action: action(
      'catalog_message',
      z.looseObject({ thumbnail_product_retailer_id: anyText.optional() }).optional(),
    ),
  },
  location_request_message: {
    body: body(limits.bodyText),
    header: none,
    footer: none,
    action: action('send_location'),
  },
  address_message: {
    ...parts,
    header,
    action: action(
      'address_message',
      z.looseObject({
        country: z.custom(
          (value) => typeof value === 'string' && /^[A-Z]{2}$/.test(value),
          'must be a country as two capital letters',
        ),
      }),
    ),
  },
  carousel: {
    body: body(limits.bodyText),
    header: none,
    footer: none,
    action: z.looseObject({ cards: list(card, limits.cards, limits.cardsMin) }),
  },
  call_permission_request: {
    body: body(limits.bodyText).optional(),
    action: action('call_permission_request'),
  },
  voice_call: {
    ...parts,
    action: action(
      'voice_call',
      z
        .looseObject({
          display_text: text(limits.urlText).optional(),
          ttl_minutes: z.int().positive().optional(),
        })
        .optional(),
    ),
  },
  request_contact_info: { ...parts, action: action('request_contact_info') },
  order_details: { ...parts, header, action: action('review_and_pay', orderDetails) },
  order_status: {
    ...parts,
    action: action(
      'review_order',
      z.looseObject({ reference_id: text(35), order: z.looseObject({ status: anyText }) }),
    ),
  },
} as const satisfies Record<string, Record<string, z.ZodType>>;

type Kind = keyof typeof kinds;

/** An interactive message of any kind, within its limits. */
export const interactiveSchema: z.ZodType = z
  .discriminatedUnion(
    'type',
    Object.entries(kinds).map(([type, shape]) =>
      z.looseObject({ type: z.literal(type as Kind), ...shape }),
    ) as never,
  )
  .superRefine((value, context) => {
    const { type, action } = value as { type: Kind; action: Record<string, unknown> };
    const fault = acrossFaults[type]?.(action as never);
    if (fault) context.addIssue({ code: 'custom', path: ['action', ...fault.path], message: fault.message });
  });

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What a single field does not show. */
const acrossFaults: { readonly [Type in Kind]?: (action: never) => Fault | undefined } = {
  button: ({ buttons }: { buttons: { reply: { id: string; title: string } }[] }) =>
    repeated(
      buttons.map(({ reply }) => reply.id),
      ['buttons'],
      ['reply', 'id'],
    ) ??
    repeated(
      buttons.map(({ reply }) => reply.title),
      ['buttons'],
      ['reply', 'title'],
    ),
  list: ({ sections }: { sections: { title?: string; rows: { id: string }[] }[] }) => {
    const ids = sections.flatMap(({ rows }) => rows.map(({ id }) => id));
    if (ids.length > limits.rows) {
      return {
        path: ['sections'],
        message: `must have at most ${limits.rows} rows in all sections together`,
      };
    }
    const untitled = sections.length > 1 ? sections.findIndex(({ title }) => title === undefined) : -1;
    if (untitled >= 0) {
      return {
        path: ['sections', untitled, 'title'],
        message: 'must be given where there are several sections',
      };
    }
    return new Set(ids).size === ids.length
      ? undefined
      : { path: ['sections'], message: 'must not have two rows with the same id' };
  },
  product_list: ({ sections }: { sections: { title?: string; product_items: unknown[] }[] }) => {
    const count = sections.reduce((sum, { product_items }) => sum + product_items.length, 0);
    return count > limits.products
      ? {
          path: ['sections'],
          message: `must have at most ${limits.products} products in all sections together`,
        }
      : undefined;
  },
  carousel: ({ cards }: { cards: { card_index: number; action: { buttons?: unknown[] } }[] }) => {
    const wrong = cards.findIndex(({ card_index }, index) => card_index !== index);
    if (wrong >= 0) return { path: ['cards', wrong, 'card_index'], message: 'must count up from 0' };
    const first = cards[0]?.action.buttons?.length;
    const other = cards.findIndex(({ action }) => action.buttons?.length !== first);
    return other > 0
      ? {
          path: ['cards', other, 'action'],
          message: 'must have buttons of the same kind and number as the first card',
        }
      : undefined;
  },
};

function repeated(values: readonly string[], before: string[], after: string[]): Fault | undefined {
  const index = values.findIndex((value, place) => values.indexOf(value) !== place);
  return index < 0
    ? undefined
    : { path: [...before, index, ...after], message: 'must differ from those before it' };
}
