import { invalid } from './invalid.ts';
import { processingStates } from './limits.ts';
import type { EventDraft } from './prepare-event.ts';
import type { MetaEvent } from './types.ts';

/**
 * Checks and copies the data processing options; 0 is a value.
 *
 * @throws CartieError `invalid_input` that names the field
 * @see https://developers.facebook.com/documentation/meta-pixel/implementation/data-processing-options
 */
export function checkProcessing({ event, userData }: EventDraft, input: MetaEvent): void {
  const {
    data_processing_options: options,
    data_processing_options_country: country,
    data_processing_options_state: state,
  } = input;
  if (country != null) {
    if (country !== 0 && country !== 1) {
      throw invalid('data_processing_options_country', 'must be 0 (Meta finds out) or 1 (United States)');
    }
    if (state == null) {
      throw invalid('data_processing_options_state', 'is required with `data_processing_options_country`');
    }
    event.data_processing_options_country = country;
  }
  if (state != null) {
    if (!(processingStates as readonly unknown[]).includes(state)) {
      throw invalid(
        'data_processing_options_state',
        'must be 0 (Meta finds out) or one of 1000 to 1010, such as 1000 (California)',
      );
    }
    event.data_processing_options_state = state;
  }
  if (options == null) return;
  if (!Array.isArray(options) || !(options.length === 0 || (options.length === 1 && options[0] === 'LDU'))) {
    throw invalid('data_processing_options', "must be ['LDU'] or []");
  }
  event.data_processing_options = [...options];
  if (options.length === 1 && userData.client_ip_address === undefined && state == null) {
    throw invalid('data_processing_options_state', 'is required for LDU without `client_ip_address`');
  }
}
