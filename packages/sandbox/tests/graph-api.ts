import { createHash } from 'node:crypto';
import type { Sandbox, SandboxDataset } from '../src/index.ts';

/** What the Graph API answers. */
export interface GraphAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape.
  body: any;
}

/** Sends events with plain fetch. */
export type SendEvents = (
  data: unknown,
  options?: { version?: string; token?: string; id?: string; body?: Record<string, unknown> },
) => Promise<GraphAnswer>;

/** A sender for one dataset. */
export function graphApi(sandbox: Pick<Sandbox, 'meta'>, dataset: SandboxDataset): SendEvents {
  return async (data, { version = 'v26.0', token = dataset.token, id = dataset.id, body = {} } = {}) => {
    const response = await fetch(`${sandbox.meta.apiUrl}/${version}/${id}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ data, ...body }),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
}

/** SHA-256 in hex, as Meta wants it. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A lead that Meta takes, with changes. */
export function lead(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    event_name: 'Lead',
    event_time: Math.floor(Date.now() / 1000),
    action_source: 'website',
    user_data: { em: sha256('olena@example.com'), client_ip_address: '198.51.100.7' },
    ...changes,
  };
}
