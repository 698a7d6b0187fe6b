import { expect, it, vi } from 'vitest';
import { type AppDatabase, openDatabase } from '../src/database.ts';
import { createIntegrationErrorLog } from '../src/integration-errors.ts';
import { sweepOld } from '../src/retention.ts';
import { freshFolder, type TestFolder } from './test-server.ts';

vi.setConfig({ testTimeout: 60_000 });

it('keeps each thing for the days that the README names, and no longer', async () => {
  await using folder = await freshFolder();
  await using opened = await openIn(folder);
  const { kysely } = opened.database;
  const errors = createIntegrationErrorLog(kysely);
  const daysAgo = (days: number, minutes: number) =>
    new Date(Date.now() - days * 86_400_000 - minutes * 60_000);
  const conversation = await kysely
    .insertInto('conversations')
    .values({
      channel: 'telegram',
      account: 'bot',
      external_id: '1',
      title: 'Olena',
      last_text: 'Hello',
      last_direction: 'in',
      last_message_at: new Date(),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  // Of each two the second is a minute younger than its end.
  for (const [index, minutes] of [1, -1].entries()) {
    await kysely
      .insertInto('leads')
      .values({
        id: `00000000-0000-4000-8000-00000000000${index}`,
        source: 'form',
        name: `Visitor ${index}`,
        visitor: { fbp: 'fb.1.1596403881668.1116446470' },
        created_at: daysAgo(90, minutes),
      })
      .execute();
    await kysely
      .insertInto('message_receipts')
      .values({
        conversation_id: conversation.id,
        external_id: String(index),
        state: 'seen',
        at: daysAgo(8, minutes),
      })
      .execute();
    await kysely
      .insertInto('feed_posts')
      .values({
        channel_id: '1',
        message_id: index,
        text: `Post ${index}`,
        phones: [],
        posted_at: daysAgo(90, minutes),
      })
      .execute();
    await kysely
      .insertInto('integration_errors')
      .values({
        minute: daysAgo(30, minutes),
        service: 'telegram',
        operation: `operation ${index}`,
        code: 'timeout',
        status: 0,
        last_at: daysAgo(30, minutes),
      })
      .execute();
  }

  await sweepOld(kysely, errors);

  expect(await kysely.selectFrom('leads').select(['name', 'visitor']).orderBy('name').execute()).toEqual([
    { name: 'Visitor 0', visitor: {} },
    { name: 'Visitor 1', visitor: { fbp: expect.any(String) } },
  ]);
  expect(await kysely.selectFrom('message_receipts').select('external_id').execute()).toEqual([
    { external_id: '1' },
  ]);
  expect(await kysely.selectFrom('feed_posts').select('text').execute()).toEqual([{ text: 'Post 1' }]);
  expect((await errors.list({ limit: 10 })).map(({ operation }) => operation)).toEqual(['operation 1']);
});

async function openIn(folder: TestFolder): Promise<AsyncDisposable & { database: AppDatabase }> {
  const failed = (error: unknown): never => {
    throw error;
  };
  const database = await openDatabase(
    { dataDir: folder.path, databaseUrl: undefined },
    { onMaintenanceFailed: failed, onCrash: failed },
  );
  return { database, [Symbol.asyncDispose]: () => database.close() };
}
