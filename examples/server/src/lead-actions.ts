import type { Hono } from 'hono';
import { z } from 'zod';
import { idOf, notFound, pageLimit } from './api-parameters.ts';
import { cars, findCar } from './cars.ts';
import { findConversation } from './conversation-views.ts';
import type { AppDatabase } from './database.ts';
import type { LeadDesk } from './lead-desk.ts';
import { listLeads } from './leads.ts';
import type { LiveView } from './live.ts';
import { readBody } from './read-json.ts';

/** What an operator does about leads. */
export interface LeadActionParts {
  readonly database: AppDatabase;
  readonly desk: LeadDesk;
}

/** Adds the operator's routes: the list, «mark as lead» and «sold». */
export function addLeadActions(routes: Hono, { database, desk }: LeadActionParts, live: LiveView): void {
  const changed = (): void => {
    live.poke('leads');
    live.poke('conversations');
  };

  routes.get('/leads', async (context) => {
    const before = idOf(context.req.query('before'));
    return context.json(await listLeads(database.kysely, { limit: pageLimit, before }));
  });

  routes.get('/cars', (context) => context.json(cars));

  routes.post('/conversations/:id/lead', async (context) => {
    const { id, car, phone } = await readBody(context, markBody);
    const conversation = await findConversation(database.kysely, idOf(context.req.param('id')) ?? 0);
    if (conversation === undefined) return notFound(context);
    const isNew = await desk.add({
      id,
      source: 'inbox',
      conversationId: conversation.id,
      name: conversation.title,
      phone: phone ?? (conversation.phone && `+${conversation.phone}`),
      car: car ?? null,
      visitor: {},
    });
    changed();
    return isNew
      ? context.json({ id }, 201)
      : context.json({ error: 'This conversation is a lead already.' }, 409);
  });

  routes.post('/meta-events/:id/resend', async (context) => {
    const done = await desk.resend(context.req.param('id'));
    changed();
    return done ? context.body(null, 204) : context.json({ error: 'This event cannot be sent again.' }, 409);
  });

  routes.post('/leads/:id/sold', async (context) => {
    const sale = await readBody(context, saleBody);
    const leadId = context.req.param('id');
    const done = z.uuid().safeParse(leadId).success && (await desk.sell({ leadId, ...sale }));
    changed();
    return done ? context.body(null, 204) : context.json({ error: 'This lead has bought already.' }, 409);
  });
}

const markBody = z.object({
  /** Made by the page: a repeated request marks nothing twice. */
  id: z.uuid(),
  phone: z.string().trim().max(25).optional(),
  car: z
    .string()
    .refine((id) => findCar(id) !== undefined)
    .optional(),
});

const saleBody = z.object({
  price: z.number().min(0).max(1e9),
  currency: z
    .string()
    .regex(/^[A-Za-z]{3}$/)
    .transform((code) => code.toUpperCase()),
});
