import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { tally } from '../support/numbers.ts';
import { sandboxEnvironment, startCrowd } from '../support/sandbox-bot.ts';
import { createServerDatabase, type Engine } from '../support/server-database.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

/** Options of {@link runMalformed}. */
export interface MalformedOptions {
  readonly engine: Engine;
  readonly requests: number;
}

/** What {@link runMalformed} found. */
export interface MalformedReport {
  /** Requests by kind and answer; `closed` where the connection ended without one. */
  readonly answers: Record<string, number>;
  /** Answers of 500 to 599 other than 503. */
  readonly serverErrors: number;
  /** A genuine update is still taken afterwards. */
  readonly stillWorks: boolean;
  readonly inboxRows: number;
  /** Memory of the server after a quarter of the requests and at the end. */
  readonly residentMiB: { readonly early: number; readonly late: number };
}

const secret = 'a-secret-of-the-measurement';
const deep = '['.repeat(200_000) + ']'.repeat(200_000);
const update = (id: unknown): string =>
  JSON.stringify({ update_id: id, message: { chat: { id: 1 }, text: 'x' } });

type Kind = { body: string | Buffer; headers?: Record<string, string>; method?: string };

const kinds: Record<string, () => Kind> = {
  noSecret: () => ({ body: update(1), headers: { 'x-telegram-bot-api-secret-token': '' } }),
  wrongSecret: () => ({
    body: update(1),
    headers: { 'x-telegram-bot-api-secret-token': 'x'.repeat(1 + Math.random() * 300) },
  }),
  badJson: () => ({ body: '{"update_id": 1, "message": {' }),
  empty: () => ({ body: '' }),
  notAnObject: () => ({ body: '"text"' }),
  list: () => ({ body: '[1,2,3]' }),
  noId: () => ({ body: '{"message":{}}' }),
  idOfWrongType: () => ({ body: update({ a: 1 }) }),
  hugeId: () => ({ body: '{"update_id": 1e999, "message": {}}' }),
  deep: () => ({ body: deep }),
  badUtf8: () => ({ body: Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]) }),
  huge: () => ({ body: 'x'.repeat(3 * 1024 * 1024) }),
  wrongMethod: () => ({ body: '', method: 'PUT' }),
  prototype: () => ({ body: '{"__proto__":{"update_id":1},"constructor":1}' }),
};

/** Sends malformed requests to the webhook of a running server, then a genuine one. */
export async function runMalformed(options: MalformedOptions): Promise<MalformedReport> {
  await using database = await createServerDatabase(options.engine);
  const crowd = await startCrowd(1, {});
  await using sandbox = crowd.sandbox;
  const server = await startServerProcess({
    ...database.environment,
    ...sandboxEnvironment(sandbox),
    TELEGRAM_WEBHOOK_SECRET: secret,
    AUTO_REPLY: 'off',
    LOG_LEVEL: 'silent',
  });
  const answers: string[] = [];
  const residentMiB = { early: 0, late: 0 };
  let stillWorks = false;
  try {
    const names = Object.keys(kinds);
    // Slow and cut bodies hold their connections, so they go beside the others.
    const slow = Array.from({ length: Math.min(200, options.requests / 100) }, (_, index) =>
      trickle(server, index % 2 === 0),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 32 });
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < options.requests) {
        const index = next++;
        // Large ones are rarer, so that the run is about parsing and not about copying.
        const name = names[index % names.length] as string;
        const kind = (name === 'huge' || name === 'deep') && index % 17 !== 0 ? 'badJson' : name;
        answers.push(`${kind} ${await post(server, agent, (kinds[kind] as () => Kind)())}`);
        if (index === Math.floor(options.requests / 4)) residentMiB.early = server.usage().residentMiB;
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    answers.push(...(await Promise.all(slow)));
    agent.destroy();
    residentMiB.late = server.usage().residentMiB;
    crowd.write(0, 'still there?');
    await Promise.race([sandbox.telegram.settled(), setTimeout(10_000)]);
    stillWorks = sandbox.telegram.deliveries().at(-1)?.status === 200;
  } finally {
    await server.end('SIGTERM');
  }
  const [inbox] = await database.query<{ count: string }>('select count(*)::text as count from cartie_inbox');
  return {
    answers: tally(answers),
    serverErrors: answers.filter((answer) => / 5(?!03)\d\d$/.test(answer)).length,
    stillWorks,
    inboxRows: Number(inbox?.count),
    residentMiB,
  };
}

function post(
  server: ServerProcess,
  agent: Agent,
  { body, headers, method = 'POST' }: Kind,
): Promise<number | 'closed'> {
  return new Promise((resolve) => {
    const outgoing = request(
      `${server.url}/webhooks/telegram`,
      {
        agent,
        method,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-telegram-bot-api-secret-token': secret,
          ...headers,
        },
      },
      (answer) => {
        answer.resume();
        answer.once('close', () => resolve(answer.statusCode ?? 'closed'));
      },
    );
    outgoing.once('error', () => resolve('closed'));
    outgoing.end(body);
  });
}

/** A body that comes a byte at a time and is then cut off, or left unfinished. */
async function trickle(server: ServerProcess, cut: boolean): Promise<string> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let status = 'closed';
  socket.on('data', (data) => {
    status = /^HTTP\/1\.1 (\d+)/.exec(data.toString('latin1'))?.[1] ?? status;
  });
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(
    `POST /webhooks/telegram HTTP/1.1\r\nhost: ${hostname}\r\nx-telegram-bot-api-secret-token: ${secret}\r\n` +
      'content-type: application/json\r\ncontent-length: 100\r\n\r\n',
  );
  for (let byte = 0; byte < 10 && !socket.destroyed; byte += 1) {
    socket.write('{');
    await setTimeout(50);
  }
  if (cut) socket.destroy();
  await Promise.race([closed, setTimeout(60_000, undefined, { ref: false })]);
  socket.destroy();
  return `${cut ? 'cutBody' : 'slowBody'} ${status}`;
}

if (import.meta.main) {
  const [engine = 'pglite', requests = '100000'] = process.argv.slice(2);
  const report = await runMalformed({ engine: engine as Engine, requests: Number(requests) });
  console.log(JSON.stringify({ engine, requests, ...report }, null, 2));
}
