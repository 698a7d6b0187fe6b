import { foldLetters, foldText } from './normalize-text.ts';

/**
 * A first or last name as Meta hashes it: lower case, without punctuation and spaces, accents and scripts kept
 * (`Мар'яна` and `Марʼяна` are both `маряна`). `undefined` if no letter is left.
 */
export function normalizeName(value: unknown): string | undefined {
  return foldLetters(value);
}

/** `f` or `m`, from the letter or from a word in English or Ukrainian; `undefined` for anything else. */
export function normalizeGender(value: unknown): 'f' | 'm' | undefined {
  if (value === 'f' || value === 'm') return value;
  const word = foldText(value);
  return word !== undefined && Object.hasOwn(genders, word)
    ? genders[word as keyof typeof genders]
    : undefined;
}

const genders = {
  f: 'f',
  female: 'f',
  woman: 'f',
  girl: 'f',
  ж: 'f',
  жін: 'f',
  'жін.': 'f',
  жінка: 'f',
  жіноча: 'f',
  m: 'm',
  male: 'm',
  man: 'm',
  boy: 'm',
  ч: 'm',
  чол: 'm',
  'чол.': 'm',
  чоловік: 'm',
  чоловіча: 'm',
} as const satisfies Record<string, 'f' | 'm'>;

/**
 * A date of birth as `YYYYMMDD`, from 1900 to this year. Reads `19970216`, `1997-02-16` (a time may follow), `16.02.1997`
 * (day first) and `2/16/1997` or `2-16-1997` (month first, unless that cannot be a month). `undefined` for what is no
 * date, also for years of two digits.
 */
export function normalizeDateOfBirth(value: unknown): string | undefined {
  if (typeof value === 'string' && isPlainDate(value)) return value;
  const text = foldText(typeof value === 'number' ? String(value) : value);
  const date = text === undefined ? undefined : readDate(text);
  if (date === undefined || !exists(date)) return undefined;
  return `${date.year}${String(date.month).padStart(2, '0')}${String(date.day).padStart(2, '0')}`;
}

const plainDate = /^(?:19\d\d|20[01]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])$/;

/** Written as Meta wants it, and sure to exist without a look at the calendar. */
function isPlainDate(text: string): boolean {
  return text.length === 8 && plainDate.test(text);
}

interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

function readDate(text: string): CalendarDate | undefined {
  const yearFirst =
    /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? /^(\d{4})[-./ ](\d{1,2})[-./ ](\d{1,2})(?:$|[t ])/.exec(text);
  if (yearFirst)
    return { year: Number(yearFirst[1]), month: Number(yearFirst[2]), day: Number(yearFirst[3]) };
  const yearLast = /^(\d{1,2})([-./ ])(\d{1,2})\2(\d{4})$/.exec(text);
  if (!yearLast) return undefined;
  const [first, second, year] = [Number(yearLast[1]), Number(yearLast[3]), Number(yearLast[4])];
  const dayFirst = yearLast[2] === '.' || first > 12;
  return dayFirst ? { year, month: second, day: first } : { year, month: first, day: second };
}

function exists({ year, month, day }: CalendarDate): boolean {
  if (year < 1900 || year > new Date().getUTCFullYear()) return false;
  if (month >= 1 && month <= 12 && day >= 1 && day <= 28) return true;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
