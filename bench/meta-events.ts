/**
 * What it costs to make Conversions API events ready to be sent: normalise, hash and write as JSON, 1,000 events of 11
 * hashed fields, against the two official packages and a bare loop that only hashes and writes.
 *
 * Every round runs all of them in random order; the table shows medians, and ratios within each round. The bare loop gets
 * values that are normal already: nobody can be faster who uses `node:crypto`.
 *
 * Run: `pnpm bench meta-events`.
 */
import { hash } from 'node:crypto';
import { createMetaCapiClient } from '@cartie/meta-capi';

const { ParamBuilder } = (await import('capi-param-builder-nodejs')) as unknown as {
  ParamBuilder: new () => { getNormalizedAndHashedPII(value: string, type: string): string | null };
};
// @ts-expect-error It comes without types.
const sdk = ((await import('facebook-nodejs-business-sdk')) as unknown as { default: OfficialSdk }).default;

interface OfficialSdk {
  ServerEvent: new () => Chained;
  UserData: new () => Chained;
  CustomData: new () => Chained;
}
type Chained = { [method: string]: (value: unknown) => Chained } & { normalize(): unknown };

const count = 1_000;
const now = Math.floor(Date.now() / 1_000);

interface Person {
  readonly email: string;
  readonly phone: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly dateOfBirth: string;
  readonly gender: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
  readonly country: string;
  readonly externalId: string;
}

const names = ['olena', 'taras', 'maria', 'andrii', 'iryna', 'john', 'mary', 'peter'];
const cities = ['kyiv', 'lviv', 'odesa', 'dnipro', 'kharkiv'];
const letters = (index: number): string =>
  String.fromCharCode(97 + (index % 26), 97 + (((index / 26) % 26) | 0), 97 + (((index / 676) % 26) | 0));
const people: readonly Person[] = Array.from({ length: count }, (_, index) => ({
  email: `${names[index % 8]}.${index}@example.com`,
  phone: `380${67 + (index % 3)}${String(1_000_000 + index * 7919).slice(0, 7)}`,
  firstName: `${names[index % 8]}${letters(index)}`,
  lastName: `shevchenko${letters(index)}`,
  dateOfBirth: `19${70 + (index % 30)}0${1 + (index % 9)}1${index % 10}`,
  gender: index % 2 === 0 ? 'f' : 'm',
  city: cities[index % 5] ?? 'kyiv',
  state: `oblast${letters(index % 27)}`,
  zip: String(10_000 + index),
  country: 'ua',
  externalId: `customer-${index}`,
}));
/** As people type it: capitals, spaces, punctuation. */
const typed: readonly Person[] = people.map((person, index) => ({
  ...person,
  email: ` ${person.email.toUpperCase()}`,
  phone: `+${person.phone.slice(0, 3)} (${person.phone.slice(3, 5)}) ${person.phone.slice(5, 8)}-${person.phone.slice(8)}`,
  firstName: index % 2 === 0 ? `${person.firstName[0]?.toUpperCase()}${person.firstName.slice(1)} ` : 'Оленá',
  city: index % 2 === 0 ? 'Kryvyi Rih' : 'Кривий Ріг',
}));
/** No town and no region comes twice: the worst case for whoever remembers hashes of what many people share. */
const strangers: readonly Person[] = people.map((person, index) => ({
  ...person,
  city: `${person.city}${letters(index)}`,
  state: `oblast${letters(index)}`,
}));

const client = createMetaCapiClient({ datasetId: '1', accessToken: 'of-nobody', defaultCountry: 'UA' });
const builder = new ParamBuilder();
const url = 'https://cars.example/used/bmw-x5?utm_source=ad&utm_campaign=7';
const ip = '93.184.216.34';
const agent =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36';
const fbp = 'fb.1.1596403881668.1116446470';
const fbc = 'fb.1.1554763741205.IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk';

const sha = (value: string): string => hash('sha256', value, 'hex');

