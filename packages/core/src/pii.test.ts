import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hashPii,
  normalizeCity,
  normalizeCountry,
  normalizeDateOfBirth,
  normalizeEmail,
  normalizeGender,
  normalizeName,
  normalizePhone,
  normalizeState,
  normalizeZip,
  type PiiField,
  type PiiOptions,
} from './index.ts';

const sha256 = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
const unicode = fc.string({ unit: 'binary' });

describe('hashPii', () => {
  // Meta's documentation, and values of other implementations for what it has no example of.
  it.each<[PiiField, string, string, PiiOptions?]>([
    ['email', 'John_Smith@gmail.com', '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
    [
      'phone',
      '(650)555-1212',
      'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176',
      { defaultCountry: 'US' },
    ],
    [
      'phone',
      '067 123 45 67',
      '240406bc84a49ab3469b6ac78b8475a2f15cd6ffb8de40693216bb370aab4529',
      { defaultCountry: 'UA' },
    ],
    ['name', 'Mary', '6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec'],
    ['name', 'Valéry', '08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c'],
    ['name', 'Vale\u0301ry', '08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c'],
    ['name', '정', '8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14'],
    ['name', 'Шевченко', 'd76a685138b829a270a9ad9d3c91ed9100b31425c975fafeafb4d7de0440af3c'],
    ['dateOfBirth', '2/16/1997', '01acdbf6ec7b4f478a225f1a246e5d6767eeab1a7ffa17f025265b5b94f40f0c'],
    ['gender', 'Female', sha256('f')],
    ['gender', 'Male', sha256('m')],
    ['city', 'New York', '350c754ba4d38897693aa077ef43072a859d23f613443133fecbbd90a3512ca5'],
    ['city', 'Київ', 'e574b8438a7d7344c26cabcf5f8cb99a133aa0b00524d8a988f3d968289b3a51'],
    ['state', 'California', '6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126'],
    ['zip', '94035-1234', '1794327a4d443904421f5ca1f3d72d0a62ba2f0770d80755ec2220fc0efb052e'],
    ['country', 'US', '79adb2a2fce5c6ba215fe5f27f532d4e7edbac4b6a5e09e1ef3a08084a904621'],
    ['country', 'ua', '844bc172f032bdd2d0baae3536c1d66c2dcba8481b1b6d8fc11fa3c5de29c6cb'],
  ])('gives the documented hash of %s %s', (field, value, expected, options) => {
    expect(hashPii(field, value, options)).toBe(expected);
  });

  it('starts and ends as documented for genders', () => {
    expect(hashPii('gender', 'f')).toMatch(/^252f10c8.*d9f111$/);
    expect(hashPii('gender', 'm')).toMatch(/^62c66a7a.*63c5a$/);
  });

  it('hashes a text as it is when no field is named', () => {
    expect(hashPii('київ')).toBe(sha256('київ'));
    expect(hashPii(' Київ')).toBe(sha256(' Київ'));
  });

  it('can be given to map', () => {
    expect(['a', 'b'].map(hashPii)).toEqual([sha256('a'), sha256('b')]);
  });

  it('never hashes twice, whatever field a hash comes in', () => {
    fc.assert(
      fc.property(unicode, (text) => {
        const once = hashPii(text);
        if (once === undefined) return;
        expect(hashPii(once)).toBe(once);
        expect(hashPii(once.toUpperCase())).toBe(once);
        expect(hashPii('email', ` ${once}\n`)).toBe(once);
        expect(hashPii('phone', once, { defaultCountry: 'UA' })).toBe(once);
      }),
    );
    expect(hashPii('f'.repeat(63))).toBe(sha256('f'.repeat(63)));
  });

  it('gives nothing for what has no normal form', () => {
    for (const nothing of ['', undefined, null, 0, {}, [], Symbol('x'), Number.NaN]) {
      expect(hashPii(nothing)).toBeUndefined();
      expect(hashPii('email', nothing)).toBeUndefined();
    }
    expect(hashPii('email', 'not an address')).toBeUndefined();
    expect(hashPii('country', undefined)).toBeUndefined();
  });
});

describe('normalizePhone', () => {
  it.each<[unknown, string | undefined, string | undefined]>([
    ['067 123 45 67', 'UA', '380671234567'],
    ['(067) 123-45-67', 'ua', '380671234567'],
    ['671234567', 'UA', '380671234567'],
    ['+38 (067) 123-45-67', undefined, '380671234567'],
    ['+380 (0) 67 123 45 67', undefined, '380671234567'],
    ['+3800671234567', 'US', '380671234567'],
    ['380671234567', undefined, '380671234567'],
    ['380671234567', 'PL', '380671234567'],
    [380671234567, undefined, '380671234567'],
    ['00380671234567', undefined, '380671234567'],
    ['00 380 67 123 45 67', 'UA', '380671234567'],
    ['++380671234567', undefined, '380671234567'],
    ['+00380671234567', undefined, '380671234567'],
    ['tel:+380671234567;ext=5', undefined, '380671234567'],
    ['моб. 067 123 45 67', 'UA', '380671234567'],
    ['０６７１２３４５６７', 'UA', '380671234567'],
    ['\u202a+380671234567\u202c', undefined, '380671234567'],
    ['+44 (0)20 7946 0958', undefined, '442079460958'],
    ['491511234567', 'UA', '491511234567'],
    ['011 380 67 123 45 67', 'US', '380671234567'],
    ['06 698 12345', 'IT', '390669812345'],
    ['(650) 555-1212', 'US', '16505551212'],
    ['+1 111 555 1212', undefined, '11115551212'],
    ['11115551212', undefined, undefined],
    ['0671234567', undefined, undefined],
    ['0671234567', 'Ukraine', undefined],
    ['067 123 45 6', 'UA', undefined],
    ['+999 123 456 789', 'UA', undefined],
    ['+', 'UA', undefined],
    ['102', 'UA', undefined],
    ['none', 'UA', undefined],
    ['', 'UA', undefined],
    [-5, 'UA', undefined],
    [1.5, 'UA', undefined],
    [{}, 'UA', undefined],
    ['1'.repeat(10_000), 'UA', undefined],
  ])('%j with %s is %s', (value, defaultCountry, expected) => {
    expect(normalizePhone(value, { defaultCountry })).toBe(expected);
  });

  it('has one form for all ways of writing a Ukrainian number, and keeps it', () => {
    const ways = [
      (n: string) => `0${n}`,
      (n: string) => `+380${n}`,
      (n: string) => `380${n}`,
      (n: string) => `00380${n}`,
      (n: string) => `(0${n.slice(0, 2)}) ${n.slice(2, 5)}-${n.slice(5, 7)}-${n.slice(7)}`,
      (n: string) => `+38 0${n.slice(0, 2)} ${n.slice(2)}`,
    ];
    const operators = fc.constantFrom(
      '39',
      '50',
      '63',
      '66',
      '67',
      '68',
      '73',
      '93',
      '95',
      '96',
      '97',
      '98',
      '99',
    );
    fc.assert(
      fc.property(
        operators,
        fc.nat({ max: 9_999_999 }),
        fc.constantFrom(...ways),
        (operator, number, way) => {
          const digits = operator + String(number).padStart(7, '0');
          const normal = normalizePhone(way(digits), { defaultCountry: 'UA' });
          expect(normal).toBe(`380${digits}`);
          expect(normalizePhone(normal, { defaultCountry: 'UA' })).toBe(normal);
          expect(normalizePhone(normal)).toBe(normal);
        },
      ),
    );
  });
});

describe('normalizePhone on plain numbers', () => {
  // What it may answer without asking libphonenumber must be what libphonenumber says.
  const countries = ['UA', 'US', 'PL', 'GB', 'DE', undefined] as const;
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 7, maxLength: 13 });
  const likely = fc
    .tuple(
      fc.constantFrom('+380', '380', '0', '', '+1', '1', '+48', '48', '+44', '44', '+49', '+44 (0)'),
      digits,
    )
    .map(([prefix, rest]) => prefix + rest);

  it('says what libphonenumber says', () => {
    fc.assert(
      fc.property(likely, fc.constantFrom(...countries), (written, defaultCountry) => {
        // A full stop at the end, which libphonenumber passes over, keeps a number from being a plain one.
        const asked = normalizePhone(`${written}.`, { defaultCountry });
        expect(normalizePhone(written, { defaultCountry })).toBe(asked);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['+380671234567', 'UA'],
    ['(067) 123-45-67', 'UA'],
    ['16505551212', 'US'],
    ['650 555 1212', 'US'],
    ['+48501234567', undefined],
    ['07400 123456', 'GB'],
  ])('reads %s of %s', (written, defaultCountry) => {
    expect(normalizePhone(written, { defaultCountry })).toBe(
      normalizePhone(`${written}.`, { defaultCountry }),
    );
  });
});

describe('normalizeEmail', () => {
  it.each<[unknown, string | undefined]>([
    [' John_Smith@Gmail.com\n', 'john_smith@gmail.com'],
    ['a.b+tag@gmail.com', 'a.b+tag@gmail.com'],
    ['Тарас@Пошта.УКР', 'тарас@пошта.укр'],
    ['taras@xn--80a1acny.xn--j1amh', 'taras@xn--80a1acny.xn--j1amh'],
    ['\ufeffa@b.c\u200b', 'a@b.c'],
    ['cafe\u0301@x.fr', 'café@x.fr'],
    ['a@b', undefined],
    ['a@b@c.d', undefined],
    ['a b@c.d', undefined],
    ['@c.d', undefined],
    ['a@.d', undefined],
    ['a@c.', undefined],
    ['a\u0000@c.d', undefined],
    ['', undefined],
  ])('%j is %j', (value, expected) => {
    expect(normalizeEmail(value)).toBe(expected);
  });
});

describe('normalizeName', () => {
  it.each<[unknown, string | undefined]>([
    [' Mary ', 'mary'],
    ["O'Brien-Smith, Jr.", 'obriensmithjr'],
    ['Anna  Maria', 'annamaria'],
    ["Мар'яна", 'маряна'],
    ['Марʼяна', 'маряна'],
    ['Мар’яна', 'маряна'],
    ['Їжакевич', 'їжакевич'],
    ['Стефани\u0306', 'стефанй'],
    ['Valéry', 'valéry'],
    ['हिन्दी', 'हिन्दी'],
    ['123', undefined],
    ['-', undefined],
    ['😀', undefined],
  ])('%j is %j', (value, expected) => {
    expect(normalizeName(value)).toBe(expected);
  });
});

describe('normalizeDateOfBirth', () => {
  it.each<[unknown, string | undefined]>([
    ['19970216', '19970216'],
    [19970216, '19970216'],
    ['1997-02-16', '19970216'],
    ['1997-02-16T00:00:00.000Z', '19970216'],
    ['1997/2/6', '19970206'],
    ['2/16/1997', '19970216'],
    ['16/2/1997', '19970216'],
    ['05.02.1997', '19970205'],
    ['05/02/1997', '19970502'],
    ['29.02.2000', '20000229'],
    ['29.02.1900', undefined],
    ['31.04.1990', undefined],
    ['16.02.97', undefined],
    ['16-02.1997', undefined],
    ['1899-12-31', undefined],
    [`${new Date().getUTCFullYear() + 1}-01-01`, undefined],
    ['1997', undefined],
    ['1997-13-01', undefined],
    ['2/30/1997', undefined],
    ['00000000', undefined],
    ['soon', undefined],
    [null, undefined],
  ])('%j is %j', (value, expected) => {
    expect(normalizeDateOfBirth(value)).toBe(expected);
  });
});

describe('normalizeGender', () => {
  it.each<[unknown, string | undefined]>([
    ['F', 'f'],
    [' male', 'm'],
    ['Жіноча', 'f'],
    ['чол.', 'm'],
    ['Mx', undefined],
    ['other', undefined],
    ['constructor', undefined],
    [1, undefined],
  ])('%j is %j', (value, expected) => {
    expect(normalizeGender(value)).toBe(expected);
  });
});

describe('an address', () => {
  it.each<[unknown, string | undefined]>([
    ['New York', 'newyork'],
    ['Saint-Étienne', 'saintétienne'],
    ['Кривий Ріг', 'кривийріг'],
    ["Кам'янець-Подільський", 'камянецьподільський'],
    ['a-\u030cb', 'ǎb'],
    ['12345', undefined],
  ])('has the city %j as %j', (value, expected) => {
    expect(normalizeCity(value)).toBe(expected);
  });

  it.each<[unknown, string | undefined, string | undefined]>([
    ['California', undefined, 'ca'],
    ['New York', 'US', 'ny'],
    ['ca', 'us', 'ca'],
    ['Washington, D.C.', 'US', 'washingtondc'],
    ['Georgia', 'GE', 'georgia'],
    ['Київська обл.', 'UA', 'київськаобл'],
    ['constructor', 'US', 'constructor'],
    ['-', undefined, undefined],
  ])('has the state %j of %s as %j', (value, country, expected) => {
    expect(normalizeState(value, { country })).toBe(expected);
  });

  it.each<[unknown, string | undefined, string | undefined]>([
    ['94035', undefined, '94035'],
    [94035, 'US', '94035'],
    ['94035-1234', undefined, '94035'],
    ['940351234', 'US', '94035'],
    ['12345-6789', 'SA', '123456789'],
    ['12345-678', 'BR', '12345678'],
    ['M1 1AE', 'GB', 'm11'],
    ['SW1A 2AA', 'UK', 'sw1a2'],
    ['m11', 'GB', 'm11'],
    ['M1 1AE', undefined, 'm11ae'],
    ['01001', 'UA', '01001'],
    ['０１００１', 'UA', '01001'],
    ['-', undefined, undefined],
  ])('has the postal code %j of %s as %j', (value, country, expected) => {
    expect(normalizeZip(value, { country })).toBe(expected);
  });

  it.each<[unknown, string | undefined]>([
    ['UA', 'ua'],
    [' us ', 'us'],
    ['UK', 'gb'],
    ['Ukraine', 'ua'],
    ['Україна', 'ua'],
    ['Украина', 'ua'],
    ['UKR', 'ua'],
    ['usa', 'us'],
    ['U.S.A.', undefined],
    ['United States of America', 'us'],
    ['Сполучені Штати', 'us'],
    ['Great Britain', 'gb'],
    ['Côte d’Ivoire', 'ci'],
    ['Bosnia & Herzegovina', 'ba'],
    ['Türkiye', 'tr'],
    ['XKX', 'xk'],
    ['Atlantis', undefined],
    ['ZZ', undefined],
    ['ZZZ', undefined],
    ['constructor', undefined],
    ['', undefined],
  ])('has the country %j as %j', (value, expected) => {
    expect(normalizeCountry(value)).toBe(expected);
  });
});

describe('every normaliser', () => {
  const all = {
    normalizeEmail,
    normalizeName,
    normalizeGender,
    normalizeDateOfBirth,
    normalizeCity,
    normalizeState,
    normalizeZip,
    normalizeCountry,
  };

  it.each(Object.entries(all))('%s changes its own result no more', (_, normalize) => {
    const likely = fc
      .tuple(unicode, fc.domain(), fc.date({ noInvalidDate: true }))
      .chain(([text, domain, date]) =>
        fc.constantFrom(text, `${text}@${domain}`, `a${text}b`, date.toISOString().slice(0, 10)),
      );
    fc.assert(
      fc.property(likely, (value) => {
        const normal = normalize(value);
        if (normal !== undefined) expect(normalize(normal)).toBe(normal);
      }),
      { numRuns: 500 },
    );
  });

  it.each([...Object.entries(all), ['normalizePhone', normalizePhone] as const])(
    '%s takes anything without throwing',
    (_, normalize: (value: unknown) => unknown) => {
      fc.assert(
        fc.property(fc.oneof(fc.anything(), unicode), (value) => {
          const normal = normalize(value);
          expect(normal === undefined || typeof normal === 'string').toBe(true);
        }),
        { numRuns: 500 },
      );
    },
  );
});
