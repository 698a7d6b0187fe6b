/** An entry of a dictionary, as the API gives it. */
export interface Entry {
  readonly name: string;
  readonly value: number;
  readonly parentId?: number;
}

const entries = (list: readonly (readonly [number, string])[]): Entry[] =>
  list.map(([value, name]) => ({ name, value }));

/** Kinds of vehicles. Only cars (1) and motorcycles (2) have brands here. */
export const categories = entries([
  [1, 'Легкові'],
  [2, 'Мото'],
  [3, 'Водний транспорт'],
  [4, 'Спецтехніка'],
  [5, 'Причепи'],
  [6, 'Вантажівки'],
  [7, 'Автобуси'],
  [8, 'Автобудинки'],
  [9, 'Повітряний транспорт'],
  [10, 'Сільгосптехніка'],
]);

/** A model and what it is built as. */
export interface CatalogueModel {
  readonly id: number;
  readonly name: string;
  readonly generations: readonly CatalogueGeneration[];
}

/** A generation of a model; `yearTo` 0 is one that is still built. */
export interface CatalogueGeneration {
  readonly id: number;
  readonly name: string;
  readonly yearFrom: number;
  readonly yearTo: number;
  readonly modifications: readonly Entry[];
}

/** A brand with its models. */
export interface CatalogueBrand {
  readonly id: number;
  readonly name: string;
  readonly countryId: number;
  readonly models: readonly CatalogueModel[];
}

const brand = (
  id: number,
  name: string,
  countryId: number,
  models: readonly CatalogueModel[],
): CatalogueBrand => ({ id, name, countryId, models });
const model = (
  id: number,
  name: string,
  generations: readonly CatalogueGeneration[] = [],
): CatalogueModel => ({ id, name, generations });
const generation = (
  id: number,
  name: string,
  years: readonly [number, number],
): Omit<CatalogueGeneration, 'modifications'> => ({ id, name, yearFrom: years[0], yearTo: years[1] });

/** Brands of cars. */
export const carBrands: readonly CatalogueBrand[] = [
  brand(98, 'Acura', 392, [model(1, 'MDX')]),
  brand(3, 'Alfa Romeo', 380, [model(5, 'Giulia')]),
  brand(6, 'Audi', 276, [model(43, 'A4'), model(49, 'A6'), model(1894, 'Q7')]),
  brand(9, 'BMW', 276, [
    model(2161, '1 Series'),
    model(3219, '3 Series', [
      {
        ...generation(6138, 'G20', [2018, 0]),
        modifications: entries([
          [135908, '320d Steptronic (190 к.с.) xDrive'],
          [135911, '330i Steptronic (258 к.с.)'],
        ]),
      },
    ]),
    model(2531, '5 Series'),
    model(1866, 'X3'),
    model(96, 'X5', [
      { ...generation(432, 'E70', [2006, 2013]), modifications: entries([[9036, '3.0d AT (235 к.с.)']]) },
      { ...generation(433, 'F15', [2013, 2018]), modifications: entries([[15821, '30d AT (258 к.с.)']]) },
    ]),
  ]),
  brand(28, 'Honda', 392, [model(262, 'Accord'), model(265, 'Civic')]),
  brand(62, 'Renault', 250, [model(586, 'Megane'), model(587, 'Laguna')]),
  brand(70, 'Skoda', 203, [model(652, 'Octavia'), model(656, 'Superb')]),
  brand(79, 'Toyota', 392, [model(698, 'Camry'), model(710, 'RAV4')]),
  brand(84, 'Volkswagen', 276, [
    model(1653, 'Caravelle', [
      { ...generation(16, 'III покоління (FL)/T5', [2009, 2015]), modifications: [] },
      {
        ...generation(17, 'IV покоління/T6', [2015, 2019]),
        modifications: entries([
          [115538, '2.0 BiTDI DSG (180 к.с.)'],
          [115539, '2.0 BiTDI DSG (180 к.с.) 4Motion'],
          [121490, '2.0 TDI DSG (102 к.с.)'],
        ]),
      },
    ]),
    model(785, 'Golf'),
  ]),
  brand(85, 'Volvo', 752, [model(824, 'XC90')]),
];

/** Brands of motorcycles: their ids are those of cars, their models are not. */
export const motorcycleBrands: readonly CatalogueBrand[] = [
  brand(9, 'BMW', 276, [model(25290, 'Adventure'), model(25295, 'GS')]),
];

