import { buildFbc } from '@cartie/meta-capi';
import type { Context } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Visitor } from './tables.ts';

/**
 * What Meta matches a visitor by: its cookies, or the same values from the body where the form is on another site, whose cookies
 * do not come here; the click id of the page's address where there is no cookie yet; the address and the browser.
 */
export function readVisitor(
  context: Context,
  given: {
    readonly fbc?: string | undefined;
    readonly fbp?: string | undefined;
    /** The address of the page with the form. */
    readonly page?: string | undefined;
    readonly ipAddress: string | undefined;
  },
): Visitor {
  const page = given.page ?? context.req.header('referer');
  const url = page !== undefined && URL.canParse(page) ? new URL(page) : undefined;
  const clickId = url?.searchParams.get('fbclid') ?? undefined;
  return {
    fbc:
      bounded(getCookie(context, '_fbc') ?? given.fbc) ??
      (clickId !== undefined && clickId.length <= longest ? buildFbc(clickId) : undefined),
    fbp: bounded(getCookie(context, '_fbp') ?? given.fbp),
    ipAddress: given.ipAddress,
    userAgent: bounded(context.req.header('user-agent')),
    // Without its query, which may hold anything.
    page: url && /^https?:$/.test(url.protocol) ? bounded(url.origin + url.pathname) : undefined,
  };
}

const longest = 1_000;

function bounded(text: string | undefined): string | undefined {
  return text === undefined || text === '' || text.length > longest ? undefined : text;
}
