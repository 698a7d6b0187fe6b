import { Agent, type ClientRequest, request as httpRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';

/** What came back from a webhook. `unreachable`: no connection, so nothing was sent. */
export type WebhookAnswer =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      readonly reason: string;
      readonly retryAfter: string | undefined;
      readonly body: string;
    }
  | { readonly outcome: 'failed' | 'unreachable'; readonly error: string };

/** Posts updates to one webhook over kept-alive connections. */
export interface WebhookSender {
  send(body: string): Promise<WebhookAnswer>;
  close(): void;
}

/** How to reach a webhook. */
export interface WebhookTarget {
  readonly url: string;
  readonly secretToken: string | undefined;
  readonly maxConnections: number;
  /** Real milliseconds without an answer before the attempt failed. */
  readonly timeoutMs: number;
}

const maxAnswerBytes = 1_000_000;

/** Creates a {@link WebhookSender} that uses the network. */
export function createHttpSender(target: WebhookTarget): WebhookSender {
  const url = new URL(target.url);
  const secure = url.protocol === 'https:';
  const agentOptions = {
    keepAlive: true,
    maxSockets: target.maxConnections,
    maxFreeSockets: target.maxConnections,
  };
  const agent = secure ? new SecureAgent(agentOptions) : new Agent(agentOptions);
  const request = secure ? secureRequest : httpRequest;
  const headers = webhookHeaders(target, url);
  // Parsed once: a URL object per request costs more than the rest of the request.
  const options = {
    agent,
    method: 'POST',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port || (secure ? 443 : 80),
    path: `${url.pathname}${url.search}`,
  };

  return {
    send: (body) =>
      new Promise((resolve) => {
        let connected = false;
        let attempt: ClientRequest;
        const deadline = setTimeout(() => {
          resolve({ outcome: 'failed', error: 'Read timeout expired' });
          attempt.destroy();
        }, target.timeoutMs);
        deadline.unref();
        const finish = (answer: WebhookAnswer): void => {
          clearTimeout(deadline);
          resolve(answer);
        };
        attempt = request(
          { ...options, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
          (response) => {
            const chunks: Buffer[] = [];
            let size = 0;
            response.on('data', (chunk: Buffer) => {
              size += chunk.length;
              if (size <= maxAnswerBytes) chunks.push(chunk);
            });
            response.on('end', () =>
              finish({
                outcome: 'answered',
                status: response.statusCode ?? 0,
                reason: response.statusMessage ?? '',
                retryAfter: response.headers['retry-after'],
                body: chunks.length === 0 ? '' : Buffer.concat(chunks).toString('utf8'),
              }),
            );
            response.on('error', () => finish({ outcome: 'failed', error: 'Connection closed' }));
          },
        );
        attempt.on('socket', (socket) => {
          if (socket.connecting) socket.once('connect', () => (connected = true));
          else connected = true;
        });
        attempt.on('error', (error: NodeJS.ErrnoException) =>
          finish({ outcome: connected ? 'failed' : 'unreachable', error: describe(error.code) }),
        );
        attempt.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** Creates a {@link WebhookSender} that hands requests to a function in this process. */
export function createDirectSender(
  target: WebhookTarget,
  handle: (request: Request) => Promise<Response>,
): WebhookSender {
  const url = new URL(target.url);
  const headers = webhookHeaders(target, url);
  url.username = '';
  url.password = '';
  return {
    async send(body) {
      let deadline: NodeJS.Timeout | undefined;
      const expired = new Promise<WebhookAnswer>((resolve) => {
        deadline = setTimeout(resolve, target.timeoutMs, {
          outcome: 'failed',
          error: 'Read timeout expired',
        });
        deadline.unref();
      });
      const answered = async (): Promise<WebhookAnswer> => {
        try {
          const response = await handle(new Request(url, { method: 'POST', headers, body }));
          return {
            outcome: 'answered',
            status: response.status,
            reason: response.statusText,
            retryAfter: response.headers.get('retry-after') ?? undefined,
            body: await response.text(),
          };
        } catch {
          return { outcome: 'failed', error: 'Connection closed' };
        }
      };
      try {
        return await Promise.race([answered(), expired]);
      } finally {
        clearTimeout(deadline);
      }
    },
    close: () => undefined,
  };
}

function webhookHeaders(target: WebhookTarget, url: URL): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'accept-encoding': 'gzip, deflate',
  };
  if (url.username || url.password) {
    const userinfo = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(userinfo).toString('base64')}`;
  }
  if (target.secretToken) headers['x-telegram-bot-api-secret-token'] = target.secretToken;
  return headers;
}

function describe(code: string | undefined): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'Connection refused';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'Connection reset by peer';
    case 'ETIMEDOUT':
      return 'Connection timed out';
    case 'ENOTFOUND':
      return 'Failed to resolve host: Name or service not known';
    default:
      return 'Connection closed';
  }
}
