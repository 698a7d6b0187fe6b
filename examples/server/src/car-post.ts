import { findPhoneNumbersInText } from 'libphonenumber-js/min';
import { carMakes } from './car-makes.ts';

/** What a post of a car channel says. A field that it does not say, or not clearly, is absent. */
export interface CarPost {
  readonly make?: string;
  readonly model?: string;
  readonly year?: number;
  /** `currency` is ISO 4217. */
  readonly price?: { readonly amount: number; readonly currency: 'USD' | 'EUR' | 'UAH' };
  readonly mileageKm?: number;
  /** In E.164, in the order of the text. */
  readonly phones: readonly string[];
}

/**
 * Reads a post as people write them in Ukrainian, Russian and English: `BMW X5 2018р., 120 тис. км, 32 900$, 067 123 45 67`.
 * Numbers that are a phone, a price or a mileage are not taken for a year.
 */
export function readCarPost(text: string): CarPost {
  // A rule reads what is left by those before it: blanks keep the places apart.
  let rest = text.normalize('NFC').replaceAll(/[\u00a0\u2007\u202f]/g, ' ');
  const take = (begin: number, end: number): void => {
    rest = rest.slice(0, begin) + ' '.repeat(end - begin).replace(/^ /, '|') + rest.slice(end);
  };
  const phones: string[] = [];
  for (const found of findPhoneNumbersInText(rest, 'UA')) {
    if (!phones.includes(found.number.number)) phones.push(found.number.number);
    take(found.startsAt, found.endsAt);
  }
  const first = <Value>(rules: readonly Rule<Value>[]): Value | undefined => {
    for (const { pattern, read } of rules) {
      for (const match of rest.matchAll(pattern)) {
        const value = read(match);
        if (value === undefined) continue;
        take(match.index, match.index + match[0].length);
        return value;
      }
    }
    return undefined;
  };
  const price = first(priceRules);
  const mileageKm = first(mileageRules);
  const car = makeAndModel(rest);
  const year = first(yearRules);
  return {
    ...car,
    ...(year !== undefined && { year }),
    ...(price !== undefined && { price }),
    ...(mileageKm !== undefined && { mileageKm }),
    phones,
  };
}

interface Rule<Value> {
  readonly pattern: RegExp;
  readonly read: (match: RegExpExecArray) => Value | undefined;
}

/** `11 500`, `11.500`, `11,500`, `11500`, `11.5`; a number never begins or ends inside of a word or another number. */
const number = String.raw`(?<![\p{L}\d.,])(?<number>\d{1,3}(?:[ .,']\d{3})+|\d+(?:[.,]\d{1,2})?)`;
const thousand = String.raw`(?:\s*(?<thousand>тис(?:яч|\.)?|тыс(?:яч|\.)?|т\.|k|к)(?!\p{L}))?`;
const currencies = [
  ['USD', String.raw`\$|usd|у\.?\s?[ео]\.?|дол(?:\.|ар\p{L}*|лар\p{L}*)?|баксів|баксов`],
  ['EUR', '€|eur|євро|евро'],
  ['UAH', String.raw`₴|uah|грн\.?|грив\p{L}*`],
] as const;

const priceRules: readonly Rule<NonNullable<CarPost['price']>>[] = currencies.flatMap(([currency, words]) =>
  [
    String.raw`${number}${thousand}\s*(?:${words})(?!\p{L})`,
    String.raw`(?<!\p{L})(?:${words})\s*${number}${thousand}(?![\p{L}\d])`,
  ].map((pattern) => ({
    pattern: new RegExp(pattern, 'giu'),
    read: ({ groups }: RegExpExecArray) => {
      const amount = amountOf(groups);
      return amount >= 100 ? { amount, currency } : undefined;
    },
  })),
);

const kmPerMile = 1.609344;
const mileageWord = String.raw`(?:пробіг|пробег|mileage|odometer)\p{L}*[^\d\n]{0,12}`;

