import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { hashUserData, type UserData } from '@cartie/meta-capi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { root } from './workspace.ts';

// The official libraries are only there to compare with, so only the benchmarks depend on them.
const benchRequire = createRequire(join(root, 'bench/package.json'));
const { ParamBuilder } = benchRequire('capi-param-builder-nodejs');
const { UserData: OfficialUserData } = benchRequire('facebook-nodejs-business-sdk');
const builder = new ParamBuilder();

const data = {
  email: { key: 'em', setter: 'setEmails', type: 'email' },
  phone: { key: 'ph', setter: 'setPhones', type: 'phone' },
  firstName: { key: 'fn', setter: 'setFirstNames', type: 'first_name' },
  lastName: { key: 'ln', setter: 'setLastNames', type: 'last_name' },
  dateOfBirth: { key: 'db', setter: 'setDatesOfBirth', type: 'date_of_birth' },
  gender: { key: 'ge', setter: 'setGenders', type: 'gender' },
  city: { key: 'ct', setter: 'setCities', type: 'city' },
  state: { key: 'st', setter: 'setStates', type: 'state' },
  zip: { key: 'zp', setter: 'setZips', type: 'zip_code' },
  country: { key: 'country', setter: 'setCountries', type: 'country' },
  externalId: { key: 'external_id', setter: 'setExternalIds', type: 'external_id' },
} as const;
type Datum = keyof typeof data;

const values: Record<Datum, readonly string[]> = {
  email: [
    'John_Smith@gmail.com',
    'Olena@Example.com',
    'тарас@пошта.укр',
    'taras@xn--80a1acny.xn--j1amh',
    'a.b+tag@gmail.com',
    'nobody',
  ],
  phone: [
    '+380671234567',
    '067 123 45 67',
    '16505551212',
    '+380 (0) 67 123 45 67',
    '00380671234567',
    '+44 (0)20 7946 0958',
    '380671234567',
    '12',
  ],
  firstName: ['Mary', 'Valéry', '정', "Мар'яна", 'Марʼяна', 'Anna Maria', "O'Brien"],
  lastName: ['Шевченко', 'Smith-Jones', 'Їжакевич'],
  dateOfBirth: ['2/16/1997', '1997-02-16', '16.02.1997', '31.04.1990', '19970216'],
  gender: ['Female', 'm', 'жіноча', 'other'],
  city: ['New York', 'Київ', 'Кривий Ріг', 'Saint-Étienne'],
  state: ['California', 'ca', 'Київська обл.', 'Kyivska'],
  zip: ['94035', '94035-1234', '01001', 'SW1A 2AA', 'M1 1AE'],
  country: ['US', 'ua', 'Ukraine', 'UKR', 'Україна', 'UK'],
  externalId: ['Customer 7'],
};

describe('the official libraries', () => {
  it('differ exactly where the guide says so', () => {
    const found = Object.entries(values).flatMap(([datum, list]) =>
      list.flatMap((value) => {
        const own = ours(datum as Datum, value);
        const who = [
          ...(sdk(datum as Datum, value) === own ? [] : ['SDK']),
          ...(built(datum as Datum, value) === own ? [] : ['builder']),
        ];
        return who.length === 0 ? [] : [`${datum} | ${value} | ${who.join(', ')}`];
      }),
    );
    expect(found).toEqual(documented());
  });

  const small = fc.string({
    unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz'),
    minLength: 3,
    maxLength: 12,
  });
  const number = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 7, maxLength: 7 });

  it.each<[Datum, fc.Arbitrary<string>]>([
    ['email', fc.tuple(small, small).map(([name, host]) => ` ${name.toUpperCase()}@${host}.com`)],
    ['phone', number.map((digits) => `+380 67 ${digits.slice(0, 3)}-${digits.slice(3)}`)],
    ['firstName', small.map((name) => `${name.slice(0, 1).toUpperCase()}${name.slice(1)} `)],
    ['lastName', small],
    ['city', small],
    ['zip', number.map((digits) => digits.slice(0, 5))],
  ])('and this one give the same hash of a plain %s', (datum, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        const own = ours(datum, value);
        expect(own).toMatch(/^[0-9a-f]{64}$/);
        expect(sdk(datum, value)).toBe(own);
        expect(built(datum, value)).toBe(own);
      }),
    );
  });
});

function ours(datum: Datum, value: string): string | undefined {
  const british = datum === 'zip' && /[A-Z]/.test(value);
  const userData = { [datum]: value, ...(british && { country: 'GB' }) } as UserData;
  const hashed = hashUserData(userData, { defaultCountry: datum === 'phone' ? 'UA' : undefined });
  return hashed[data[datum].key] as string | undefined;
}

function sdk(datum: Datum, value: string): string | undefined {
  const { setter, key } = data[datum];
  try {
    const userData = new OfficialUserData();
    userData[setter]([value]);
    return [userData.normalize()[key]].flat()[0] ?? undefined;
  } catch {
    return 'throws';
  }
}

function built(datum: Datum, value: string): string | undefined {
  // Behind the hash it puts a mark of its own.
  return builder.getNormalizedAndHashedPII(value, data[datum].type)?.split('.')[0];
}

/** The rows of the guide's table: datum, value, and from whom the result differs. */
function documented(): string[] {
  const guide = readFileSync(join(root, 'docs/guides/meta-events.md'), 'utf8');
  const table = guide.slice(guide.indexOf('<!-- differences -->'), guide.indexOf('## Other differences'));
  return [...table.matchAll(/^\| (\w+) +\| `(.+?)` *\| ([\w, ]+?) +\| /gm)].map(
    ([, datum, value, who]) => `${datum} | ${value} | ${who}`,
  );
}
