import type { AutoRiaClient } from '@cartie/autoria';
import { isCartieError } from '@cartie/core';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { idOf } from './api-parameters.ts';
import type { LiveView } from './live.ts';
import { readBody } from './read-json.ts';
import { valueCar, whyNot } from './valuation.ts';

/** AUTO.RIA's number of passenger cars. */
const passengerCars = 1;

/** Adds the operator's routes that value a car: brands, models, and what such a car costs. */
export function addValuationActions(
  routes: Hono,
  { autoria }: { readonly autoria: AutoRiaClient | undefined },
  live: LiveView,
): void {
  const answer = async (
    context: Context,
    ask: (client: AutoRiaClient) => Promise<object>,
  ): Promise<Response> => {
    if (autoria === undefined) {
      return context.json({ error: 'AUTO.RIA is not configured. Set AUTORIA_API_KEY.' }, 409);
    }
    try {
      return context.json(await ask(autoria));
    } catch (error) {
      if (!isCartieError(error) || error.service !== 'autoria') throw error;
      const retryAfter = String(Math.ceil((error.retryAfterMs ?? 0) / 1_000));
      return error.code === 'rate_limited'
        ? context.json({ error: whyNot(error) }, 429, { 'retry-after': retryAfter })
        : context.json({ error: whyNot(error) }, 502);
    } finally {
      live.poke('integrations');
    }
  };

  routes.get('/valuation/brands', (context) =>
    answer(context, ({ dictionaries }) => dictionaries.brands(passengerCars)),
  );

  routes.get('/valuation/brands/:brand/models', (context) =>
    answer(context, ({ dictionaries }) =>
      dictionaries.models(passengerCars, idOf(context.req.param('brand')) ?? 0),
    ),
  );

  routes.post('/valuation', async (context) => {
    const car = await readBody(context, carBody);
    return answer(context, (client) => valueCar(client, car));
  });
}

const year = z.int().min(1900).max(2100).optional();

const carBody = z.object({
  brand: z.int().positive(),
  model: z.int().positive(),
  yearFrom: year,
  yearTo: year,
  mileageTo: z.int().positive().max(2_000_000).optional(),
});
