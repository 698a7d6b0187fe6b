import type { CallOptions } from '@cartie/core';

/** What Meta answers a change with. */
export interface Done {
  success: boolean;
}

/** Options of a list: all of it unless `limit` says less. */
export interface ListOptions extends Omit<CallOptions, 'idempotent'> {
  /** Items of one page. @default Meta's, 25 */
  pageSize?: number | undefined;
  /** Most items to give. @default all */
  limit?: number | undefined;
}

/** A request for `call()`: what the package has no method for. */
export interface GraphRequest {
  method: 'GET' | 'POST' | 'DELETE';
  /** After the version: `/1234567890/groups`. */
  path: string;
  query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  /** The JSON body. */
  json?: object | undefined;
}

/** An answer with the facts of its call. */
export interface WhatsAppAnswer<Data> {
  data: Data;
  status: number;
  /** Meta's id of the request, for its support. */
  requestId: string | undefined;
  attempts: number;
}
