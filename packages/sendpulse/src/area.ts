import { type Answer, type CallOptions, CartieError, parseWith } from '@cartie/core';
import type { CallPath } from './call.ts';
import { deadlines } from './deadlines.ts';
import { invalid, service } from './invalid.ts';
import type { AreaTable, Fields, ListOperation, ListOptions, Operation } from './operation.ts';
import { requestOf } from './request.ts';

/** Runs operations; what the methods of all areas are made of. */
export interface Runner {
  run(name: string, operation: Operation, input: Fields, options: CallOptions): Promise<unknown>;
}

/** Builds a {@link Runner}. */
export function createRunner(path: CallPath, defaults: { deadlineMs: number; retries: number }): Runner {
  async function request(
    name: string,
    operation: Operation,
    input: Fields,
    options: CallOptions,
  ): Promise<unknown> {
    const plan = {
      operation: name,
      idempotent: operation.idempotent,
      request: requestOf(name, operation, input),
    };
    const deadlineOf = deadlines(options.deadlineMs ?? defaults.deadlineMs);
    for (let repeats = options.retries ?? defaults.retries; ; repeats -= 1) {
      const { data } = await path.call(plan, { ...options, deadlineMs: deadlineOf() });
      // SendPulse does answer with nothing, and so does a gateway that never asked it: what may be repeated is asked for
      // again, and believed if it stays empty.
      const isOdd = data.bytes.length === 0 && data.status !== 204 && (options.idempotent ?? plan.idempotent);
      if (!isOdd || repeats <= 0) return answerOf(name, operation, data);
    }
  }

  return {
    async run(name, operation, input, options) {
      checkInput(name, operation, input);
      const { batch } = operation;
      const items = batch && input[batch.field];
      if (batch === undefined || !Array.isArray(items)) return request(name, operation, input, options);
      const deadlineOf = deadlines(options.deadlineMs ?? defaults.deadlineMs);
      let answer: unknown = { result: true };
      for (let from = 0; from < items.length; from += batch.most) {
        const part = { ...input, [batch.field]: items.slice(from, from + batch.most) };
        answer = await request(name, operation, part, { ...options, deadlineMs: deadlineOf() });
      }
      return answer;
    },
  };
}

/** The methods of an area, made of its rows. */
export function createArea<Area>(area: string, rows: AreaTable<Area>, runner: Runner): Area {
  const methods = Object.entries<Operation | ListOperation>(rows).map(([method, operation]) => {
    const name = `${area}.${method}`;
    return [
      method,
      'pages' in operation && operation.pages ? lists(name, operation) : calls(name, operation),
    ];
  });
  return Object.freeze(Object.fromEntries(methods)) as Area;

  function calls(name: string, operation: Operation) {
    return async (input: Fields = {}, options: CallOptions = {}): Promise<unknown> =>
      runner.run(name, operation, input, options);
  }

  function lists(name: string, operation: ListOperation) {
    return (input: Fields = {}, options: ListOptions = {}): AsyncGenerator<unknown, void, undefined> =>
      walk(runner, name, operation, input, options);
  }
}

/**
 * Walks a list. SendPulse does not say which page is the last, so it ends with an empty page, or one that comes again
 * because the address knows no pages.
 */
async function* walk(
  runner: Runner,
  name: string,
  operation: ListOperation,
  input: Fields,
  { pageSize, limit = Number.POSITIVE_INFINITY, offset = 0, ...options }: ListOptions,
): AsyncGenerator<unknown, void, undefined> {
  const { size, start, most } = operation.pages;
  const asked = pageSize ?? most;
  for (const [field, value] of Object.entries({ pageSize: asked, limit, offset })) {
    if (!(value >= 0) || (field === 'pageSize' && !(Number.isInteger(value) && value > 0 && value <= most))) {
      throw invalid(
        field,
        field === 'pageSize' ? `must be a whole number from 1 to ${most}` : 'must be 0 or more',
        name,
      );
    }
  }
  let left = limit;
  let from = offset;
  let previous: string | undefined;
  while (left > 0) {
    options.signal?.throwIfAborted();
    const query = { ...input, [size]: Math.min(asked, left), [start]: from };
    const page = await runner.run(name, operation, query, options);
    if (page === undefined || page === null) return;
    const items: unknown[] = Array.isArray(page) ? page : [page];
    const text = JSON.stringify(items);
    if (items.length === 0 || text === previous) return;
    previous = text;
    for (const item of items) {
      options.signal?.throwIfAborted();
      yield item;
      if (--left <= 0) return;
    }
    from += items.length;
  }
}

function checkInput(name: string, operation: Operation, input: unknown): void {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new CartieError('invalid_input', 'The first argument must be an object of fields', {
      service,
      operation: name,
    });
  }
  const { batch, schema } = operation;
  if (schema !== undefined) parseWith(schema, input, { service, operation: name, code: 'invalid_input' });
  if (batch === undefined) return;
  const items = (input as Fields)[batch.field];
  if (!Array.isArray(items) || items.length === 0)
    throw invalid(batch.field, 'must be a list that is not empty', name);
}

function answerOf(name: string, operation: Operation, answer: Answer): unknown {
  const { take = [], needsAnswer = true } = operation;
  const isEmpty = answer.bytes.length === 0;
  if (isEmpty && !needsAnswer) return 'pages' in operation ? [] : { result: true };
  const whole = answer.json ?? (isEmpty ? undefined : answer.text);
  if (isRecord(whole) && whole.result === false && operation.method !== 'GET') {
    throw new CartieError('rejected', 'SendPulse answered that it did not do it', {
      service,
      operation: name,
      status: answer.status,
      provider: {},
    });
  }
  const taken = take.reduce<unknown>(
    (value, member) => (isRecord(value) || Array.isArray(value) ? (value as Fields)[member] : undefined),
    whole,
  );
  if (taken === undefined && needsAnswer) {
    throw new CartieError('invalid_response', 'The answer is good but holds nothing', {
      service,
      operation: name,
      status: answer.status,
    });
  }
  return taken;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
