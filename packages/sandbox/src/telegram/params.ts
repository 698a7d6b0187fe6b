import { badRequest } from './api-failure.ts';

/** A file that came with a multipart request. */
export interface Upload {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** The parameters of one call, whichever way they were sent: as in the official server, everything can also be a string. */
export interface Params {
  readonly values: Readonly<Record<string, unknown>>;
  readonly uploads: ReadonlyMap<string, Upload>;
  has(name: string): boolean;
  /** `''` if absent; objects as JSON. */
  text(name: string): string;
  /** The default if absent or no number. */
  integer(name: string, fallback?: number): number;
  number(name: string, fallback?: number): number;
  boolean(name: string): boolean;
  /** An object or array, also from a JSON string; undefined if absent. Refuses broken JSON. */
  json(name: string, what?: string): unknown;
  array(name: string, what?: string): unknown[] | undefined;
  object(name: string, what?: string): Record<string, unknown> | undefined;
  /** The file in this field, or the one that `attach://…` names. */
  upload(value: unknown, field?: string): Upload | undefined;
}

/** Wraps what {@link readParams} read. */
export function createParams(
  values: Readonly<Record<string, unknown>>,
  uploads: ReadonlyMap<string, Upload> = new Map(),
): Params {
  const params: Params = {
    values,
    uploads,
    has: (name) =>
      (values[name] !== undefined && values[name] !== null && values[name] !== '') || uploads.has(name),
    text(name) {
      const value = values[name];
      if (value === undefined || value === null) return '';
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    },
    integer(name, fallback = 0) {
      const value = Number(params.text(name) || Number.NaN);
      return Number.isFinite(value) ? Math.trunc(value) : fallback;
    },
    number(name, fallback = Number.NaN) {
      const value = Number(params.text(name) || Number.NaN);
      return Number.isFinite(value) ? value : fallback;
    },
    boolean: (name) => /^(true|yes|1)$/i.test(params.text(name)),
    json(name, what = name) {
      const value = values[name];
      if (value === undefined || value === null || value === '') return undefined;
      if (typeof value !== 'string') return value;
      try {
        return JSON.parse(value);
      } catch {
        throw badRequest(`can't parse ${what} JSON object`);
      }
    },
    array(name, what = name) {
      const value = params.json(name, what);
      if (value === undefined || Array.isArray(value)) return value;
      throw badRequest(`can't parse ${what} JSON array`);
    },
    object(name, what = name) {
      const value = params.json(name, what);
      if (value === undefined || isRecord(value)) return value;
      throw badRequest(`object expected as ${what}`);
    },
    upload(value, field) {
      if (typeof value === 'string' && value.startsWith('attach://')) return uploads.get(value.slice(9));
      return field === undefined ? undefined : uploads.get(field);
    },
  };
  return params;
}

/** Whether a value is a plain JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the query and a JSON, form or multipart body. */
export async function readParams(request: Request, url: URL): Promise<Params> {
  const values: Record<string, unknown> = Object.fromEntries(url.searchParams);
  const uploads = new Map<string, Upload>();
  const type = request.headers.get('content-type') ?? '';
  if (request.method === 'GET' || request.method === 'HEAD') return createParams(values);
  if (type.startsWith('application/json')) {
    const text = await request.text();
    if (text !== '') {
      const body = parseJsonBody(text);
      if (!isRecord(body)) throw badRequest('JSON body must be an object');
      Object.assign(values, body);
    }
  } else if (type.startsWith('application/x-www-form-urlencoded')) {
    Object.assign(values, Object.fromEntries(new URLSearchParams(await request.text())));
  } else if (type.startsWith('multipart/form-data')) {
    for (const [name, value] of await readForm(request)) {
      if (typeof value === 'string') values[name] = value;
      else
        uploads.set(name, {
          name: value.name,
          type: value.type,
          bytes: new Uint8Array(await value.arrayBuffer()),
        });
    }
  }
  return createParams(values, uploads);
}

function parseJsonBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("can't parse JSON body");
  }
}

async function readForm(request: Request): Promise<FormData> {
  try {
    return await request.formData();
  } catch {
    throw badRequest("can't parse multipart body");
  }
}
