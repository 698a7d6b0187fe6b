import { randomUUID } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { findCar } from './cars.ts';
import { addressGroup, clientAddress } from './client-address.ts';
import type { LeadConfig } from './lead-config.ts';
import type { NewLead } from './leads.ts';
import { readBody } from './read-json.ts';
import { readVisitor } from './visitor.ts';
import { createWindowCount } from './window-count.ts';

/** What the form needs from the rest of the server. */
export interface LeadFormParts {
  readonly config: LeadConfig;
  /** Stores the lead and what Meta is to be told of it, in one transaction; `false` if it is there already. */
  readonly add: (lead: NewLead) => Promise<boolean>;
}

/**
 * The public `POST /api/leads`, for a form on this server's own pages or on the sites of `LEADS_ORIGINS`; other programs may call it
 * too. It takes JSON only, so that a page elsewhere cannot send it without asking first (CORS), and it needs and sets no cookie of
 * ours: Meta's are only read. Each address may send `LEADS_PER_MINUTE`.
 */
export function createLeadForm({ config, add }: LeadFormParts): Hono {
  const sent = createWindowCount(config.perMinute, 60_000);
  const form = new Hono();

  form.options('/', (context) => {
    const origin = context.req.header('origin');
    if (origin === undefined || !mayCall(config, context)) return context.body(null, 403);
    return context.body(null, 204, {
      ...cors(origin),
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': '600',
    });
  });

  form.post('/', async (context) => {
    const origin = context.req.header('origin');
    if (!mayCall(config, context)) {
      return context.json({ error: 'Forms of this site are not taken. Add it to LEADS_ORIGINS.' }, 403);
    }
    for (const [name, value] of Object.entries(origin === undefined ? {} : cors(origin))) {
      context.header(name, value);
    }
    if (!context.req.header('content-type')?.toLowerCase().startsWith('application/json')) {
      return context.json({ error: 'Send JSON, with content-type application/json.' }, 415);
    }
    const ipAddress = clientAddress(context, config.trustedProxies);
    const group = addressGroup(ipAddress);
    if (sent.isFull(group)) {
      return context.json({ error: 'Too many requests. Wait a minute.' }, 429, { 'retry-after': '60' });
    }
    sent.add(group);
    const { fbc, fbp, page, ...given } = await readBody(context, leadBody);
    const visitor = readVisitor(context, { fbc, fbp, page, ipAddress });
    const id = given.id ?? randomUUID();
    const isNew = await add({
      id,
      source: 'form',
      conversationId: null,
      name: given.name,
      phone: given.phone ?? null,
      email: given.email ?? null,
      message: given.message ?? '',
      car: given.car ?? null,
      visitor,
    });
    return context.json({ id }, isNew ? 201 : 200);
  });
  return form;
}

const text = (longest: number): z.ZodType<string> => z.string().trim().min(1).max(longest);
// A form sends '' for a field that was left empty.
const empty = z.literal('').transform(() => undefined);

const leadBody = z
  .object({
    /** Made by the form: sent again after a broken connection it is the same lead. Also the `eventID` for the pixel. */
    id: z.uuid().optional(),
    name: text(100),
    phone: z
      .string()
      .trim()
      .regex(/^\+?[\d\s().-]{7,25}$/)
      .optional()
      .or(empty),
    email: z.email().max(254).optional().or(empty),
    message: z.string().trim().max(2_000).optional(),
    /** An id of `cars.ts`. */
    car: z
      .string()
      .refine((id) => findCar(id) !== undefined)
      .optional(),
    /** Of a form on another site, whose cookies do not come here. */
    fbc: z.string().max(1_000).optional(),
    fbp: z.string().max(1_000).optional(),
    page: z.url().max(2_000).optional(),
  })
  .refine(({ phone, email }) => phone !== undefined || email !== undefined, { path: ['phone or email'] });

/** Browsers name the site that they send for. Nothing here depends on who is signed in, so programs that name none may call too. */
function mayCall({ origins }: LeadConfig, context: Context): boolean {
  const origin = context.req.header('origin');
  if (origin === undefined) return true;
  const isOwn = URL.canParse(origin) && new URL(origin).host === context.req.header('host');
  return isOwn || origins.includes(origin);
}

function cors(origin: string): Record<string, string> {
  return {
    'access-control-allow-origin': origin,
    vary: 'origin',
  };
}
