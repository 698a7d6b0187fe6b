import { inspect } from 'node:util';

/** Everything that a logger could print of a value. */
export function shown(value: unknown): string {
  const whole = { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null } as const;
  return [
    inspect(value, whole),
    JSON.stringify(value),
    value instanceof Error ? `${value.message}\n${value.stack}\n${inspect(value.cause, whole)}` : '',
  ].join('\n');
}
