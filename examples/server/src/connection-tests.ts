import { type CartieError, isCartieError } from '@cartie/core';
import type { Hono } from 'hono';
import type { LiveView } from './live.ts';

/** Asks a provider whether it takes our credentials. */
export type ConnectionTest = () => Promise<{ ok: true } | { ok: false; error: CartieError }>;

/** The tests of the integrations that have one, by the integration's id. */
export type ConnectionTests = Readonly<Record<string, ConnectionTest | undefined>>;

/** Adds `POST /integrations/:id/test`, behind the «Test the connection» of a card. */
export function addConnectionTests(
  routes: Hono,
  { tests }: { readonly tests: ConnectionTests },
  live: LiveView,
): void {
  routes.post('/integrations/:id/test', async (context) => {
    const id = context.req.param('id');
    const test = Object.hasOwn(tests, id) ? tests[id] : undefined;
    if (test === undefined) return context.json({ error: 'This connection cannot be tested.' }, 404);
    const result = await test();
    live.poke('integrations');
    if (result.ok) return context.json({ ok: true });
    const { code, message } = result.error;
    return context.json({ ok: false, code, reason: isCartieError(result.error) ? message : 'It failed.' });
  });
}