/** Body styles of cars. */
export const bodystyles: Entry[] = entries([
  [3, 'Седан'],
  [5, 'Позашляховик / Кросовер'],
  [8, 'Мінівен'],
  [4, 'Хетчбек'],
  // The letter «i» in it is a Latin one, as in the real dictionary.
  [2, 'Унiверсал'],
  [6, 'Купе'],
  [7, 'Кабріолет'],
  [9, 'Пікап'],
  [307, 'Ліфтбек'],
]).map((entry) => ({ ...entry, parentId: 0 }));

/** Groups of body styles of motorcycles: the first of a group names it. */
export const motorcycleBodystyleGroups = [
  entries([
    [58, 'Мопеди'],
    [11, 'Скутер'],
  ]),
  entries([[34, 'Трицикл']])[0] as Entry,
];

/** Gearboxes. */
export const gearboxes = entries([
  [1, 'Ручна / Механіка'],
  [2, 'Автомат'],
  [3, 'Типтронік'],
  [4, 'Робот'],
  [5, 'Варіатор'],
]);

/** Drives; ids belong to a category. */
export const driverTypes: Readonly<Record<number, Entry[]>> = {
  1: entries([
    [1, 'Повний'],
    [2, 'Передній'],
    [3, 'Задній'],
  ]),
  2: entries([
    [4, 'Кардан'],
    [5, 'Ремінь'],
    [6, 'Ланцюг'],
  ]),
};

/** Fuels; 7 and 9 are retired. */
export const fuels = entries([
  [1, 'Бензин'],
  [2, 'Дизель'],
  [3, 'Газ'],
  [4, 'Газ пропан-бутан / Бензин'],
  [8, 'Газ метан / Бензин'],
  [5, 'Гібрид (HEV)'],
  [10, 'Гібрид (PHEV)'],
  [11, 'Гібрид (MHEV)'],
  [12, 'Гібрид (REEV)'],
  [6, 'Електро'],
]);

/** Equipment of cars. */
export const options = entries([
  [217, 'Антиблокувальна система (ABS)'],
  [606, 'Антипробуксовочна система (ASR)'],
  [620, 'Датчик тиску в шинах'],
  [604, 'Іммобілайзер'],
  [477, 'Гаражне зберігання'],
]);

/** Regions. */
export const states = entries([
  [10, 'Київська'],
  [1, 'Вінницька'],
  [5, 'Львівська'],
  [12, 'Одеська'],
  [7, 'Харківська'],
]);

/** Cities by region. */
export const cities: Readonly<Record<number, Entry[]>> = {
  10: entries([
    [10, 'Київ'],
    [109, 'Бориспіль'],
  ]),
  1: entries([
    [1, 'Вінниця'],
    [27, 'Жмеринка'],
    [30, 'Козятин'],
  ]),
  5: entries([[5, 'Львів']]),
  12: entries([[12, 'Одеса']]),
  7: entries([[7, 'Харків']]),
};

/** Colours. */
export const colors = entries([
  [1, 'Бежевий'],
  [2, 'Чорний'],
  [3, 'Синій'],
  [5, 'Коричневий'],
  [7, 'Зелений'],
  [8, 'Сірий'],
  [13, 'Червоний'],
  [15, 'Білий'],
]);

/** Countries: ISO numbers, and from 900 the service's own. */
export const countries = entries([
  [40, 'Австрія'],
  [826, 'Англія'],
  [276, 'Німеччина'],
  [250, 'Франція'],
  [203, 'Чехія'],
  [380, 'Італія'],
  [752, 'Швеція'],
  [840, 'США'],
  [392, 'Японія'],
  [804, 'Україна'],
  [900, 'Грузія'],
  [913, 'Хорватія'],
]);

/** Trims of a modification. */
export const equipments = [
  { equipId: 73508, baseId: 115538, year: '2017', name: 'Comfortline' },
  { equipId: 73509, baseId: 115538, year: '2017', name: 'Executive' },
  { equipId: 107271, baseId: 135908, year: '2019', name: 'Base' },
  { equipId: 9933, baseId: 9036, year: '2011', name: 'base' },
];

/** The name under which an entry is in URLs: `3 Series` is `3-series`. */
export function slugOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}
