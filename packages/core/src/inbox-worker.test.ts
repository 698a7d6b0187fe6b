import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type TestDatabase, testDatabases } from '../../../tests/support/databases.ts';
import { createStores, memoryStore } from './index.ts';
import { createInbox, type Inbox, type InboxRow, migratePostgres } from './postgres.ts';
import type { Update } from './webhook.ts';

const timings = { heartbeatMs: 200, deadMs: 60_000, pollMs: 20, cleanMs: 60_000 };
const key = (byte: number): string => Buffer.alloc(32, byte).toString('base64');

function update(id: string): Update {
  return { source: 'shop:1', id, kind: 'order', orderKey: `customer ${id}`, payload: {} };
}

describe.each(testDatabases)('an inbox worker on $name', ({ available, open }) => {
  describe.skipIf(!available)('whose handler uses another store', () => {
    let opened: TestDatabase;
    let inbox: Inbox;
    beforeAll(async () => {
      opened = await open();
      await migratePostgres(opened.database);
      inbox = createInbox({ database: opened.database, timings });
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());

    test('buries a row whose value there can never be read, and handles the others', async () => {
      const store = memoryStore();
      await createStores(store, { encryptionKey: key(1) }).sessions.put('bad', 'value');
      const { sessions } = createStores(store, { encryptionKey: key(2) });
      const handled: string[] = [];
      const handler = async (row: InboxRow): Promise<void> => {
        await sessions.get(row.id);
      };
      await inbox.accept(['one', 'bad', 'two'].map(update));
      const onHandled = (row: InboxRow) => void handled.push(row.id);
      await using _worker = await inbox.work(handler, { attempts: 2, backoffMs: 10, onHandled });
      await vi.waitFor(async () => expect(await inbox.dead()).toHaveLength(1), { timeout: 10_000 });
      await vi.waitFor(() => expect(handled).toHaveLength(2), { timeout: 10_000 });
      expect(handled.sort()).toEqual(['one', 'two']);
      expect(await inbox.dead()).toMatchObject([{ orderKey: 'customer bad', reason: 'storage_error' }]);
    });

    test('keeps back only the rows that need it while that store is down', async () => {
      const down = createStores({
        ...memoryStore(),
        get: () => Promise.reject(new Error('down')),
        put: () => Promise.reject(new Error('down')),
      });
      const nexts: string[] = [];
      const handled: string[] = [];
      const handler = async (row: InboxRow): Promise<void> => {
        if (row.id === 'needs it') await down.leases.acquire('any');
      };
      await inbox.accept(['before', 'needs it', 'after'].map(update));
      await using _worker = await inbox.work(handler, {
        attempts: 1,
        onHandled: (row) => void handled.push(row.id),
        onFailure: ({ row, next }) => void nexts.push(`${row.id}: ${next}`),
      });
      await vi.waitFor(() => expect(handled.sort()).toEqual(['after', 'before']), { timeout: 10_000 });
      await vi.waitFor(() => expect(nexts).toContain('needs it: postponed'), { timeout: 10_000 });
    });
  });

  test.skipIf(!available)('is refused without a handler', async () => {
    await using opened = await open();
    await expect(createInbox({ database: opened.database }).work(undefined as never)).rejects.toMatchObject({
      code: 'invalid_config',
      field: 'handler',
    });
  });
});