const mileageRules: readonly Rule<number>[] = [
  {
    pattern: new RegExp(
      String.raw`${number}${thousand}\s*(?<unit>км|km|миль|mi(?:les?)?)(?![\p{L}/])`,
      'giu',
    ),
    read: ({ groups }) => {
      const isMiles = /^ми|^mi/i.test(groups?.unit ?? '');
      return distance(amountOf(groups) * (isMiles ? kmPerMile : 1));
    },
  },
  {
    // «Пробіг 158» means thousands.
    pattern: new RegExp(`${mileageWord}${number}${thousand}`, 'giu'),
    read: ({ groups }) => {
      const amount = amountOf(groups);
      return distance(amount < 1_000 ? amount * 1_000 : amount);
    },
  },
];

const yearRules: readonly Rule<number>[] = [
  String.raw`(?<![\d.,])(?<year>(?:19[5-9]|20\d)\d)\s*(?:р|г)(?!\p{L})`,
  String.raw`(?:рік|год|year)\p{L}*[^\d\n]{0,12}(?<year>(?:19[5-9]|20\d)\d)(?!\d)`,
  String.raw`(?<![\p{L}\d.,])(?<year>(?:19[5-9]|20\d)\d)(?![\d.,]\d|[\p{L}\d])`,
].map((pattern) => ({
  pattern: new RegExp(pattern, 'giu'),
  read: ({ groups }: RegExpExecArray) => {
    const year = Number(groups?.year);
    return year <= new Date().getUTCFullYear() + 1 ? year : undefined;
  },
}));

function amountOf(groups: RegExpExecArray['groups']): number {
  const text = groups?.number ?? '';
  const isGrouped = /^\d{1,3}([ .,']\d{3})+$/.test(text);
  const amount = Number(isGrouped ? text.replaceAll(/\D/g, '') : text.replace(',', '.'));
  return Math.round(groups?.thousand === undefined ? amount : amount * 1_000);
}

/** Consumption (`8 л/100 км`) and distances to a town are no mileage. */
function distance(km: number): number | undefined {
  const rounded = Math.round(km);
  return rounded >= 1_000 && rounded <= 2_000_000 ? rounded : undefined;
}

const makes = carMakes
  .flatMap(([name, ...others]) => [name, ...others].map((word) => ({ name, word })))
  // «Land Rover» before «Rover».
  .sort((a, b) => b.word.length - a.word.length)
  .map(({ name, word }) => ({
    name,
    pattern: new RegExp(String.raw`(?<![\p{L}\d])${word.replaceAll(/[ -]/g, '[ -]?')}(?![\p{L}\d])`, 'iu'),
  }));

function makeAndModel(text: string): Pick<CarPost, 'make' | 'model'> {
  let best: { name: string; begin: number; end: number } | undefined;
  for (const { name, pattern } of makes) {
    const match = pattern.exec(text);
    if (match === null || (best !== undefined && match.index >= best.begin)) continue;
    best = { name, begin: match.index, end: match.index + match[0].length };
  }
  if (best === undefined) return {};
  const isRange = /^range|^рендж/i.test(text.slice(best.begin));
  const model = modelOf(text.slice(best.end));
  const words = [...(isRange ? ['Range Rover'] : []), ...(model === undefined ? [] : [model])];
  return { make: best.name, ...(words.length > 0 && { model: words.join(' ') }) };
}

const modelWord = /^[\p{L}\d][\p{L}\d+.-]*$/u;
/** Where the model's name ends: a year, an engine, or a word that says something else of the car. */
const notModel =
  /^(?:(?:19|20)\d\d(?:\p{L}.*)?|\d[.,]\d.*|л|l|р|г|рік|год|в|з|с|на|із|from|in|with|for|the|дизель|бензин|газ\p{L}*|гібрид|гибрид|електро|diesel|petrol|hybrid|automatic|manual|автомат|механіка|механика|акпп|мкпп|tdi|tsi|tfsi|cdi|hdi|dci|повний|полный|ціна|цена|price|пробіг|пробег|продам|терміново|срочно)$/iu;

function modelOf(text: string): string | undefined {
  const words: string[] = [];
  const line = /^[\s:#-]*([^\n,;/|()•–—]*)/u.exec(text)?.[1] ?? '';
  for (const token of line.split(/\s+/)) {
    const word = token.replace(/[.!?]+$/, '');
    if (words.length === 3 || !modelWord.test(word) || notModel.test(word)) break;
    words.push(word);
    if (word !== token) break;
  }
  return words.length === 0 ? undefined : words.join(' ');
}
