import { amount } from './custom-data.ts';
import { invalid } from './invalid.ts';

const vehicleFields: ReadonlySet<string> = new Set([
  'vin',
  'make',
  'model',
  'trim',
  'state_of_vehicle',
  'body_style',
  'fuel_type',
  'drivetrain',
  'transmission',
  'exterior_color',
  'interior_color',
  'condition_of_vehicle',
  'mileage',
]);

const states: Readonly<Record<string, string>> = { new: 'New', used: 'Used', cpo: 'CPO' };

/**
 * The rules of automotive events. Looks only at events that name a vehicle or a price.
 *
 * @throws CartieError `invalid_input` that names the field
 * @see https://developers.facebook.com/documentation/ads-commerce/marketing-api/auto-ads/guides/events
 */
export function checkVehicle(data: Record<string, unknown>): void {
  if (data.price !== undefined || data.preferred_price_range !== undefined) checkPrice(data);
  if (!isVehicle(data)) return;
  if (data.content_type !== undefined && data.content_type !== 'vehicle') {
    throw invalid('custom_data.content_type', 'must be `vehicle` in an event about a vehicle');
  }
  if (data.state_of_vehicle !== undefined) {
    const state = states[String(data.state_of_vehicle).toLowerCase()];
    if (state === undefined) throw invalid('custom_data.state_of_vehicle', 'must be New, Used or CPO');
    data.state_of_vehicle = state;
  }
  if (data.year !== undefined) {
    const year = amount(data.year, 'custom_data', 'year');
    if (!Number.isInteger(year) || year < 1885 || year > new Date().getUTCFullYear() + 2) {
      throw invalid('custom_data.year', 'must be the year of the model: four digits');
    }
    data.year = year;
  }
}

function isVehicle(data: Record<string, unknown>): boolean {
  if (data.content_type === 'vehicle') return true;
  for (const name in data) if (vehicleFields.has(name)) return true;
  return false;
}

function checkPrice(data: Record<string, unknown>): void {
  if (data.currency === undefined) {
    throw invalid('custom_data.currency', 'is required with `price` and `preferred_price_range`');
  }
  const { price, preferred_price_range: range } = data;
  if (price !== undefined && !hasTwoDecimals(price)) {
    throw invalid('custom_data.price', 'must have two decimals at most');
  }
  if (range === undefined) return;
  if (!Array.isArray(range) || range.length !== 2) {
    throw invalid('custom_data.preferred_price_range', 'must be a list of the least and the most');
  }
  const [least, most] = range.map((bound) => amount(bound, 'custom_data', 'preferred_price_range'));
  if ((least ?? 0) > (most ?? 0)) {
    throw invalid('custom_data.preferred_price_range', 'must begin with the smaller price');
  }
  data.preferred_price_range = [least, most];
}

function hasTwoDecimals(value: unknown): boolean {
  return /^-?\d+(\.\d{1,2})?$/.test(String(value));
}
