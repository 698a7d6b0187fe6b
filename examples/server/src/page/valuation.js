// Values a car: what the form knows, and what came of it.

import { get, post } from './server.js';
import { state, update } from './state.js';

/** Loads the brands, if they are not there yet. Where that failed an operator says when to ask again. */
export function openValuation() {
  const { brands, isLoading, error } = state.valuation;
  if (brands === undefined && !isLoading && error === undefined) loadBrands();
}

export async function loadBrands() {
  change({ isLoading: true });
  await told(async () => change({ brands: await get('/valuation/brands') }));
  change({ isLoading: false });
}

/** Loads the models of a brand. */
export async function chooseBrand(brand) {
  change({ brand, models: undefined });
  if (!brand) return;
  await told(async () => {
    const models = await get(`/valuation/brands/${brand}/models`);
    if (state.valuation.brand === brand) change({ models });
  });
}

/** Asks what such a car costs. */
export async function valueCar(car) {
  change({ result: undefined });
  await told(async () => change({ result: await post('/valuation', car) }));
}

/** Clears the last error, and keeps the one of `work`. */
async function told(work) {
  change({ error: undefined });
  try {
    await work();
  } catch (error) {
    change({ error: error.message });
  }
}

const change = (changes) => update({ valuation: { ...state.valuation, ...changes } });
