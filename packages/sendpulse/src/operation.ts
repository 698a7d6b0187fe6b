import type { CallOptions, OutgoingRequest, Schema } from '@cartie/core';
import { limits } from './limits.ts';

/** What a call has to know about a method of the API. */
export interface Operation {
  readonly method: OutgoingRequest['method'];
  /** Names in braces are fields of the input. */
  readonly path: string;
  /** May the call be repeated when its outcome is unknown? A second run must send, cost and make nothing more. */
  readonly idempotent: boolean;
  /**
   * Where the fields go that are not in the path: `query`, or what becomes of them as the JSON body.
   * @default `query` for GET, else the fields as they are
   */
  readonly body?: 'query' | ((fields: Fields) => unknown) | undefined;
  /** Rules of the input, where a mistake costs money or reaches people. */
  readonly schema?: Schema<unknown> | undefined;
  /** Splits a field with a long list into several requests. */
  readonly batch?: { readonly field: string; readonly most: number } | undefined;
  /** Members of the answer that lead to what the method gives. @default the whole answer */
  readonly take?: readonly string[] | undefined;
  /** Must the answer hold something? If not, one without a body is good too. @default true for GET */
  readonly needsAnswer?: boolean | undefined;
}

/** An {@link Operation} that is a list in pages. */
export interface ListOperation extends Operation {
  readonly pages: {
    /** The parameters that SendPulse calls the page's size and its beginning. */
    readonly size: string;
    readonly start: string;
    readonly most: number;
  };
}

/** Fields of an input. */
export type Fields = Readonly<Record<string, unknown>>;

/** For methods that need nothing: leave it out, or give `{}` before options. */
export type NoFields = Readonly<Record<string, never>>;

/** An object of SendPulse: what is known of it, and whatever else it holds. */
export type Loose<Known> = Known & { readonly [field: string]: unknown };

/** Options of a list. */
export interface ListOptions extends CallOptions {
  /** Rows that one request asks for. @default what SendPulse takes, mostly 100 */
  pageSize?: number | undefined;
  /** Most rows to give. @default all */
  limit?: number | undefined;
  /** Rows to skip at the beginning. @default 0 */
  offset?: number | undefined;
}

/** The rows of an area of the API, checked against its interface: a list has pages, another method has none. */
export type AreaTable<Area> = {
  readonly [Method in keyof Area]: Area[Method] extends (...given: never[]) => AsyncGenerator
    ? ListOperation
    : OnePiece;
};

/** A row of a method that is no list. */
export type OnePiece = Operation & { readonly pages?: undefined };

/** What a row may say beside its method and path. */
type More = Partial<Omit<Operation, 'method' | 'path' | 'idempotent'>>;

/** Reads. */
export function read(path: string, more?: More): OnePiece {
  return { method: 'GET', path, idempotent: true, ...more };
}

/** Reads a list page by page. */
export function pages(
  path: string,
  more?: More & { readonly pages?: ListOperation['pages'] },
): ListOperation {
  const by = { size: 'limit', start: 'offset', most: limits.page };
  return { method: 'GET', path, idempotent: true, needsAnswer: false, pages: by, ...more };
}

/** Sets something to a state; the second time changes nothing. */
export function state(method: Operation['method'], path: string, more?: More): OnePiece {
  return { method, path, idempotent: true, needsAnswer: false, ...more };
}

/** Sends, makes or pays: a second run would do it twice. */
export function once(method: Operation['method'], path: string, more?: More): OnePiece {
  return { method, path, idempotent: false, needsAnswer: false, ...more };
}
