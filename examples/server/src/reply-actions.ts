import { CartieError } from '@cartie/core';
import type { Outbox } from '@cartie/core/postgres';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { idOf, notFound } from './api-parameters.ts';
import { type Channel, channelToAnswer, windowEndOf } from './channels.ts';
import { type ConversationSummary, findConversation } from './conversation-views.ts';
import type { AppDatabase, AppTransaction } from './database.ts';
import type { LiveView } from './live.ts';
import { type ChannelFiles, readBytes, refusal } from './message-files.ts';
import { type OutgoingContent, queueMessage } from './outgoing.ts';
import { readBody } from './read-json.ts';
import type { TemplateBook } from './whatsapp-templates.ts';

/** What an operator needs to answer. */
export interface ReplyActionParts {
  readonly database: AppDatabase;
  readonly outbox: Outbox<AppTransaction>;
  readonly channels: readonly Channel[];
  /** Channels that take files. */
  readonly files: Partial<Record<string, ChannelFiles>>;
  /** Channels that have templates. */
  readonly templates: Partial<Record<string, TemplateBook>>;
}

/** Adds the routes of replies: a text, a template, a file, and the templates that there are. */
export function addReplyActions(routes: Hono, parts: ReplyActionParts, live: LiveView): void {
  routes.post('/conversations/:id/messages', async (context) => {
    const { id, text, template } = await readBody(context, replyBody);
    return reply(context, id, async (channel, isOpen) => {
      if (template !== undefined) {
        const filled = await parts.templates[channel.id]?.fill(template);
        if (filled === undefined) throw refused('This channel has no templates.');
        return { kind: 'template', ...filled };
      }
      if (text === undefined) throw refused('Missing or wrong: text.');
      if (text.length > channel.maxTextLength) {
        throw refused(`A message has at most ${channel.maxTextLength} characters.`);
      }
      if (!isOpen && channel.fallbackTemplate === undefined) throw refused(onlyTemplates);
      return { kind: 'text', text };
    });
  });

  routes.post('/conversations/:id/files', async (context) => {
    const { id, name, caption } = await fileQuery(context);
    return reply(context, id, async (channel, isOpen) => {
      const type = context.req.header('content-type')?.split(';')[0]?.trim() ?? '';
      const source = parts.files[channel.id];
      if (source === undefined || channel.files === undefined) throw refused('This channel takes no files.');
      if (!channel.files.accept.includes(type)) {
        throw refused(
          `${channel.name} takes no files of the type ${/^[\w.+/-]{1,80}$/.test(type) ? type : 'given'}.`,
        );
      }
      if (!isOpen) throw refused(onlyTemplates);
      const bytes = await readBytes(context, channel.files.maxBytes);
      if (bytes.byteLength === 0) throw refused('The file is empty.');
      // At the provider before it is queued: what waits is small, and a file that is refused is told at once.
      const media = await source.upload({ bytes, type, name }, { signal: context.req.raw.signal });
      return { kind: 'file', text: caption, media };
    });
  });

  routes.get('/channels/:channel/templates', async (context) => {
    const book = parts.templates[context.req.param('channel')];
    if (book === undefined) return notFound(context);
    try {
      return context.json(await book.list());
    } catch (error) {
      return refusal(context, error);
    }
  });

  async function reply(
    context: Context,
    id: string,
    compose: (channel: Channel, isOpen: boolean) => Promise<OutgoingContent>,
  ): Promise<Response> {
    const conversation = await findConversation(parts.database.kysely, idOf(context.req.param('id')) ?? 0);
    if (conversation === undefined) return notFound(context);
    const channel = channelToAnswer(parts.channels, conversation);
    if (typeof channel === 'string') return context.json({ error: channel }, 409);
    try {
      const content = await compose(channel, isOpenNow(channel, conversation));
      const queued = await parts.database.sql.transaction((trx) =>
        queueMessage(parts.outbox, trx, {
          conversation: { ...conversation, channel: channel.id },
          author: 'operator',
          content,
          id: `operator:${id}`,
        }),
      );
      live.poke('conversations');
      return context.json(queued, 202);
    } catch (error) {
      return refusal(context, error);
    }
  }
}

const onlyTemplates = 'More than 24 hours since this person wrote: only a template can be sent.';

function isOpenNow(channel: Channel, conversation: ConversationSummary): boolean {
  const end = windowEndOf(channel, conversation);
  return end === undefined || Date.now() < end;
}

function refused(message: string): CartieError {
  return new CartieError('invalid_input', message, { service: 'server', operation: 'reply' });
}

const replyBody = z
  .object({
    text: z.string().trim().min(1, 'is empty').optional(),
    template: z
      .object({
        name: z.string().max(512),
        language: z.string().max(20),
        values: z.array(z.string().trim().min(1).max(1_024)).max(50),
      })
      .optional(),
    /** Made by the page for each message: a repeated request sends nothing twice. */
    id: z.uuid(),
  })
  .refine(({ text, template }) => (text === undefined) !== (template === undefined));

async function fileQuery(context: Context): Promise<{ id: string; name: string; caption: string }> {
  const parsed = fileFields.safeParse(context.req.query());
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join('.'));
  throw new CartieError('invalid_input', `Missing or wrong: ${[...new Set(fields)].join(', ')}.`);
}

const fileFields = z.object({
  id: z.uuid(),
  name: z.string().trim().min(1).max(240),
  caption: z.string().trim().max(1_024).default(''),
});
