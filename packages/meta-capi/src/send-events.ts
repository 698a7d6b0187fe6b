import { type CallOptions, CartieError, isCartieError } from '@cartie/core';
import type { CallPath } from './call.ts';
import { isAboutEvents } from './errors.ts';
import { service } from './invalid.ts';
import { maxBatchBytes, maxSearchRequests } from './limits.ts';
import type { OperationName } from './operations.ts';
import type { EventResult, PreparedEvent } from './types.ts';

/** What of the client's options sending depends on. */
export interface SendTerms {
  readonly datasetId: string;
  readonly batchSize: number;
  readonly deadlineMs: number;
  /** Members of the body beside the events, as JSON: `"test_event_code":"TEST1"`. */
  readonly extras: readonly string[];
}

/** An event on its way. */
interface Parcel {
  readonly prepared: PreparedEvent;
  readonly json: string;
  readonly bytes: number;
  /** Writes the result into its place. */
  readonly settle: (result: EventResult) => void;
}

interface Run {
  readonly path: CallPath;
  readonly operation: OperationName;
  readonly terms: SendTerms;
  readonly options: CallOptions;
  readonly endsAt: number;
  /** Requests that may still be made to find bad events, of both operations together. */
  readonly search: { left: number };
}

type Verdict = { readonly traceId: string | undefined } | { readonly error: CartieError };

/**
 * Sends prepared events in batches, one after the other, and gives one result each, in order. A batch that Meta refuses
 * for one of its events is divided until the bad ones stand alone.
 *
 * Throws only the reason of `options.signal`.
 */
export async function sendPrepared(
  path: CallPath,
  events: readonly PreparedEvent[],
  terms: SendTerms,
  options: CallOptions,
): Promise<EventResult[]> {
  const results: EventResult[] = [];
  const lanes: Record<'sendEvents' | 'sendMessagingEvents', Parcel[]> = {
    sendEvents: [],
    sendMessagingEvents: [],
  };
  for (const [index, prepared] of events.entries()) {
    const json = JSON.stringify(prepared.event);
    const lane = prepared.deduplicated ? lanes.sendEvents : lanes.sendMessagingEvents;
    lane.push({
      prepared,
      json,
      bytes: Buffer.byteLength(json) + 1,
      settle: (result) => {
        results[index] = result;
      },
    });
  }
  const endsAt = performance.now() + (options.deadlineMs ?? terms.deadlineMs);
  const search = { left: maxSearchRequests };
  for (const operation of ['sendEvents', 'sendMessagingEvents'] as const) {
    const run: Run = { path, operation, terms, options, endsAt, search };
    for (const batch of batches(lanes[operation], terms.batchSize)) await sendBatch(run, batch);
  }
  return results;
}

function* batches(parcels: readonly Parcel[], size: number): Generator<readonly Parcel[]> {
  let from = 0;
  let bytes = 0;
  for (const [index, parcel] of parcels.entries()) {
    if (index > from && (index - from === size || bytes + parcel.bytes > maxBatchBytes)) {
      yield parcels.slice(from, index);
      from = index;
      bytes = 0;
    }
    bytes += parcel.bytes;
  }
  if (from < parcels.length) yield parcels.slice(from);
}

async function sendBatch(run: Run, batch: readonly Parcel[]): Promise<void> {
  const verdict = await request(run, batch);
  if ('error' in verdict) await divide(run, batch, verdict.error);
  else settleAll(run, batch, verdict);
}

/**
 * The batch was refused: settles it if that is final, else halves it.
 *
 * @param maybeThere a larger batch with these events was taken in part: each of them may have arrived with it
 */
async function divide(
  run: Run,
  batch: readonly Parcel[],
  error: CartieError,
  maybeThere = false,
): Promise<void> {
  if (batch.length === 1 || !isDivisible(run, error)) return settleAll(run, batch, { error }, maybeThere);
  const unclear = maybeThere || isPartlyTaken(error);
  const [left, right] = halves(batch);
  if (run.search.left <= 0) return settleAll(run, batch, { error: searchEnded() }, unclear);
  run.search.left -= 1;
  const verdict = await request(run, left);
  if ('error' in verdict) {
    await divide(run, left, verdict.error, unclear);
    // An outage, a limit or a wrong token is no matter of the events: the other half would only meet the same.
    if (!isAboutEvents(verdict.error) && !isMiscount(verdict.error)) {
      return settleAll(run, right, { error: notReached(verdict.error) }, unclear);
    }
  } else {
    settleAll(run, left, verdict);
    // The left half was good, so the fault is in the right one: it need not be refused once more before it is divided.
    if (right.length > 1 && isAboutEvents(error)) return divide(run, right, error, unclear);
  }
  if (run.search.left <= 0) return settleAll(run, right, { error: searchEnded() }, unclear);
  run.search.left -= 1;
  const rest = await request(run, right);
  if ('error' in rest) await divide(run, right, rest.error, unclear);
  else settleAll(run, right, rest);
}

