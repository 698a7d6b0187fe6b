import { setTimeout as delay } from 'node:timers/promises';
import type { ActiveFault, FaultKind } from './faults.ts';

/** How a provider words the faults that are its own. */
export type ProviderFaults = Readonly<
  Record<
    Extract<FaultKind, 'rate_limited' | 'server_error' | 'unauthorized' | 'forbidden'>,
    (fault: ActiveFault) => Response
  >
>;

/**
 * Answers a call that is hit by a fault. `execute` is run only where the fault says that the provider acted.
 * A response of type `error` stands for a reset connection, a body that errors for a cut one.
 */
export async function faultyAnswer(
  fault: ActiveFault,
  execute: () => Promise<Response>,
  own: ProviderFaults,
  signal: AbortSignal,
): Promise<Response> {
  const executed =
    fault.after || fault.kind === 'slow_body' || fault.kind === 'cut_body' ? await execute() : undefined;
  switch (fault.kind) {
    case 'rate_limited':
    case 'server_error':
    case 'unauthorized':
    case 'forbidden':
      return own[fault.kind](fault);
    case 'html':
      return new Response(badGatewayPage, { status: 502, headers: { 'content-type': 'text/html' } });
    case 'bad_json':
      return new Response('{"ok":true,"result":{"id":', { headers: { 'content-type': 'application/json' } });
    case 'empty':
      return new Response('', { headers: { 'content-type': 'application/json' } });
    case 'reset':
      return Response.error();
    case 'hang':
      await aborted(signal);
      return Response.error();
    case 'slow_body':
      return slowBody(executed as Response, fault.delayMs ?? 100, signal);
    case 'cut_body':
      return cutBody(executed as Response);
  }
}

const badGatewayPage =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>\r\n';

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function slowBody(answer: Response, delayMs: number, signal: AbortSignal): Promise<Response> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent >= bytes.length || signal.aborted) {
        controller.close();
        return;
      }
      if (sent > 0) await delay(delayMs, undefined, { signal }).catch(() => undefined);
      controller.enqueue(bytes.subarray(sent, sent + 1));
      sent += 1;
    },
  });
  return new Response(body, { status: answer.status, headers: answer.headers });
}

async function cutBody(answer: Response): Promise<Response> {
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let sent = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (sent) {
        // The first half has to be on its way before the cut.
        await delay(10);
        controller.error(new TypeError('terminated'));
        return;
      }
      sent = true;
      controller.enqueue(bytes.subarray(0, Math.max(1, Math.floor(bytes.length / 2))));
    },
  });
  return new Response(body, { status: answer.status, headers: answer.headers });
}
