import { carBrands, equipments, slugOf } from './catalogue.ts';
import { complaint, refusal } from './failure.ts';

/** What one call about new cars says. */
export interface NewCarCall {
  readonly method: string;
  /** Below `/auto/new/`. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly userId: number | undefined;
}

/** New cars: their dictionaries, and an account's own listings of them. */
export interface NewCars {
  answer(call: NewCarCall): unknown;
  clear(): void;
}

interface Listing {
  readonly userId: number;
  readonly fields: Record<string, string>;
  active: boolean;
}

/** Creates {@link NewCars}. */
export function createNewCars(): NewCars {
  const listings = new Map<number, Listing>();
  let lastId = 1_696_100;

  const dictionaries: Readonly<Record<string, (query: URLSearchParams) => unknown>> = {
    marks: (query) =>
      carBrands.map(({ id, name, countryId }) => ({
        name,
        marka_id: id,
        eng: slugOf(name),
        country_id: countryId,
        category_id: Number(query.get('category_id') ?? 1),
      })),
    models: (query) =>
      models()
        .filter(({ brand }) => String(brand.id) === query.get('marka_id'))
        .map(({ brand, model }) => ({
          parent_id: 0,
          name: model.name,
          model_id: model.id,
          marka_id: brand.id,
          eng: slugOf(model.name),
          category_id: query.get('category_id') ?? '1',
        })),
    generation: (query) =>
      generations()
        .filter(({ model }) => String(model.id) === query.get('model_id'))
        .map(({ brand, model, generation }) => ({
          year_to: generation.yearTo,
          year_from: generation.yearFrom,
          name: generation.name,
          model_id: model.id,
          marka_id: brand.id,
          generation_id: generation.id,
          eng: slugOf(generation.name),
        })),
    generation_bodystyles: (query) => {
      const id = Number(query.get('generation_id'));
      return generations().some(({ generation }) => generation.id === id)
        ? [{ generation_bodystyle_id: id * 10, bodystyle_id: 3 }]
        : [];
    },
    generation_bodystyles_bases: (query) =>
      generations()
        .filter(({ generation }) => String(generation.id * 10) === query.get('generation_bodystyle_id'))
        .flatMap(({ brand, model, generation }) =>
          generation.modifications.map(({ name, value }) => ({
            name,
            model_id: model.id,
            marka_id: brand.id,
            generation_bodystyle_id: generation.id * 10,
            base_id: value,
          })),
        ),
    equip_base: (query) =>
      equipments
        .filter(({ baseId }) => String(baseId) === query.get('base_id'))
        .map(({ equipId, baseId, year, name }) => ({ year, name, equip_id: equipId, base_id: baseId })),
  };

  function autos({ method, query, userId }: NewCarCall): unknown {
    if (userId === undefined) throw complaint(400, 'user_id is required');
    const { user_id: _user, auto_id: id, ...fields } = Object.fromEntries(query);
    const mine = [...listings].filter(([, listing]) => listing.userId === userId);
    switch (method) {
      case 'GET':
        return {
          archive: mine.filter(([, { active }]) => !active).map(([listingId]) => listingId),
          active: mine.filter(([, { active }]) => active).map(([listingId]) => listingId),
        };
      case 'POST': {
        const missing = ['marka_id', 'model_id', 'base_id', 'equip_id', 'currency_id'].find(
          (name) => !fields[name],
        );
        if (missing !== undefined) throw complaint(400, `${missing} is required`);
        lastId += 1;
        listings.set(lastId, { userId, fields, active: true });
        return { num_rows: 1, last_insert_id: lastId };
      }
      case 'PUT':
      case 'DELETE': {
        const listing = listings.get(Number(id));
        if (listing?.userId !== userId) return { num_rows: 0, last_insert_id: 0 };
        if (method === 'DELETE') listing.active = false;
        else Object.assign(listing.fields, fields);
        return { num_rows: 1, last_insert_id: 0 };
      }
      default:
        throw refusal('NOT_FOUND');
    }
  }

  return {
    answer(call) {
      if (call.name === 'autos') return autos(call);
      const read = Object.hasOwn(dictionaries, call.name) ? dictionaries[call.name] : undefined;
      if (!read || call.method !== 'GET') throw refusal('NOT_FOUND');
      return read(call.query);
    },
    clear: () => listings.clear(),
  };
}

function models() {
  return carBrands.flatMap((brand) => brand.models.map((model) => ({ brand, model })));
}

function generations() {
  return models().flatMap(({ brand, model }) =>
    model.generations.map((generation) => ({ brand, model, generation })),
  );
}
