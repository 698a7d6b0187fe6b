import { createPrivateKey, type KeyObject } from 'node:crypto';
import { CartieError, durationSchema, parseOptions } from '@cartie/core';
import { z } from 'zod';
import type { FlowHandlerOptions } from './flow-handler.ts';
import { service } from './invalid.ts';

/** Options that have been checked, with their defaults. */
export type FlowSettings = Pick<FlowHandlerOptions, 'onRequest' | 'onErrorNotice' | 'onError'> & {
  readonly privateKeys: readonly KeyObject[];
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
};

const fn = z.custom((value) => typeof value === 'function', 'must be a function');

const schema = z.strictObject({
  privateKey: z.unknown().optional(),
  passphrase: z.string().optional(),
  appSecret: z.unknown().optional(),
  onRequest: fn,
  onErrorNotice: fn.optional(),
  onError: fn.optional(),
  timeoutMs: (durationSchema as z.ZodType<number>).optional(),
  maxBodyBytes: z.int().positive().optional(),
});

/** Checks the options of a flow's endpoint. @throws CartieError `invalid_config` naming the field; never a value */
export function checkFlowOptions(options: FlowHandlerOptions): FlowSettings {
  parseOptions(service, schema, options);
  const { appSecret, onRequest, onErrorNotice, onError } = options;
  const { timeoutMs = 9_000, maxBodyBytes = 1_048_576 } = options;
  const secrets: readonly string[] = Array.isArray(appSecret) ? [...appSecret] : [appSecret as string];
  if (secrets.length === 0 || secrets.some((one) => typeof one !== 'string' || one === '')) {
    throw misconfigured('appSecret', 'must be a text that is not empty, or a list of such texts');
  }
  return {
    privateKeys: keysOf(options),
    secrets,
    onRequest,
    onErrorNotice,
    onError,
    timeoutMs,
    maxBodyBytes,
  };
}

function keysOf({ privateKey, passphrase }: FlowHandlerOptions): KeyObject[] {
  const given = Array.isArray(privateKey) ? privateKey : [privateKey];
  const rule = 'must be an RSA private key in PEM, with `passphrase` if it is encrypted';
  const keys = given.map((key: string | KeyObject) => {
    try {
      return typeof key === 'string'
        ? createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) })
        : key;
    } catch {
      // OpenSSL's own error may quote parts of the key.
      throw misconfigured('privateKey', rule);
    }
  });
  if (keys.length === 0 || keys.some((key) => key?.asymmetricKeyType !== 'rsa'))
    throw misconfigured('privateKey', rule);
  return keys;
}

function misconfigured(field: string, rule: string): CartieError {
  return new CartieError('invalid_config', `\`${field}\` ${rule}`, { service, field });
}
