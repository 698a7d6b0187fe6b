import { invalid } from './invalid.ts';
import { deliveryCategories } from './limits.ts';
import { isPersonalName, type PersonalText } from './personal-text.ts';
import type { EventWarning } from './types.ts';
import { checkVehicle } from './vehicle.ts';

/** What the custom data of an event are checked with. */
export interface CustomDataContext {
  readonly eventName: string;
  readonly text: PersonalText;
  readonly warnings: EventWarning[];
}

type Data = Record<string, unknown>;
/** Names the field by its place only where it has to, as the name of each field of each event costs more than the check. */
type Check = (value: unknown, at: string, name: string) => string | number | string[];

/** The fields that Meta knows. Properties of an app's own are copied as plain JSON. */
const known: ReadonlyMap<string, Check> = table({
  value: amount,
  net_revenue: amount,
  predicted_ltv: amount,
  price: amount,
  currency,
  num_items: count,
  content_ids: ids,
  order_id: idText,
  item_number: idText,
  content_name: aText,
  content_category: aText,
  content_type: aText,
  search_string: aText,
  status: aText,
  delivery_category: deliveryCategory,
  event_source: aText,
  lead_event_source: aText,
});

const knownInContents: ReadonlyMap<string, Check> = table({
  id: idText,
  quantity: count,
  item_price: amount,
  title: aText,
  description: aText,
  brand: aText,
  category: aText,
  delivery_category: deliveryCategory,
});

/**
 * Checks and copies `custom_data`; zeros stay.
 *
 * @throws CartieError `invalid_input` that names the field
 */
export function checkCustomData(input: unknown, context: CustomDataContext): Data {
  if (!isRecord(input)) throw invalid('custom_data', 'must be an object');
  const data: Data = {};
  for (const name in input) {
    const value = input[name];
    if (value === undefined || value === null) continue;
    if (name === 'contents') data.contents = contents(value, 'custom_data.contents', context);
    else copy(data, name, value, known.get(name), 'custom_data', context);
  }
  checkVehicle(data);
  if (data.event_source === 'crm' && data.lead_event_source === undefined) {
    throw invalid('custom_data.lead_event_source', 'is required of CRM events: the name of the CRM');
  }
  return data;
}

function copy(
  data: Data,
  name: string,
  value: unknown,
  check: Check | undefined,
  at: string,
  context: CustomDataContext,
): void {
  if (check === undefined && !isOwnProperty(name, `${at}.${name}`, context)) return;
  const checked = check === undefined ? value : check(value, at, name);
  const copied = isPlain(checked, context.text) ? checked : plainCopy(checked, `${at}.${name}`, context, 0);
  if (copied !== undefined) data[name] = copied;
}

/** Would {@link plainCopy} give it back as it is? */
function isPlain(value: unknown, text: PersonalText): boolean {
  if (typeof value === 'string') return text.isHarmless(value);
  return typeof value === 'number' && Number.isFinite(value) && !text.isPersonal(value);
}

function contents(value: unknown, field: string, context: CustomDataContext): Data[] {
  if (!Array.isArray(value)) throw invalid(field, 'must be a list');
  return Array.from(value as unknown[], (item, index) => {
    const at = `${field}[${index}]`;
    if (!isRecord(item)) throw invalid(at, 'must be an object');
    const line: Data = {};
    for (const name in item) {
      const part = item[name];
      if (part === undefined || part === null) continue;
      copy(line, name, part, knownInContents.get(name), at, context);
    }
    if (line.id === undefined) throw invalid(`${at}.id`, 'is required');
    return line;
  });
}

/** A copy as plain JSON that holds no getters, prototypes or `toJSON` of the app, and no personal data. */
export function plainCopy(
  value: unknown,
  field: string,
  context: Pick<CustomDataContext, 'text' | 'warnings'>,
  depth: number,
): unknown {
  switch (typeof value) {
    case 'string':
      return context.text.clean(value, field);
    case 'boolean':
      return value;
    case 'number':
    case 'bigint':
      if (typeof value === 'number' && !Number.isFinite(value))
        throw invalid(field, 'must be a finite number');
      if (context.text.isPersonal(value)) {
        context.warnings.push({ field, message: `\`${field}\` held personal data: it was removed` });
        return undefined;
      }
      return typeof value === 'bigint' ? String(value) : value;
    case 'object':
      break;
    default:
      return undefined;
  }
  if (value === null) return undefined;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  if (depth > 8) throw invalid(field, 'must not be nested deeper than 8 levels');
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (let index = 0; index < value.length; index++) {
      const one: unknown = value[index];
      const copied = isPlain(one, context.text)
        ? one
        : plainCopy(one, `${field}[${index}]`, context, depth + 1);
      if (copied !== undefined) list.push(copied);
    }
    return list;
  }
  const result: Data = {};
  for (const [name, one] of Object.entries(value)) {
    if (!isOwnProperty(name, `${field}.${name}`, context)) continue;
    const copied = plainCopy(one, `${field}.${name}`, context, depth + 1);
    if (copied !== undefined) result[name] = copied;
  }
  return result;
}

function table(checks: Readonly<Record<string, Check>>): ReadonlyMap<string, Check> {
  return new Map(Object.entries(checks));
}

/** May a property of this name be sent? Not one that names a person's datum, or is one. */
function isOwnProperty(
  name: string,
  field: string,
  { text, warnings }: Pick<CustomDataContext, 'text' | 'warnings'>,
): boolean {
  if (name === '__proto__' || text.clean(name, 'custom_data') !== name) return false;
  if (!isPersonalName(name)) return true;
  warnings.push({ field, message: `\`${field}\` is for \`user_data\`: it was left out` });
  return false;
}

/** A number, also one that is written as a text; 0 is one. */
export function amount(value: unknown, at: string, name: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw invalid(`${at}.${name}`, 'must be a number');
}

function count(value: unknown, at: string, name: string): number {
  const number = amount(value, at, name);
  if (number >= 0) return number;
  throw invalid(`${at}.${name}`, 'must be 0 or more');
}

let currencies: ReadonlySet<string> | undefined;

function currency(value: unknown, at: string, name: string): string {
  currencies ??= new Set(Intl.supportedValuesOf('currency'));
  if (typeof value === 'string') {
    if (currencies.has(value)) return value;
    const code = value.trim().toUpperCase();
    if (currencies.has(code)) return code;
  }
  throw invalid(`${at}.${name}`, 'must be a currency of ISO 4217, such as UAH');
}

function ids(value: unknown, at: string, name: string): string[] {
  if (!Array.isArray(value)) throw invalid(`${at}.${name}`, 'must be a list');
  const list: string[] = [];
  for (let index = 0; index < value.length; index++) {
    const one: unknown = value[index];
    list.push(typeof one === 'string' && one !== '' ? one : idText(one, at, `${name}[${index}]`));
  }
  return list;
}

function idText(value: unknown, at: string, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  throw invalid(`${at}.${name}`, 'must be an id: a text, or an integer below 2^53');
}

function aText(value: unknown, at: string, name: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw invalid(`${at}.${name}`, 'must be a text');
}

function deliveryCategory(value: unknown, at: string, name: string): string {
  if ((deliveryCategories as readonly unknown[]).includes(value)) return value as string;
  throw invalid(`${at}.${name}`, `must be one of ${deliveryCategories.join(', ')}`);
}

function isRecord(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