function halves(batch: readonly Parcel[]): [readonly Parcel[], readonly Parcel[]] {
  const middle = Math.ceil(batch.length / 2);
  return [batch.slice(0, middle), batch.slice(middle)];
}

async function request(run: Run, batch: readonly Parcel[]): Promise<Verdict> {
  const { path, operation, terms, options } = run;
  const deadlineMs = run.endsAt - performance.now();
  if (deadlineMs <= 0) return { error: outOfTime(operation) };
  const members = [`"data":[${batch.map(({ json }) => json).join(',')}]`, ...terms.extras];
  try {
    const { data, requestId } = await path.post(operation, terms.datasetId, members, {
      ...options,
      deadlineMs,
    });
    const { events_received: received } = data.json as { events_received?: unknown };
    if (received === batch.length) return { traceId: requestId };
    return { error: miscounted(operation, received, batch.length, requestId) };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (isCartieError(error)) return { error };
    throw error;
  }
}

function settleAll(run: Run, batch: readonly Parcel[], verdict: Verdict, maybeThere = false): void {
  for (const { prepared, settle } of batch) {
    const base = { eventId: prepared.event.event_id, warnings: warningsOf(run, prepared) };
    if (!('error' in verdict)) settle({ status: 'accepted', ...base, traceId: verdict.traceId });
    else settle({ status: statusOf(verdict.error, maybeThere), ...base, error: verdict.error });
  }
}

function warningsOf(run: Run, prepared: PreparedEvent): PreparedEvent['warnings'] {
  const { otherVersion } = run.path;
  if (otherVersion === undefined) return prepared.warnings;
  const message = `Meta answered by ${otherVersion.slice(0, 10)}, not by \`apiVersion\`: it may have been ended`;
  return [...prepared.warnings, { field: 'apiVersion', message }];
}

function statusOf(error: CartieError, maybeThere: boolean): 'rejected' | 'unknown' | 'unsent' {
  // Meta refuses a batch as a whole: also an attempt before, whose answer was lost, has put nothing there.
  if (isAboutEvents(error) || error.provider?.code === discarded) return 'rejected';
  return maybeThere || error.outcome === 'unknown' ? 'unknown' : 'unsent';
}

function isDivisible(run: Run, error: CartieError): boolean {
  // Some were taken, nobody knows which: sending them again is harmless only where Meta recognises them.
  return isAboutEvents(error) || (isPartlyTaken(error) && run.operation === 'sendEvents');
}

function isPartlyTaken(error: CartieError): boolean {
  return error.provider?.code === partlyTaken;
}

function isMiscount(error: CartieError): boolean {
  return isPartlyTaken(error) || error.provider?.code === discarded;
}

const discarded = 'discarded';
const partlyTaken = 'partly_taken';

function miscounted(
  operation: OperationName,
  received: unknown,
  sent: number,
  requestId: string | undefined,
): CartieError {
  const about = { service, operation, status: 200, requestId };
  if (received === 0) {
    return new CartieError('rejected', 'Meta answered well but took no event and gave no reason', {
      ...about,
      provider: { code: discarded },
    });
  }
  if (typeof received === 'number' && received > 0 && received < sent) {
    return new CartieError('invalid_response', 'Meta answered well but took fewer events than were sent', {
      ...about,
      provider: { code: partlyTaken },
    });
  }
  return new CartieError('invalid_response', 'The answer does not say how many events were taken', about);
}

function outOfTime(operation: OperationName): CartieError {
  return new CartieError('timeout', 'The call did not end within `deadlineMs`', {
    service,
    operation,
    field: 'deadlineMs',
    outcome: 'not_executed',
  });
}

function searchEnded(): CartieError {
  return new CartieError(
    'overloaded',
    'Too many events of this call were refused: the rest was not sent, send it again',
    { service },
  );
}

// What the other half met; of this one nothing was sent, but it was part of a batch that Meta refused as a whole.
function notReached(error: CartieError): CartieError {
  return new CartieError(error.code, error.message, { ...error, outcome: 'not_executed' });
}
