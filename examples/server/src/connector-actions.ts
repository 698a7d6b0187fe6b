import { isCartieError } from '@cartie/core';
import { mtprotoFailure } from '@cartie/mtproto';
import type { Context, Hono } from 'hono';
import { renderSVG } from 'uqr';
import { z } from 'zod';
import { notFound, pageLimit, pairOf } from './api-parameters.ts';
import type { ConnectorDesk } from './connector-desk.ts';
import type { AppDatabase } from './database.ts';
import { listFeed } from './feed.ts';
import type { LiveView } from './live.ts';
import { readBody } from './read-json.ts';

/** Adds the route of the feed. */
export function addFeedActions(routes: Hono, { database }: { readonly database: AppDatabase }): void {
  routes.get('/feed', async (context) => {
    const last = pairOf(context.req.query('before'));
    const before = last && { postedAt: last[0], seq: last[1] };
    return context.json(await listFeed(database.kysely, { limit: pageLimit, before }));
  });
}

/** Adds the routes of the accounts that read channels. */
export function addConnectorActions(routes: Hono, desk: ConnectorDesk, live: LiveView): void {
  const changed = (): void => {
    live.poke('connectors');
    live.poke('feed');
  };

  routes.get('/connectors', async (context) => context.json(await desk.list()));

  routes.post('/connectors', async (context) => {
    const connector = await readBody(context, connectorBody);
    return await told(context, async () => {
      const isNew = await desk.add(connector);
      return context.json({ id: connector.id }, isNew ? 201 : 200);
    });
  });

  routes.delete('/connectors/:id', async (context) =>
    told(context, async () =>
      (await desk.remove(context.req.param('id'))) ? context.body(null, 204) : notFound(context),
    ),
  );

  routes.post('/connectors/:id/resume', async (context) =>
    told(context, async () => {
      (await desk.account(context.req.param('id'))).retry();
      return context.body(null, 204);
    }),
  );

  routes.post('/connectors/:id/login/:step', async (context) => {
    const step = context.req.param('step');
    if (!isLoginStep(step)) return notFound(context);
    const values: LoginValues = await readBody<LoginValues>(context, loginBodies[step]);
    return await told(context, async () => {
      const { login } = await desk.account(context.req.param('id'));
      if (step === 'phone') await login.sendCode(values.phone ?? '');
      else if (step === 'qr') await login.qr();
      else if (step === 'code') await login.submitCode(values.code ?? '');
      else if (step === 'password') await login.submitPassword(values.password ?? '');
      else if (step === 'resend') await login.resendCode();
      else await login.cancel();
      return context.body(null, 204);
    });
  });

  routes.get('/connectors/:id/qr.svg', async (context) => {
    const step = await (await desk.account(context.req.param('id'))).login.current();
    if (step.step !== 'qr') return notFound(context);
    return context.body(renderSVG(step.url, { border: 2 }), 200, { 'content-type': 'image/svg+xml' });
  });

  routes.post('/connectors/:id/channels', async (context) => {
    const { channel } = await readBody(context, followBody);
    return await told(context, async () =>
      context.json(await desk.follow(context.req.param('id'), channel), 201),
    );
  });

  routes.delete('/connectors/:id/channels/:channel', async (context) =>
    told(context, async () => {
      const { id, channel } = context.req.param();
      return (await desk.unfollow(id, channel)) ? context.body(null, 204) : notFound(context);
    }),
  );

  /** What Telegram refuses is told to the operator in words; anything else is the server's own trouble. */
  async function told(context: Context, act: () => Promise<Response>): Promise<Response> {
    try {
      return await act();
    } catch (error) {
      const words = wordsOf(error);
      if (words === undefined) throw error;
      return context.json({ error: words }, 422);
    } finally {
      changed();
    }
  }
}

const failureWords = {
  phone_invalid: 'This is not a phone number that Telegram knows. Write it with the country code.',
  sign_up_required: 'This number has no Telegram account.',
  account_banned: 'Telegram has banned this number.',
  too_many_logins: 'Too many tries with this number. Telegram wants you to wait a day.',
  code_wrong: 'The code is wrong.',
  code_expired: 'The code is too old. Begin again.',
  password_wrong: 'The password is wrong.',
  no_other_way: 'There is no other way to send the code.',
  api_refused: 'Telegram does not accept api_id and api_hash.',
  chat_not_found: 'There is no such channel.',
  chat_private: 'This channel is private: the account must be invited.',
  invite_expired: 'This invitation is no longer valid.',
  invite_pending: 'An administrator of the channel must let the account in first.',
  too_many_chats: 'The account is in as many channels as Telegram allows.',
} as const;

const fieldWords: Readonly<Record<string, string>> = {
  phone: 'Write the phone number with its country code, such as +380 67 123 45 67.',
  chat: 'Write the channel as @name or as its t.me address.',
};

function wordsOf(error: unknown): string | undefined {
  if (!isCartieError(error)) return undefined;
  const failure = mtprotoFailure(error);
  if (failure !== undefined && Object.hasOwn(failureWords, failure.kind)) {
    return failureWords[failure.kind as keyof typeof failureWords];
  }
  const words =
    error.service === 'mtproto' && error.field !== undefined ? fieldWords[error.field] : undefined;
  if (words !== undefined) return words;
  if (error.code === 'rate_limited' && error.retryAfterMs !== undefined) {
    return `Telegram asks for a pause of ${Math.ceil(error.retryAfterMs / 1_000)} seconds.`;
  }
  if (error.service === 'mtproto' || error.service === 'server') return error.message;
  return undefined;
}

const connectorBody = z
  .object({
    /** Made by the page: a repeated request adds nothing twice. */
    id: z.uuid(),
    label: z.string().trim().min(1).max(60),
    apiId: z.int().min(1).optional(),
    apiHash: z
      .string()
      .regex(/^[\da-f]{32}$/)
      .optional(),
  })
  .refine(({ apiId, apiHash }) => (apiId === undefined) === (apiHash === undefined), { path: ['apiHash'] });

const followBody = z.object({ channel: z.string().trim().min(1).max(200) });

const text = z.string().trim().min(1).max(256);
interface LoginValues {
  readonly phone?: string | undefined;
  readonly code?: string | undefined;
  readonly password?: string | undefined;
}
const loginBodies = {
  phone: z.object({ phone: text }),
  qr: z.object({}),
  code: z.object({ code: text }),
  password: z.object({ password: z.string().min(1).max(256) }),
  resend: z.object({}),
  cancel: z.object({}),
} satisfies Record<string, z.ZodType<LoginValues>>;

function isLoginStep(step: string): step is keyof typeof loginBodies {
  return Object.hasOwn(loginBodies, step);
}
