import { carBrands, cities, colors, states } from './catalogue.ts';
import type { SandboxCar, SandboxCarInput } from './public.ts';

/** Cars that are for sale. */
export interface Cars {
  add(car?: SandboxCarInput): SandboxCar;
  get(id: number): SandboxCar | undefined;
  change(id: number, changes: SandboxCarInput): SandboxCar | undefined;
  remove(id: number): boolean;
  all(): SandboxCar[];
  clear(): void;
}

/** How many cars a fresh sandbox has. */
const stock = 240;

/** Creates {@link Cars}, the same ones each time. */
export function createCars(now: () => number): Cars {
  const cars = new Map<number, SandboxCar>();
  let lastId = 36_750_000;

  function add(given: SandboxCarInput = {}): SandboxCar {
    lastId += 1;
    const id = given.id ?? lastId;
    const car: SandboxCar = { ...plainCar(id, now()), ...defined(given), id };
    cars.set(id, car);
    return car;
  }

  function fill(): void {
    lastId = 36_750_000;
    for (let index = 0; index < stock; index += 1) add(variant(index));
  }

  fill();
  return {
    add,
    get: (id) => cars.get(id),
    change(id, changes) {
      const car = cars.get(id);
      if (car === undefined) return undefined;
      const changed = { ...car, ...defined(changes), id };
      cars.set(id, changed);
      return changed;
    },
    remove: (id) => cars.delete(id),
    all: () => [...cars.values()],
    clear() {
      cars.clear();
      fill();
    },
  };
}

function plainCar(id: number, addedAt: number): SandboxCar {
  return {
    id,
    type: 'UsedAuto',
    categoryId: 1,
    brandId: 9,
    modelId: 3219,
    generationId: 6138,
    modificationId: 135908,
    year: 2019,
    usd: 32_999,
    raceInt: 140,
    fuelId: 2,
    gearboxId: 2,
    driveId: 1,
    bodyId: 3,
    colorId: 2,
    stateId: 12,
    cityId: 12,
    engineVolume: 2,
    power: 190,
    options: [217],
    VIN: 'WBA5V7100KFH19523',
    plateNumber: 'HH 5377 AB',
    sold: false,
    abroad: false,
    custom: false,
    damage: false,
    photos: [id * 10 + 1, id * 10 + 2, id * 10 + 3],
    description: 'Обслужена, вкладень не потребує.',
    addedAt,
  };
}

// Spread evenly, so that every filter finds some and leaves some.
function variant(index: number): SandboxCarInput {
  const models = carBrands.flatMap((brand) => brand.models.map((model) => ({ brand, model })));
  const { brand, model } = models[index % models.length] as (typeof models)[number];
  const region = states[index % states.length]?.value ?? 10;
  const towns = cities[region] ?? [];
  const [generation] = model.generations;
  const year = 2008 + (index % 16);
  return {
    brandId: brand.id,
    modelId: model.id,
    generationId: generation?.id ?? 0,
    modificationId: generation?.modifications[0]?.value ?? 0,
    year,
    usd: 2_500 + ((year - 2008) * 1_400 + (index % 7) * 900),
    raceInt: 20 + ((index * 17) % 280),
    fuelId: [1, 2, 4, 6, 5][index % 5] as number,
    gearboxId: (index % 5) + 1,
    driveId: (index % 3) + 1,
    bodyId: [3, 5, 2, 4][index % 4] as number,
    colorId: colors[index % colors.length]?.value ?? 2,
    stateId: region,
    cityId: towns[index % Math.max(1, towns.length)]?.value ?? 0,
    engineVolume: [1.4, 1.97, 3, 0, 2.5][index % 5] as number,
    power: 90 + (index % 12) * 20,
    options: index % 2 === 0 ? [217, 477] : [606],
    VIN: index % 3 === 0 ? undefined : `WBA5V7100KF${String(100_000 + index)}`,
    plateNumber: index % 4 === 0 ? undefined : `AA ${1_000 + index} BB`,
    type: index % 30 === 29 ? 'NewAuto' : 'UsedAuto',
  };
}

function defined(given: SandboxCarInput): Partial<SandboxCar> {
  return Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== undefined || nullable.includes(name)),
  );
}

/** A car may have none of these. */
const nullable = ['VIN', 'plateNumber'];
