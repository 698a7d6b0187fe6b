import { randomInt } from 'node:crypto';
import type { EventWarning } from './types.ts';

/**
 * The parts of an `fbc` or `fbp`: `fb.<subdomainIndex>.<creationTime>.<value>`, and what Meta's parameter builder appends.
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc
 */
export interface BrowserId {
  /** 0 for `com`, 1 for `example.com`, 2 for `www.example.com`. */
  subdomainIndex: number;
  /** Epoch milliseconds. */
  creationTime: number;
  /** The click id (case counts) or the browser's random number. */
  value: string;
  appendix: string | undefined;
}

/** Options of {@link buildFbc} and {@link buildFbp}. */
export interface BrowserIdOptions {
  /** When the click or the first visit was. Epoch milliseconds. @default now */
  creationTime?: number | Date | undefined;
  /** @default 1 */
  subdomainIndex?: number | undefined;
}

/** `fbc` of a click id, the `fbclid` of the address that the visitor came by. The id is taken as it is, byte for byte. */
export function buildFbc(fbclid: string, options: BrowserIdOptions = {}): string {
  return build(fbclid, options);
}

/** A new `fbp` for a visitor who has none. */
export function buildFbp(options: BrowserIdOptions = {}): string {
  return build(String(randomInt(2 ** 31)), options);
}

/** Takes an `fbc` or `fbp` apart, four segments or five; `undefined` for anything else. */
export function parseBrowserId(text: unknown): BrowserId | undefined {
  const match = typeof text === 'string' ? form.exec(text) : null;
  if (!match) return undefined;
  const [, subdomainIndex, creationTime, value = '', appendix] = match;
  return { subdomainIndex: Number(subdomainIndex), creationTime: Number(creationTime), value, appendix };
}

/** Has it the form of an `fbc` or `fbp`? */
export function isBrowserId(text: string): boolean {
  return formWithoutParts.test(text);
}

/** The warning for an id that Meta may not understand; it is sent all the same. */
export function oddBrowserId(field: string): EventWarning {
  return {
    field,
    message: `\`${field}\` should look like fb.1.1596403881668.1116446470: it is sent as it is`,
  };
}

const formWithoutParts = /^fb\.\d+\.\d{13}\.[^.\s]+(?:\.(?:[\w-]{2}|[\w-]{8}))?$/;
const form = /^fb\.(\d+)\.(\d{13})\.([^.\s]+)(?:\.([\w-]{2}|[\w-]{8}))?$/;

function build(value: string, { creationTime = Date.now(), subdomainIndex = 1 }: BrowserIdOptions): string {
  return `fb.${subdomainIndex}.${Number(creationTime)}.${value}`;
}
