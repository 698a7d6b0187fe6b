import type { EventListener, HealthCheck, Outbox } from '@cartie/core';
import { undiciFetch } from '@cartie/core/undici';
import { createEventBuffer, createMetaCapiClient, type EventBuffer } from '@cartie/meta-capi';
import { Agent, request } from 'undici';
import type { MetaConfig } from './meta-config.ts';
import type { SandboxDataset } from './sandbox.ts';

/** Meta, connected to the outbox. */
export interface MetaConnection {
  readonly buffer: EventBuffer;
  readonly health: HealthCheck;
  close(): Promise<void>;
}

/** What {@link connectMeta} needs from the rest of the server. */
export interface MetaParts {
  readonly outbox: Outbox;
  /** The sandbox's dataset, where that is used. */
  readonly sandbox: SandboxDataset | undefined;
  /** Country of phones without a country code. */
  readonly country: string;
  readonly onEvent: EventListener;
}

/** Creates the client and the buffer in front of it; `undefined` where Meta is off. */
export function connectMeta(config: MetaConfig, parts: MetaParts): MetaConnection | undefined {
  const account = config.mode === 'live' ? config : parts.sandbox;
  if (config.mode === 'off' || account === undefined) return undefined;
  const agent = new Agent({ connections: 16 });
  const client = createMetaCapiClient({
    datasetId: account.datasetId,
    accessToken: account.accessToken,
    appSecret: account.appSecret,
    baseUrl: account.apiUrl,
    testEventCode: config.mode === 'live' ? config.testEventCode : undefined,
    defaultCountry: parts.country,
    fetch: undiciFetch({ request, dispatcher: agent }),
    onEvent: parts.onEvent,
  });
  const buffer = createEventBuffer({ client, outbox: parts.outbox });
  return { buffer, health: () => buffer.health(), close: () => agent.close() };
}
