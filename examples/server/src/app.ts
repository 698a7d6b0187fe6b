import { isCartieError, type RequestHandler } from '@cartie/core';
import { type Context, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { AdminGuard } from './admin.ts';
import { cars } from './cars.ts';
import type { Metrics } from './metrics.ts';
import type { StaticFiles } from './static-files.ts';

/** What is served. */
export interface AppParts {
  readonly integrationsHealth: RequestHandler;
  /** Why this process should get no requests; `undefined` when it is ready. */
  readonly notReady: () => Promise<string | undefined>;
  readonly metrics: Metrics;
  readonly admin: AdminGuard;
  readonly api: Hono;
  /** The public `POST /api/leads`. */
  readonly leadForm: Hono;
  readonly page: StaticFiles;
  readonly onError: (error: unknown) => void;
}

/** Creates everything that is served but the webhooks. */
export function createApp(parts: AppParts): Hono {
  const app = new Hono();

  app.get('/health/live', (context) => context.json({ status: 'ok' }));
  app.get('/health/ready', async (context) => {
    const reason = await parts.notReady();
    return reason === undefined
      ? context.json({ status: 'ok' })
      : context.json({ status: 'down', reason }, 503);
  });
  app.get('/health/integrations', (context) => parts.integrationsHealth(context.req.raw));
  app.get('/metrics', parts.admin.onlyAdmin, async () => {
    const { body, contentType } = await parts.metrics.scrape();
    return new Response(body, { headers: { 'content-type': contentType, 'cache-control': 'no-store' } });
  });

  app.use(headers);
  app.use('/api/*', async (context, next) => {
    context.header('cache-control', 'no-store');
    await next();
  });
  // Before the API, which is for operators: what is not answered here goes on to it.
  app.route('/api/leads', parts.leadForm);
  app.route('/api', parts.api);
  app.get('/demo/cars.json', (context) => context.json(cars));
  app.get('*', (context) => parts.page.serve(context));
  app.notFound((context) => context.json({ error: 'There is nothing here.' }, 404));
  app.onError((error, context) => answerError(error, context, parts.onError));
  return app;
}

// Everything that the page uses comes from this server, and no other site may show it.
const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    mediaSrc: ["'self'"],
    connectSrc: ["'self'"],
    manifestSrc: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
  },
  crossOriginOpenerPolicy: 'same-origin',
  crossOriginResourcePolicy: 'same-origin',
  referrerPolicy: 'no-referrer',
  // Whether there is TLS, and for which names, is known to who terminates it.
  strictTransportSecurity: false,
  xFrameOptions: 'DENY',
});

function answerError(error: unknown, context: Context, report: (error: unknown) => void): Response {
  if (isCartieError(error)) {
    if (error.code === 'invalid_input') return context.json({ error: error.message }, 400);
    report(error);
    if (error.code === 'storage_error') {
      return context.json({ error: 'The database does not answer. Try again.' }, 503, { 'retry-after': '5' });
    }
  } else {
    report(error);
  }
  return context.json({ error: 'Something went wrong here. It is in the log.' }, 500);
}