const makers = {
  'bare loop': (from: readonly Person[]) =>
    from.map((person, index) =>
      JSON.stringify({
        event_name: 'Lead',
        event_time: now,
        event_id: `e${index}`,
        action_source: 'website',
        user_data: {
          em: sha(person.email),
          ph: sha(person.phone),
          fn: sha(person.firstName),
          ln: sha(person.lastName),
          db: sha(person.dateOfBirth),
          ge: sha(person.gender),
          ct: sha(person.city),
          st: sha(person.state),
          zp: sha(person.zip),
          country: sha(person.country),
          external_id: sha(person.externalId),
          client_ip_address: ip,
          client_user_agent: agent,
          fbc,
          fbp,
        },
        event_source_url: url,
        custom_data: { value: index, currency: 'UAH', content_ids: [`car-${index}`], content_name: 'BMW X5' },
      }),
    ),
  '@cartie/meta-capi': (from: readonly Person[]) =>
    from.map((person, index) =>
      JSON.stringify(
        client.prepare({
          event_name: 'Lead',
          event_time: now,
          event_id: `e${index}`,
          action_source: 'website',
          user_data: { ...person, client_ip_address: ip, client_user_agent: agent, fbc, fbp },
          event_source_url: url,
          custom_data: {
            value: index,
            currency: 'UAH',
            content_ids: [`car-${index}`],
            content_name: 'BMW X5',
          },
        }).event,
      ),
    ),
  'facebook-nodejs-business-sdk': (from: readonly Person[]) =>
    from.map((person, index) => {
      const userData = new sdk.UserData();
      for (const [setter, value] of [
        ['setEmails', [person.email]],
        ['setPhones', [person.phone]],
        ['setFirstNames', [person.firstName]],
        ['setLastNames', [person.lastName]],
        ['setDatesOfBirth', [person.dateOfBirth]],
        ['setGenders', [person.gender]],
        ['setCities', [person.city]],
        ['setStates', [person.state]],
        ['setZips', [person.zip]],
        ['setCountries', [person.country]],
        ['setExternalIds', [person.externalId]],
        ['setClientIpAddress', ip],
        ['setClientUserAgent', agent],
        ['setFbc', fbc],
        ['setFbp', fbp],
      ] as const) {
        userData[setter]?.(value);
      }
      const custom = new sdk.CustomData();
      custom.setValue?.(index);
      custom.setCurrency?.('UAH');
      custom.setContentIds?.([`car-${index}`]);
      custom.setContentName?.('BMW X5');
      const event = new sdk.ServerEvent();
      event.setEventName?.('Lead');
      event.setEventTime?.(now);
      event.setEventId?.(`e${index}`);
      event.setActionSource?.('website');
      event.setEventSourceUrl?.(url);
      event.setUserData?.(userData);
      event.setCustomData?.(custom);
      return JSON.stringify(event.normalize());
    }),
  'capi-param-builder-nodejs': (from: readonly Person[]) =>
    from.map((person, index) => {
      const pii = (value: string, type: string): string | null =>
        builder.getNormalizedAndHashedPII(value, type);
      return JSON.stringify({
        event_name: 'Lead',
        event_time: now,
        event_id: `e${index}`,
        action_source: 'website',
        user_data: {
          em: pii(person.email, 'email'),
          ph: pii(person.phone, 'phone'),
          fn: pii(person.firstName, 'first_name'),
          ln: pii(person.lastName, 'last_name'),
          db: pii(person.dateOfBirth, 'date_of_birth'),
          ge: pii(person.gender, 'gender'),
          ct: pii(person.city, 'city'),
          st: pii(person.state, 'state'),
          zp: pii(person.zip, 'zip_code'),
          country: pii(person.country, 'country'),
          external_id: pii(person.externalId, 'external_id'),
          client_ip_address: ip,
          client_user_agent: agent,
          fbc,
          fbp,
        },
        event_source_url: url,
        custom_data: { value: index, currency: 'UAH', content_ids: [`car-${index}`], content_name: 'BMW X5' },
      });
    }),
} as const satisfies Record<string, (from: readonly Person[]) => string[]>;

type Name = keyof typeof makers;
const allNames = Object.keys(makers) as Name[];

const rounds = Number(process.argv[2] ?? 41);
for (const [title, from] of [
  ['values that are normal already', people],
  ['values as people type them', typed],
  ['normal values of which no town and no region comes twice', strangers],
] as const) {
  for (let round = 0; round < 30; round += 1) for (const name of allNames) makers[name](from);
  const times: Record<string, number[]> = Object.fromEntries(allNames.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of [...allNames].sort(() => Math.random() - 0.5)) {
      const startedAt = performance.now();
      // The bare loop cannot normalise.
      makers[name](name === 'bare loop' ? people : from);
      times[name]?.push(performance.now() - startedAt);
    }
  }
  const bare = times['bare loop'] ?? [];
  console.log(`\n${count} events of 11 hashed fields, ${title}, Node ${process.version}, ${rounds} rounds\n`);
  console.log('| | ms | x bare | heap, MB |\n| --- | ---: | ---: | ---: |');
  for (const name of allNames) {
    const own = times[name] ?? [];
    const ratios = own.map((ms, round) => ms / (bare[round] ?? ms));
    console.log(
      `| ${name} | ${median(own).toFixed(2)} | ${median(ratios).toFixed(2)} | ${heapOf(name, from).toFixed(1)} |`,
    );
  }
}

/** What one run leaves on the heap before anything is collected, its result included: the most of some runs, as a collection in the middle hides it. */
function heapOf(name: Name, from: readonly Person[]): number {
  let most = 0;
  for (let run = 0; run < 9; run += 1) {
    const before = process.memoryUsage().heapUsed;
    const result = makers[name](from);
    if (result.length === count) most = Math.max(most, process.memoryUsage().heapUsed - before);
  }
  return most / 2 ** 20;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
