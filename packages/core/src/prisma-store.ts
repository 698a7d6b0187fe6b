import { CartieError } from './errors.ts';
import { guardStore } from './guard-store.ts';
import type { KeyValueStore, StoredValue } from './key-value-store.ts';
import { createStoreSweep } from './store-sweep.ts';

/** A row of the model. */
export interface PrismaValue {
  key: string;
  value: string;
  version: bigint;
  expiresAt: Date | null;
}

/** What is used of the delegate of the model, such as `prisma.cartieValue`. */
export interface PrismaValueDelegate {
  findUnique(args: { where: { key: string } }): PromiseLike<PrismaValue | null>;
  findMany(args: {
    where: {
      key?: { startsWith?: string; gt?: string };
      expiresAt?: { lt: Date };
    };
    orderBy?: { key: 'asc' };
    take: number;
  }): PromiseLike<PrismaValue[]>;
  create(args: { data: PrismaValue }): PromiseLike<unknown>;
  updateMany(args: {
    where: { key: string; version: bigint };
    data: Omit<PrismaValue, 'key'>;
  }): PromiseLike<{ count: number }>;
  deleteMany(args: {
    where: { key: { in: string[] }; expiresAt: { lt: Date } };
  }): PromiseLike<{ count: number }>;
}

/** Options of {@link prismaStore}. */
export interface PrismaStoreOptions {
  /** Limit of one call. Milliseconds. @default 5000 */
  timeoutMs?: number | undefined;
}

/** A store through Prisma. */
export interface PrismaStore extends KeyValueStore {
  /**
   * Deletes what ended over two days ago, in chunks, and tells how many. Writes do this by themselves now and then; call it where
   * a store that is hardly ever written to should shrink.
   */
  sweep(): Promise<number>;
}

const keysPerPage = 500;
const rowsPerSweep = 200;
const dayMs = 86_400_000;
// What was deleted or has expired stays for a day at least as a row, for its version: see `nextVersion`.
const keptAfterEndMs = 2 * dayMs;

/**
 * A store in the database of a Prisma 7 client, through the delegate of a model of its own:
 *
 * ```prisma
 * model CartieValue {
 *   key       String    @id
 *   value     String
 *   version   BigInt
 *   expiresAt DateTime? @map("expires_at") @db.Timestamptz(3)
 *
 *   @@index([expiresAt])
 *   @@map("cartie_value")
 * }
 * ```
 *
 * Keys must be compared byte by byte and take 1,024 bytes, as PostgreSQL's `text` does. Every write is a compare-and-swap in one
 * statement; nothing needs a transaction, and a delegate of one (`tx.cartieValue`) must not be given.
 *
 * The clock is that of the process that calls, since a delegate cannot ask the database for its own: values end a little earlier or later
 * where clocks of machines differ, and they must not differ by more than a few seconds if leases shall hold. Versions grow as long as clocks differ by
 * less than a day.
 *
 * @throws CartieError `invalid_config`
 */
export function prismaStore(delegate: PrismaValueDelegate, options: PrismaStoreOptions = {}): PrismaStore {
  const { timeoutMs } = options;
  if (typeof delegate?.findUnique !== 'function' || typeof delegate.updateMany !== 'function') {
    throw new CartieError('invalid_config', 'delegate must be that of a model, such as prisma.cartieValue', {
      field: 'delegate',
    });
  }
  const sweep = createStoreSweep('prisma', rowsPerSweep, deleteChunk);

  async function find(key: string): Promise<{ row: PrismaValue | null; alive: boolean }> {
    const row = await delegate.findUnique({ where: { key } });
    return { row, alive: row !== null && isAlive(row) };
  }

  /** Writes `next` over the row that was read; `false` if another writer was first. */
  async function swap(
    key: string,
    row: PrismaValue | null,
    next: Omit<PrismaValue, 'key'>,
  ): Promise<boolean> {
    if (row === null) return await create({ key, ...next });
    return (await delegate.updateMany({ where: { key, version: row.version }, data: next })).count === 1;
  }

  async function create(data: PrismaValue): Promise<boolean> {
    try {
      await delegate.create({ data });
      return true;
    } catch (error) {
      // https://www.prisma.io/docs/orm/reference/error-reference#p2002: unique constraint.
      if ((error as { code?: unknown } | null)?.code === 'P2002') return false;
      throw error;
    }
  }

  async function deleteChunk(): Promise<number> {
    const before = new Date(Date.now() - keptAfterEndMs);
    const rows = await delegate.findMany({ where: { expiresAt: { lt: before } }, take: rowsPerSweep });
    if (rows.length === 0) return 0;
    const keys = rows.map(({ key }) => key);
    return (await delegate.deleteMany({ where: { key: { in: keys }, expiresAt: { lt: before } } })).count;
  }

  const store = guardStore(
    {
      async get(key) {
        const { row, alive } = await find(key);
        return row !== null && alive ? readRow(row) : undefined;
      },
      async put(key, value, { ifVersion, ttlMs } = {}) {
        for (;;) {
          const { row, alive } = await find(key);
          const current = alive ? String(row?.version) : 'absent';
          if (ifVersion !== undefined && ifVersion !== current) return undefined;
          const version = nextVersion(row);
          const expiresAt = ttlMs === undefined ? null : new Date(Date.now() + Math.ceil(ttlMs));
          if (!(await swap(key, row, { value, version, expiresAt }))) continue;
          await sweep.afterWrite();
          return String(version);
        }
      },
      async delete(key, { ifVersion } = {}) {
        for (;;) {
          const { row, alive } = await find(key);
          if (row === null || !alive) return false;
          if (ifVersion !== undefined && ifVersion !== String(row.version)) return false;
          // A row with a new version, which no earlier one fits, and so far in the past that every clock sees it so.
          const gone = { value: '', version: nextVersion(row), expiresAt: new Date(Date.now() - dayMs) };
          if (await swap(key, row, gone)) return true;
        }
      },
      async *list(prefix) {
        const startsWith = withoutWildcards(prefix);
        for (let after = ''; ; ) {
          const rows = await delegate.findMany({
            where: { key: { startsWith, gt: after } },
            orderBy: { key: 'asc' },
            take: keysPerPage,
          });
          for (const row of rows) if (row.key.startsWith(prefix) && isAlive(row)) yield row.key;
          const last = rows.at(-1);
          if (last === undefined || rows.length < keysPerPage) return;
          after = last.key;
        }
      },
    },
    { service: 'prisma', ...(timeoutMs === undefined ? {} : { timeoutMs }) },
  );

  return Object.assign(store, { sweep: sweep.all });
}

/**
 * One more than the version before, but at least the clock in microseconds: so a version is greater also than those of a row that
 * was deleted long ago.
 */
function nextVersion(row: PrismaValue | null): bigint {
  const byClock = BigInt(Date.now()) * 1_000n;
  const next = row === null ? 0n : row.version + 1n;
  return next > byClock ? next : byClock;
}

function isAlive({ expiresAt }: PrismaValue): boolean {
  return expiresAt === null || expiresAt.getTime() > Date.now();
}

function readRow({ value, version, expiresAt }: PrismaValue): StoredValue {
  return {
    value,
    version: String(version),
    ...(expiresAt === null ? {} : { expiresAt: expiresAt.getTime() }),
  };
}

/** The longest begin of a prefix that means itself in a `LIKE`, whose wildcards Prisma passes on; the rest is compared here. */
function withoutWildcards(prefix: string): string {
  return prefix.replace(/[%_\\[\]^].*$/su, '');
}
