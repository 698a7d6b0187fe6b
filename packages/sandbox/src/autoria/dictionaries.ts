import {
  bodystyles,
  type CatalogueBrand,
  carBrands,
  categories,
  cities,
  colors,
  countries,
  driverTypes,
  equipments,
  fuels,
  gearboxes,
  motorcycleBodystyleGroups,
  motorcycleBrands,
  options,
  slugOf,
  states,
} from './catalogue.ts';
import { complaint, refusal } from './failure.ts';

const brandsOf = (category: number): readonly CatalogueBrand[] =>
  ({ 1: carBrands, 2: motorcycleBrands })[category] ?? [];
const named = ({ id, name }: { id: number; name: string }) => ({ name, value: id });
const allModels = carBrands.flatMap(({ models }) => models);
const allGenerations = allModels.flatMap((model) =>
  model.generations.map((generation) => ({ ...generation, model })),
);

function modelsOf(category: number, brandId: number): CatalogueBrand['models'] {
  const found = brandsOf(category).find(({ id }) => id === brandId);
  if (!found) throw refusal('NOT_FOUND');
  return found.models;
}

// Models whose names begin with the same letter are a group here; the others stand alone.
function modelGroups(category: number, brandId: number): unknown[] {
  const models = modelsOf(category, brandId).map(named);
  const families = new Map<string, { name: string; value: number }[]>();
  for (const model of models) {
    const family = /^[A-Z]/.exec(model.name)?.[0] ?? model.name;
    families.set(family, [...(families.get(family) ?? []), model]);
  }
  return [...families.values()].map((family) => (family.length > 1 ? family : family[0]));
}

function generationOf(id: number) {
  const found = allGenerations.find((generation) => generation.id === id);
  if (!found) throw refusal('NOT_FOUND');
  return found;
}

function equipmentsOf(modificationId: string | null): unknown[] {
  if (!modificationId) throw complaint(400, 'Modification ID is required');
  return equipments.filter(({ baseId }) => String(baseId) === modificationId);
}

function optionGroups(category: string): Record<string, unknown> {
  if (category !== '1') throw complaint(400, `Invalid categoryId: ${category}`);
  return {
    binary: {
      '1': {
        groupId: 1,
        rewrite: 'security',
        translates: { uk: 'Безпека', ru: 'Безопасность' },
        options: options.map(({ name, value }) => ({
          id: value,
          rewrite: slugOf(name),
          translates: { uk: name, ru: name },
          typeId: 1,
        })),
      },
      '7': null,
    },
    selectable: {},
  };
}

type Read = (ids: readonly string[], query: URLSearchParams) => unknown;

/** Dictionaries by their paths; `:` is an id. Some live under `/auto`, some do not. */
const paths: Readonly<Record<string, Read>> = {
  '/auto/categories': () => categories,
  '/auto/categories/:/marks': ([category]) => brandsOf(Number(category)).map(named),
  '/auto/categories/:/marks/:/models': ([category, brand]) =>
    modelsOf(Number(category), Number(brand)).map(named),
  '/auto/categories/:/marks/:/models/_group': ([category, brand]) =>
    modelGroups(Number(category), Number(brand)),
  '/auto/models': () => allModels.map(named),
  '/auto/categories/:/bodystyles': ([category]) => (category === '1' ? bodystyles : []),
  '/auto/categories/:/bodystyles/_group': ([category]) =>
    category === '2' ? motorcycleBodystyleGroups : bodystyles,
  '/auto/bodystyles': () => bodystyles,
  '/auto/categories/:/gearboxes': () => gearboxes,
  '/auto/categories/:/driverTypes': ([category]) => driverTypes[Number(category)] ?? [],
  '/auto/categories/:/options': () => options,
  '/auto/categories/:/auto_options': () => options,
  '/auto/type': () => fuels,
  '/auto/states': () => states,
  '/auto/states/:/cities': ([state]) => {
    const towns = cities[Number(state)];
    if (!towns) throw refusal('NOT_FOUND');
    return towns;
  },
  '/auto/colors': () => colors,
  '/auto/countries': () => countries,
  '/generations/by/models/:/generations': ([id]) =>
    allModels
      .filter((model) => model.id === Number(id))
      .map((model) => ({
        name: model.name,
        id: model.id,
        generations: model.generations.map(({ id: generationId, name, yearFrom, yearTo }) => ({
          generationId,
          name,
          yearFrom,
          yearTo,
          modelId: model.id,
          eng: slugOf(name),
        })),
      })),
  '/modifications/by/generation/:/modifications': ([id]) => generationOf(Number(id)).modifications,
  '/modifications/by/generation/:/body/:/modifications': ([id]) => generationOf(Number(id)).modifications,
  '/bodies/by/generation/:/bodies': ([id]) => {
    generationOf(Number(id));
    return bodystyles.slice(0, 2).map(({ name, value }) => ({ name, value }));
  },
  '/auto_ria/equips_by_modifications': (_, query) => equipmentsOf(query.get('modificationId')),
  '/used_auto/get_options/:/optionsV2': ([category = '']) => optionGroups(category),
};

/** How long the edge keeps a dictionary. Seconds. */
export const dictionaryMaxAge = 720;

/** Finds the dictionary at a path. */
export function dictionaryAt(path: string): ((query: URLSearchParams) => unknown) | undefined {
  const trimmed = path.replace(/\/+$/, '');
  const read = paths[trimmed.replaceAll(/\/\d+(?=\/|$)/g, '/:')];
  const ids = [...trimmed.matchAll(/\/(\d+)(?=\/|$)/g)].map(([, id = '']) => id);
  return read && ((query) => read(ids, query));
}
