import { describe, expect, it } from 'vitest';
import { type CarPost, readCarPost } from '../src/car-post.ts';

const posts: readonly [text: string, post: CarPost][] = [
  [
    '🚗 Volkswagen Golf VII 2016\n💰 11 500$\nПробіг: 158 тис. км\n📞 +380 67 123 45 67',
    {
      make: 'Volkswagen',
      model: 'Golf VII',
      year: 2016,
      price: { amount: 11_500, currency: 'USD' },
      mileageKm: 158_000,
      phones: ['+380671234567'],
    },
  ],
  [
    'Продам BMW X5 2018р. Ціна 32900 у.е. Пробег 120000 км т. 067-123-45-67',
    {
      make: 'BMW',
      model: 'X5',
      year: 2018,
      price: { amount: 32_900, currency: 'USD' },
      mileageKm: 120_000,
      phones: ['+380671234567'],
    },
  ],
  [
    'Audi A6 C7 / 2014 / 3.0 TDI / 210 000 км / $18,900 / 0501234567',
    {
      make: 'Audi',
      model: 'A6 C7',
      year: 2014,
      price: { amount: 18_900, currency: 'USD' },
      mileageKm: 210_000,
      phones: ['+380501234567'],
    },
  ],
  [
    'Шкода Октавія 2012 р.в., 1.6 дизель, пробіг 230, ціна 8.2 тис €. (098) 765 43 21 або (063)1112233',
    {
      make: 'Škoda',
      model: 'Октавія',
      year: 2012,
      price: { amount: 8_200, currency: 'EUR' },
      mileageKm: 230_000,
      phones: ['+380987654321', '+380631112233'],
    },
  ],
  [
    'Range Rover Sport 2020\n98k miles\nЦіна: 1 450 000 грн',
    {
      make: 'Land Rover',
      model: 'Range Rover Sport',
      year: 2020,
      price: { amount: 1_450_000, currency: 'UAH' },
      mileageKm: 157_716,
      phones: [],
    },
  ],
  [
    'Mercedes-Benz E 220d, рік випуску: 2019, 45 000 km, 38.500 EUR',
    {
      make: 'Mercedes-Benz',
      model: 'E 220d',
      year: 2019,
      price: { amount: 38_500, currency: 'EUR' },
      mileageKm: 45_000,
      phones: [],
    },
  ],
  [
    'Toyota Land Cruiser Prado 2.8 дизель повний привід',
    { make: 'Toyota', model: 'Land Cruiser Prado', phones: [] },
  ],
  // A price that looks like a year is a price.
  [
    'Ланос від Daewoo 2000$ торг 2007 г.',
    { make: 'Daewoo', price: { amount: 2_000, currency: 'USD' }, year: 2007, phones: [] },
  ],
  // Consumption is no mileage, and a part of a word is no make.
  ['Аудиторія 100 осіб, витрата 8 л/100 км', { phones: [] }],
  ['Вітаємо на каналі! Підписуйтесь 👍', { phones: [] }],
  ['', { phones: [] }],
];

describe('reading the post of a car channel', () => {
  it.each(posts)('%s', (text, post) => {
    expect(readCarPost(text)).toEqual(post);
  });

  it('reads any text in time: no rule goes back and forth over long runs', () => {
    for (const piece of ['1 ', '9', 'пробіг ', 'Land ', '$', '+380 ', '1.234.']) {
      expect(readCarPost(piece.repeat(4_096 / piece.length)).phones).toBeInstanceOf(Array);
    }
  });
});
