import { apiFailure } from './api-failure.ts';

type Json = Readonly<Record<string, unknown>>;
type Rule = (value: unknown, path: string, message: Json) => void;

const text =
  (max: number, min = 1): Rule =>
  (value, path) => {
    if (value === undefined) throw missing(path);
    if (typeof value !== 'string' || [...value].length < min || [...value].length > max) {
      throw wrong(path, `must be a text of ${min} to ${max} characters`);
    }
  };
const optional =
  (rule: Rule): Rule =>
  (value, path, message) => {
    if (value !== undefined) rule(value, path, message);
  };
const items =
  (rule: Rule, max: number, min = 1): Rule =>
  (value, path, message) => {
    if (!Array.isArray(value)) throw missing(path);
    if (value.length < min || value.length > max) throw wrong(path, `must have ${min} to ${max} items`);
    for (const [index, item] of value.entries()) rule(item, `${path}[${index}]`, message);
  };
const shape =
  (fields: Readonly<Record<string, Rule>>): Rule =>
  (value, path, message) => {
    if (!isRecord(value)) throw missing(path);
    for (const [name, rule] of Object.entries(fields)) rule(value[name], `${path}.${name}`, message);
  };
const equal =
  (...wanted: unknown[]): Rule =>
  (value, path) => {
    if (!wanted.includes(value)) throw wrong(path, `must be one of ${wanted.join(', ')}`);
  };
const absent: Rule = (value, path) => {
  if (value !== undefined) throw wrong(path, 'is not allowed here');
};
const degrees =
  (max: number): Rule =>
  (value, path) => {
    if (value === undefined) throw missing(path);
    if (!(Math.abs(Number(value)) <= max) || value === '') throw wrong(path, 'must be a number of degrees');
  };
const anything: Rule = () => undefined;
const any = text(Number.POSITIVE_INFINITY);

const media =
  (fields: Readonly<Record<string, Rule>> = {}): Rule =>
  (value, path, message) => {
    shape(fields)(value, path, message);
    const { id, link } = value as Json;
    if ((typeof id === 'string') === (typeof link === 'string'))
      throw wrong(path, 'must have either id or link');
  };
const caption = { caption: optional(text(1024, 0)) };

const header: Rule = (value, path, message) => {
  const type = isRecord(value) ? String(value.type) : '';
  const rules: Record<string, Rule> = { text: text(60), image: media(), video: media(), document: media() };
  if (!Object.hasOwn(rules, type)) throw wrong(`${path}.type`, 'must be text, image, video or document');
  (rules[type] as Rule)((value as Json)[type], `${path}.${type}`, message);
};
const textHeader = shape({ type: equal('text'), text: text(60) });
const body = shape({ text: text(1024) });
const footer = optional(shape({ text: text(60) }));
const action = (name: string, parameters: Rule = anything): Rule => shape({ name: equal(name), parameters });
const urlButton = shape({ display_text: text(20), url: any });

