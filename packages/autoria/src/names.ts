import { type CallOptions, CartieError, closestName } from '@cartie/core';
import type { AutoRiaDictionaries } from './dictionaries.ts';
import { service } from './invalid.ts';
import type { AutoRiaEntry } from './types.ts';

/** An entry of a dictionary by its id (a number), or by its name (a text, as AUTO.RIA writes it, in any letter case). */
export type NameOrId = string | number;

/** Finds ids by names. A number is taken as it is and costs nothing; a name costs a dictionary, unless it is kept. */
export interface Names {
  category(value: NameOrId): Promise<number>;
  brand(value: NameOrId, field: string): Promise<number>;
  model(value: NameOrId, brand: number, field: string): Promise<number>;
  city(value: NameOrId, region: number, field: string): Promise<number>;
  entry(dictionary: FlatDictionary, value: NameOrId, field: string): Promise<number>;
}

/** Dictionaries whose entries need no other one. */
export type FlatDictionary =
  | 'fuels'
  | 'gearboxes'
  | 'bodystyles'
  | 'drives'
  | 'options'
  | 'regions'
  | 'colors'
  | 'countries';

/** Creates {@link Names} for one call, in a category. */
export function createNames(
  dictionaries: AutoRiaDictionaries,
  category: number,
  options: CallOptions,
): Names {
  const flat: Readonly<Record<FlatDictionary, () => Promise<AutoRiaEntry[]>>> = {
    fuels: () => dictionaries.fuels(options),
    gearboxes: () => dictionaries.gearboxes(category, options),
    bodystyles: () => dictionaries.bodystyles(category, options),
    drives: () => dictionaries.drives(category, options),
    options: () => dictionaries.options(category, options),
    regions: () => dictionaries.regions(options),
    colors: () => dictionaries.colors(options),
    countries: () => dictionaries.countries(options),
  };
  const find = async (value: NameOrId, field: string, read: () => Promise<AutoRiaEntry[]>) =>
    typeof value === 'number' ? value : idOf(value, field, await read());
  return {
    category: (value) => find(value, 'category', () => dictionaries.categories(options)),
    brand: (value, field) => find(value, field, () => dictionaries.brands(category, options)),
    model: (value, brand, field) => find(value, field, () => dictionaries.models(category, brand, options)),
    city: (value, region, field) => find(value, field, () => dictionaries.cities(region, options)),
    entry: (dictionary, value, field) => find(value, field, flat[dictionary]),
  };
}

function idOf(name: string, field: string, entries: readonly AutoRiaEntry[]): number {
  const wanted = plain(name);
  const found = entries.find((entry) => plain(entry.name) === wanted);
  if (found) return found.value;
  // What is suggested is AUTO.RIA's; what was asked for is not repeated.
  const close = closestName(
    name,
    entries.map((entry) => entry.name),
  );
  throw new CartieError(
    'invalid_input',
    `\`${field}\` is no name of AUTO.RIA’s dictionary${close === undefined ? '' : `: did you mean \`${close}\`?`}`,
    { service, field },
  );
}

// AUTO.RIA itself writes a Latin «i» into Ukrainian words («Унiверсал»).
const lookalikes: Readonly<Record<string, string>> = {
  a: 'а',
  c: 'с',
  e: 'е',
  i: 'і',
  o: 'о',
  p: 'р',
  x: 'х',
  y: 'у',
};

function plain(name: string): string {
  const text = name.normalize('NFC').trim().toLowerCase().replaceAll(/\s+/g, ' ').replaceAll('’', "'");
  return /[а-яіїєґ]/.test(text)
    ? text.replaceAll(/[aceiopxy]/g, (letter) => lookalikes[letter] ?? letter)
    : text;
}
