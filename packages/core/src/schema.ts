import { CartieError, type ErrorCode } from './errors.ts';
import { closestName } from './spelling.ts';

/** What is asked of a schema: [Standard Schema](https://standardschema.dev), which zod, valibot and others speak. Must be synchronous. */
export interface Schema<T> {
  readonly '~standard': { readonly validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>> };
}

/** What a {@link Schema} answers. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that a {@link Schema} found wrong. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Where a value comes from, for the error. */
export interface ParseContext {
  service: string;
  operation?: string | undefined;
  /** @default 'invalid_config' */
  code?: ErrorCode | undefined;
  /** Where the value sits in what the user wrote: put before each path. */
  at?: string | undefined;
}

/**
 * Checks `value` and gives what the schema made of it. The error names the field and what is expected, never the value;
 * a misspelt field of a strict object is named with the right spelling where one is close.
 *
 * @throws CartieError `invalid_config`, or `context.code`
 */
export function parseWith<T>(schema: Schema<T>, value: unknown, context: ParseContext): T {
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) throw new TypeError('The schema must be synchronous');
  if (!result.issues) return result.value;
  const issue = mostTelling(result.issues as readonly ZodLikeIssue[]);
  const path = [...(issue.path ?? [])];
  if (issue.code === 'unrecognized_keys' && issue.keys?.[0] !== undefined) {
    throw unknownField(issue.keys[0], fieldsOf(schema, path), { ...context, at: join(context.at, path) });
  }
  const field = join(context.at, path);
  const message = `${field === '' ? 'The input' : `\`${field}\``} ${expectation(issue)}`;
  throw failure(message, field, context);
}

/**
 * The error for a field that does not exist.
 * @param known the fields that do
 */
export function unknownField(name: string, known: readonly string[], context: ParseContext): CartieError {
  const place = context.at ? ` in \`${context.at}\`` : '';
  // Something that is no identifier is not a misspelt name: it may be a value that got into the wrong place.
  if (!/^[A-Za-z_$][\w$]{0,40}$/.test(name)) {
    return failure(`There is a field${place} that does not exist`, context.at ?? '', context);
  }
  const suggestion = closestName(name, known);
  const hint = suggestion ? `: did you mean \`${suggestion}\`?` : '';
  return failure(`\`${name}\`${place} does not exist${hint}`, join(context.at, [name]), context);
}

// zod's issues say more than the standard asks for. Its messages are not used: an app may have replaced them
// with ones that quote the value.
interface ZodLikeIssue extends SchemaIssue {
  readonly code?: string;
  readonly keys?: readonly string[];
  readonly expected?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly inclusive?: boolean;
  readonly values?: readonly unknown[];
  readonly origin?: string;
  /** Of a union: what each alternative found wrong. Their paths begin at the union. */
  readonly errors?: readonly (readonly ZodLikeIssue[])[];
  /** Of a union that is told apart by one field: what that field may be. */
  readonly options?: readonly unknown[];
}

/**
 * A misspelt field before others, since what it was meant for is missing too. Of a union, what is wrong inside of the
 * alternative that was meant.
 */
function mostTelling(issues: readonly ZodLikeIssue[]): ZodLikeIssue {
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? (issues[0] as ZodLikeIssue);
  const meant = issue.errors?.find((found) => found.length > 0 && !found.some(isOfAnotherKind));
  if (meant === undefined) return issue;
  const inner = mostTelling(meant);
  return { ...inner, path: [...(issue.path ?? []), ...(inner.path ?? [])] };
}

/** Is the value itself something else than what this alternative takes? */
function isOfAnotherKind({ code, path = [] }: ZodLikeIssue): boolean {
  return (
    path.length === 0 && (code === 'invalid_type' || code === 'invalid_value' || code === 'invalid_union')
  );
}

function expectation(issue: ZodLikeIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${article(issue.expected)}`;
    case 'too_small':
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue.origin)}`;
    case 'too_big':
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue.origin)}`;
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}`;
    case 'invalid_union':
      return issue.options ? `must be ${oneOf(issue.options)}` : eitherOf(issue.errors ?? []);
    case 'custom':
      return issue.message;
    default:
      return 'is not valid';
  }
}

function oneOf(values: readonly unknown[] = []): string {
  return values
    .map((value) => (typeof value === 'string' ? JSON.stringify(value) : String(value)))
    .join(' or ');
}

function eitherOf(alternatives: readonly (readonly ZodLikeIssue[])[]): string {
  const rules = alternatives.flatMap(([first]) => (first ? [expectation(first)] : []));
  const kinds = rules.flatMap((rule) => (rule.startsWith('must be ') ? [rule.slice('must be '.length)] : []));
  return kinds.length === 0 ? 'is not valid' : `must be ${[...new Set(kinds)].join(' or ')}`;
}

function article(expected = 'something else'): string {
  if (expected === 'int') return 'a whole number';
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

function unit(origin: string | undefined): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' || origin === 'set' ? ' items long' : '';
}

function fieldsOf(schema: unknown, path: readonly unknown[]): string[] {
  let shape = shapeOf(schema);
  for (const step of path) {
    // The shape of a list is that of its items.
    if (typeof step !== 'number') shape = shapeOf(shape[String(step)]);
  }
  return Object.keys(shape);
}

interface ZodLikeSchema {
  readonly shape?: Record<string, unknown>;
  /** Of a union. */
  readonly options?: readonly unknown[];
  unwrap?(): unknown;
}

function shapeOf(schema: unknown): Record<string, unknown> {
  let inner = schema as ZodLikeSchema | undefined;
  while (inner && !inner.shape && typeof inner.unwrap === 'function') inner = inner.unwrap() as ZodLikeSchema;
  if (inner?.shape) return inner.shape;
  return Array.isArray(inner?.options) ? Object.assign({}, ...inner.options.map(shapeOf)) : {};
}

function join(
  at: string | undefined,
  path: readonly (PropertyKey | { readonly key: PropertyKey })[],
): string {
  let field = at ?? '';
  for (const step of path) {
    const key = typeof step === 'object' ? step.key : step;
    if (typeof key === 'number') field += `[${key}]`;
    else field += field === '' ? String(key) : `.${String(key)}`;
  }
  return field;
}

function failure(message: string, field: string, context: ParseContext): CartieError {
  return new CartieError(context.code ?? 'invalid_config', message, {
    service: context.service,
    operation: context.operation,
    field: field === '' ? undefined : field,
  });
}