/** What each kind of interactive message must have, from the documentation. */
const interactive: Readonly<Record<string, Rule>> = {
  button: shape({
    header: optional(header),
    body,
    footer,
    action: shape({
      buttons: items(shape({ type: equal('reply'), reply: shape({ id: text(256), title: text(20) }) }), 3),
    }),
  }),
  list: shape({
    header: optional(textHeader),
    body: shape({ text: text(4096) }),
    footer,
    action: shape({
      button: text(20),
      sections: (value, path, message) => {
        items(
          shape({
            title: optional(text(24)),
            rows: items(shape({ id: text(200), title: text(24), description: optional(text(72, 0)) }), 10),
          }),
          10,
        )(value, path, message);
        const rows = (value as { rows: unknown[] }[]).flatMap((section) => section.rows);
        if (rows.length > 10) throw wrong(path, 'must have at most 10 rows in all');
      },
    }),
  }),
  cta_url: shape({ header: optional(header), body, footer, action: action('cta_url', urlButton) }),
  flow: shape({
    header: optional(header),
    body,
    footer,
    action: action('flow', shape({ flow_message_version: equal('3', 3), flow_cta: any })),
  }),
  product: shape({ header: absent, action: shape({ catalog_id: any, product_retailer_id: any }) }),
  product_list: shape({
    header: textHeader,
    body,
    footer,
    action: shape({
      catalog_id: any,
      sections: items(shape({ product_items: items(shape({ product_retailer_id: any }), 30) }), 10),
    }),
  }),
  catalog_message: shape({ body, footer, action: action('catalog_message') }),
  location_request_message: shape({ header: absent, footer: absent, body, action: action('send_location') }),
  address_message: shape({ body, footer, action: action('address_message', shape({ country: any })) }),
  carousel: shape({
    header: absent,
    footer: absent,
    body,
    action: shape({
      cards: (value, path, message) => {
        items(shape({ card_index: anything, header, body: optional(shape({ text: text(160) })) }), 10, 2)(
          value,
          path,
          message,
        );
        const kinds = new Set(
          (value as { action?: { buttons?: unknown[] } }[]).map((card) => card.action?.buttons?.length),
        );
        if (kinds.size > 1) throw wrong(path, 'must have the same buttons on every card');
      },
    }),
  }),
  call_permission_request: shape({ action: action('call_permission_request') }),
  voice_call: shape({ body, action: action('voice_call') }),
  request_contact_info: shape({ body, action: action('request_contact_info') }),
  order_details: shape({
    body,
    action: action(
      'review_and_pay',
      shape({ reference_id: any, currency: any, total_amount: shape({}), order: shape({}) }),
    ),
  }),
  order_status: shape({
    body,
    action: action('review_order', shape({ reference_id: any, order: shape({ status: any }) })),
  }),
};

/** What each type of message must have, from the documentation. */
const types: Readonly<Record<string, Rule>> = {
  text: shape({ body: text(4096) }),
  image: media(caption),
  video: media(caption),
  document: media(caption),
  audio: media(),
  sticker: media(),
  location: shape({ latitude: degrees(90), longitude: degrees(180) }),
  contacts: items(shape({ name: shape({ formatted_name: any }) }), Number.POSITIVE_INFINITY),
  reaction: shape({ message_id: any, emoji: text(64, 0) }),
  interactive: (value, path, message) => {
    const type = isRecord(value) ? String(value.type) : '';
    if (!Object.hasOwn(interactive, type)) throw wrong(`${path}.type`, 'is no kind of interactive message');
    (interactive[type] as Rule)(value, path, message);
  },
  template: shape({ name: any, language: shape({ code: any }) }),
  pin: shape({ type: equal('pin', 'unpin'), message_id: any }),
};

/** Throws for the first thing that the Cloud API would refuse in a message's form. */
export function checkMessage(message: Json): void {
  if (message.messaging_product !== 'whatsapp') throw missing('messaging_product');
  const type = message.type === undefined ? 'text' : String(message.type);
  if (!Object.hasOwn(types, type)) throw wrong('type', 'is no type of message');
  if (message.to === undefined && message.recipient === undefined) throw missing('to');
  if (
    message.to !== undefined &&
    message.recipient_type !== 'group' &&
    !/^\+?\d{5,20}$/.test(String(message.to))
  ) {
    throw wrong('to', 'must be a phone number');
  }
  if (
    message.recipient !== undefined &&
    !/^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/.test(String(message.recipient))
  ) {
    throw wrong('recipient', 'must be a business-scoped user id');
  }
  optional(text(512))(message.biz_opaque_callback_data, 'biz_opaque_callback_data', message);
  (types[type] as Rule)(message[type], type, message);
}

function missing(path: string): Error {
  return apiFailure(131008, `The parameter ${path} is required.`);
}

function wrong(path: string, rule: string): Error {
  return apiFailure(131009, `The parameter ${path} ${rule}.`);
}

/** Whether a value is a plain JSON object. */
export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
