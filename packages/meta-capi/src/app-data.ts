import { unknownField } from '@cartie/core';
import { invalid, service } from './invalid.ts';
import type { AppData } from './types.ts';

const flags = [
  'advertiser_tracking_enabled',
  'application_tracking_enabled',
  'consider_views',
  'include_dwell_data',
  'include_video_data',
] as const;
const texts = [
  'campaign_ids',
  'install_referrer',
  'installer_package',
  'receipt_data',
  'vendor_id',
  'windows_attribution_id',
] as const;
const known: readonly string[] = [...flags, ...texts, 'extinfo', 'url_schemes'];

/**
 * Checks and copies `app_data`.
 *
 * @throws CartieError `invalid_input` that names the field
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/app-data
 */
export function checkAppData(input: AppData | null | undefined, source: string): Record<string, unknown> {
  if (input == null) throw invalid('app_data', 'is required of app events');
  if (typeof input !== 'object') throw invalid('app_data', 'must be an object');
  for (const name of Object.keys(input)) {
    if (!known.includes(name)) {
      throw unknownField(name, known, {
        service,
        operation: 'send',
        code: 'invalid_input',
        at: 'app_data',
      });
    }
  }
  const data: Record<string, unknown> = {};
  for (const name of flags) if (input[name] != null) data[name] = flag(input[name], name);
  for (const name of texts) if (input[name] != null) data[name] = text(input[name], `app_data.${name}`);
  if (input.url_schemes != null) {
    if (!Array.isArray(input.url_schemes)) throw invalid('app_data.url_schemes', 'must be a list');
    data.url_schemes = input.url_schemes.map((one) => text(one, 'app_data.url_schemes'));
  }
  if (input.extinfo != null) data.extinfo = extinfo(input.extinfo);
  if (source === 'app') {
    for (const name of ['advertiser_tracking_enabled', 'extinfo'] as const) {
      if (data[name] === undefined) throw invalid(`app_data.${name}`, 'is required of app events');
    }
  }
  return data;
}

// Meta takes a list of another length and then drops the event without a word.
function extinfo(value: unknown): string[] {
  const field = 'app_data.extinfo';
  if (!Array.isArray(value) || value.length !== 16) {
    throw invalid(field, "must be a list of 16 values, '' for what is not known");
  }
  const list = Array.from(value as unknown[], (one, index) =>
    one == null ? '' : text(one, `${field}[${index}]`),
  );
  if (list[0] !== 'a2' && list[0] !== 'i2') throw invalid(`${field}[0]`, 'must be a2 (Android) or i2 (iOS)');
  if (list[4] === '') throw invalid(`${field}[4]`, 'must be the version of the operating system');
  return list;
}

function flag(value: unknown, name: string): 0 | 1 {
  if (value === true || value === 1) return 1;
  if (value === false || value === 0) return 0;
  throw invalid(`app_data.${name}`, 'must be true, false, 1 or 0');
}

function text(value: unknown, field: string): string {
  const written = typeof value === 'number' ? String(value) : value;
  if (typeof written !== 'string') throw invalid(field, 'must be a text');
  if (/[@\uff20\ufe6b]/.test(written)) throw invalid(field, 'must not hold an e-mail address');
  return written;
}
