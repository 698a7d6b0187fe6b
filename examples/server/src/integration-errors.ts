import { type CartieError, type ClientEvent, type EventListener, isCartieError } from '@cartie/core';
import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

/** One kind of failure within one minute. */
export interface IntegrationError {
  readonly service: string;
  readonly operation: string;
  readonly code: string;
  /** The HTTP status, 0 where there was no answer. */
  readonly status: number;
  readonly requestId: string | undefined;
}

/** A row of the log as an operator reads it. */
export interface IntegrationErrorRow extends Omit<IntegrationError, 'requestId'> {
  readonly id: number;
  readonly count: number;
  readonly requestId: string | null;
  /** Epoch milliseconds. */
  readonly lastAt: number;
}

/** The persisted log of what went wrong at the integrations. Holds no bodies and nothing about people. */
export interface IntegrationErrorLog {
  /** For `onEvent` of clients and webhooks. */
  readonly listener: EventListener;
  /** Notes a failure that no event tells of: of a handler, of a sender. */
  note(failure: { service: string; operation: string; error: unknown }): void;
  list(options: { limit: number; before?: number | undefined }): Promise<IntegrationErrorRow[]>;
  /** Deletes what is too old or too much. */
  sweep(): Promise<void>;
  /** Writes what is noted and stops. */
  close(): Promise<void>;
}

const flushAfterMs = 500;
/** Kinds of failure in memory; beyond it new kinds are dropped until the next write. */
const maxPending = 1_000;
const keepRows = 5_000;

/**
 * Creates the log. Failures are gathered for half a second and counted by kind and minute, so that a flood of
 * errors costs one row a minute.
 */
export function createIntegrationErrorLog(
  database: Kysely<Tables>,
  options: { onWritten?: (() => void) | undefined; onLost?: ((error: unknown) => void) | undefined } = {},
): IntegrationErrorLog {
  let pending = new Map<string, IntegrationError & { count: number; at: number }>();
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const rows = [...pending.values()];
    pending = new Map();
    if (rows.length > 0) writing = writing.then(() => write(rows));
    return writing;
  };

  const write = async (rows: (IntegrationError & { count: number; at: number })[]): Promise<void> => {
    try {
      await database
        .insertInto('integration_errors')
        .values(
          rows.map((row) => ({
            minute: new Date(row.at - (row.at % 60_000)),
            service: row.service,
            operation: row.operation,
            code: row.code,
            status: row.status,
            count: row.count,
            request_id: row.requestId ?? null,
            last_at: new Date(row.at),
          })),
        )
        .onConflict((conflict) =>
          conflict.columns(['minute', 'service', 'operation', 'code', 'status']).doUpdateSet({
            count: sql`integration_errors.count + excluded.count`,
            request_id: sql`coalesce(excluded.request_id, integration_errors.request_id)`,
            last_at: sql`excluded.last_at`,
          }),
        )
        .execute();
      options.onWritten?.();
    } catch (error) {
      // The log must not bring down what it watches: the database's own failure is seen elsewhere.
      options.onLost?.(error);
    }
  };

  const add = (error: IntegrationError): void => {
    const at = Date.now();
    const key = [at - (at % 60_000), error.service, error.operation, error.code, error.status].join('\n');
    const known = pending.get(key);
    if (known !== undefined) pending.set(key, { ...error, count: known.count + 1, at });
    else if (pending.size < maxPending) pending.set(key, { ...error, count: 1, at });
    timer ??= setTimeout(() => void flush(), flushAfterMs);
  };

  return {
    listener(event) {
      const error = errorOf(event);
      if (error !== undefined) add(error);
    },
    note({ service, operation, error }) {
      const known: Partial<CartieError> = isCartieError(error) ? error : {};
      add({
        service: known.service ?? service,
        operation: known.operation ?? operation,
        code: known.code ?? 'handler_error',
        status: known.status ?? 0,
        requestId: known.requestId,
      });
    },
    async list({ limit, before }) {
      let query = database.selectFrom('integration_errors').selectAll().orderBy('id', 'desc').limit(limit);
      if (before !== undefined) query = query.where('id', '<', before);
      const rows = await query.execute();
      return rows.map((row) => ({
        id: row.id,
        service: row.service,
        operation: row.operation,
        code: row.code,
        status: row.status,
        count: row.count,
        requestId: row.request_id,
        lastAt: row.last_at.getTime(),
      }));
    },
    async sweep() {
      await sql`
        delete from integration_errors where last_at < now() - interval '30 days'
          or id <= (select id from integration_errors order by id desc offset ${keepRows} limit 1)`.execute(
        database,
      );
    },
    close: flush,
  };
}

function errorOf(event: ClientEvent): IntegrationError | undefined {
  switch (event.type) {
    case 'call_finished': {
      const { service, operation, code, status = 0, requestId } = event;
      return code === 'ok' || code === 'aborted'
        ? undefined
        : { service, operation, code, status, requestId };
    }
    case 'webhook_received': {
      const { service, code, status } = event;
      return code === 'ok'
        ? undefined
        : { service, operation: 'webhook', code, status, requestId: undefined };
    }
    case 'circuit_changed':
      return event.circuit === 'open'
        ? {
            service: event.service,
            operation: 'circuit',
            code: 'circuit_open',
            status: 0,
            requestId: undefined,
          }
        : undefined;
    default:
      return undefined;
  }
}
