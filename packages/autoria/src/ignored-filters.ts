import type { QueryValue } from './query.ts';
import type { SentFilter } from './search-query.ts';
import type { AutoRiaIgnoredFilter } from './search-types.ts';

/**
 * Compares what was sent with what AUTO.RIA says that it understood. The echo leaves out what says nothing (0, false, empty), so
 * a filter that only says such a thing cannot be confirmed and is not reported.
 */
export function ignoredFilters(
  sent: readonly SentFilter[],
  cleaned: Readonly<Record<string, unknown>>,
): AutoRiaIgnoredFilter[] {
  return sent.flatMap(({ filter, params, echo }): AutoRiaIgnoredFilter[] => {
    const wanted = Object.values(params).flatMap(wordsOf);
    if (wanted.length === 0) return [];
    const echoed = echo.map((name) => wordsOf(cleaned[name])).find((words) => words.length > 0);
    if (echoed === undefined) return [{ filter, reason: 'not_echoed' }];
    return wanted.every((word) => echoed.includes(word)) ? [] : [{ filter, reason: 'changed' }];
  });
}

// Numbers come back as numbers or as text, flags as true: all of it becomes words that can be compared.
function wordsOf(value: QueryValue | unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(wordsOf);
  if (value === undefined || value === null || value === '' || value === false) return [];
  if (value === true) return ['1'];
  const number = Number(value);
  if (Number.isNaN(number)) return [String(value)];
  return number === 0 ? [] : [String(number)];
}
