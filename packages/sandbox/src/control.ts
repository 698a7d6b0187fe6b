import { type Fault, faultKinds } from './faults.ts';
import type { LiveEvent } from './live.ts';
import type { SandboxParts } from './sandbox.ts';

/** The path that the control API is served under. */
export const controlPath = '/_sandbox';

/**
 * The control API: `GET|POST|DELETE /_sandbox/faults`, `POST /_sandbox/reset`, `GET /_sandbox/events` (server-sent events),
 * and each provider's own under `/_sandbox/<provider>/…`. POST takes JSON only, so that no web page elsewhere can use it.
 */
export async function controlResponse(sandbox: SandboxParts, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const [first = '', second = ''] = url.pathname.slice(controlPath.length + 1).split('/');
  const control = sandbox.controls.get(first);
  try {
    if (request.method === 'GET') {
      const query = Object.fromEntries(url.searchParams);
      if (first === 'events') return eventStream(sandbox, request.signal);
      if (first === 'faults') return Response.json({ kinds: faultKinds, faults: sandbox.faults.list() });
      if (first === 'providers') return Response.json([...sandbox.controls.keys()]);
      const read = control?.reads[second];
      return read ? Response.json(read(query) ?? null) : notFound();
    }
    if (request.method === 'DELETE' && first === 'faults') {
      sandbox.faults.clear(second === '' ? undefined : Number(second));
      return Response.json({ ok: true });
    }
    if (request.method !== 'POST') return notFound();
    if (!request.headers.get('content-type')?.startsWith('application/json')) {
      return Response.json({ error: 'send JSON, with content-type application/json' }, { status: 415 });
    }
    const text = await request.text();
    const input = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
    if (first === 'faults') return Response.json({ id: sandbox.faults.set(input as unknown as Fault) });
    if (first === 'reset') {
      sandbox.reset();
      return Response.json({ ok: true });
    }
    const action = control?.actions[second];
    return action ? Response.json((await action(input)) ?? { ok: true }) : notFound();
  } catch (error) {
    return Response.json({ error: error instanceof Error ? error.message : String(error) }, { status: 400 });
  }
}

function notFound(): Response {
  return Response.json({ error: 'the control API has no such address' }, { status: 404 });
}

/** At most this often, in milliseconds: under load a page needs no more. */
const liveIntervalMs = 100;

// Events say only what changed, so equal ones within one interval are sent once.
function eventStream(sandbox: SandboxParts, signal: AbortSignal): Response {
  const encoder = new TextEncoder();
  let stop = (): void => undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const waiting = new Map<string, LiveEvent>();
      let timer: NodeJS.Timeout | undefined;
      const flush = (): void => {
        timer = undefined;
        const events = [...waiting.values()];
        waiting.clear();
        controller.enqueue(encoder.encode(`data: ${JSON.stringify(events)}\n\n`));
      };
      const forget = sandbox.live.listen((event) => {
        waiting.set(`${event.provider} ${event.type} ${event.bot} ${event.chat}`, event);
        timer ??= setTimeout(flush, liveIntervalMs);
      });
      controller.enqueue(encoder.encode(': live\n\n'));
      stop = () => {
        forget();
        clearTimeout(timer);
      };
      signal.addEventListener('abort', stop, { once: true });
    },
    cancel: () => stop(),
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
  });
}
