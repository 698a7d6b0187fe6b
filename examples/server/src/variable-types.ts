import { z } from 'zod';

/** Digits, as a number. */
export const wholeNumber = (message: string): z.ZodType<number> =>
  z.string().regex(/^\d+$/, message).transform(Number);

/** A port, or 0 for any. */
export const port: z.ZodType<number> = wholeNumber('must be a port number between 0 and 65535.').refine(
  (value) => value <= 65_535,
  'must be a port number between 0 and 65535.',
);

/** An address of one of these protocols (`postgres:`). */
export const url = (protocols: readonly string[], message: string): z.ZodType<string> =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), message);

/** An address that paths are put behind: without a slash at its end. */
export const baseUrl = (message: string): z.ZodType<string> =>
  url(['https:', 'http:'], message).transform((value) => value.replace(/\/+$/, ''));

/** Which providers are the sandbox's whatever the variables say (`all`), and which are without credentials (`others`). */
export interface OnSandbox {
  readonly all: boolean;
  readonly others: boolean;
}

/** A sentence if only one of two variables is set. */
export function belongTogether(
  values: Readonly<Record<string, unknown>>,
  [first, second]: readonly [string, string],
): string[] {
  return (values[first] === undefined) === (values[second] === undefined)
    ? []
    : [`${first} and ${second} belong together. Set both or neither.`];
}
