/** One thing for each statement of the store: its text, or what a driver made of it. */
export type SqliteStatements<T> = { readonly [Name in keyof typeof sqliteStatements]: T };

/** The table of the store. A write replaces its row, so each gets a new number, and `autoincrement` gives none twice. */
export const sqliteSchema = [
  `create table if not exists cartie_store (
    version integer primary key autoincrement,
    key text not null unique,
    value text not null,
    expires_at integer
  )`,
  'create index if not exists cartie_store_expires on cartie_store (expires_at) where expires_at is not null',
] as const;

const now = "cast(round(unixepoch('now', 'subsec') * 1000) as integer)";
const alive = `(expires_at is null or expires_at > ${now})`;

// At least the clock: after a loss of power the last writes may be gone, and their numbers would be given again.
const version = `max(${now} * 1000, coalesce((select seq from sqlite_sequence where name = 'cartie_store'), 0) + 1)`;

const put = (where: string): string => `
  insert or replace into cartie_store (version, key, value, expires_at)
  select ${version}, ?, ?, ${now} + ? ${where} returning cast(version as text) as version`;

/** Each is one statement: atomic, and no transaction of ours can meet one of the app's. */
export const sqliteStatements = {
  get: `select value, cast(version as text) as version, expires_at from cartie_store where key = ? and ${alive}`,
  put: put(''),
  putIfAbsent: put(`where not exists (select 1 from cartie_store where key = ? and ${alive})`),
  putIfVersion: put(
    `where exists (select 1 from cartie_store where key = ? and cast(version as text) = ? and ${alive})`,
  ),
  delete: `
    delete from cartie_store where key = ? and (? is null or cast(version as text) = ?) returning ${alive} as alive`,
  listFrom: `select key from cartie_store where key >= ? and ${alive} order by key limit ?`,
  listAfter: `select key from cartie_store where key > ? and ${alive} order by key limit ?`,
  sweep: `
    delete from cartie_store where version in (
      select version from cartie_store where expires_at <= ${now} limit ?
    ) returning 1 as swept`,
} as const satisfies Record<string, string>;
