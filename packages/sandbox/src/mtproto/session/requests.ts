import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { isTlObject, type TlObject } from '../codec/tl-object.ts';
import type { DcParts } from '../dc-parts.ts';
import { allMethods } from '../methods/all-methods.ts';
import type { Call } from '../methods/method.ts';
import type { RequestRecord } from '../records/request-log.ts';
import type { DcConnection } from '../transport/connection.ts';
import { type AuthKey, authorityOf } from './auth-keys.ts';
import type { ActiveDcFault } from './faults.ts';
import { isRpcError, rpcError } from './rpc-error.ts';
import { wrapResult } from './service-messages.ts';
import type { Session } from './session.ts';
import { unwrapRequest } from './wrappers.ts';

/** A call as it came. */
export interface IncomingRequest {
  readonly messageId: bigint;
  readonly request: TlObject;
  readonly session: Session;
  readonly connection: DcConnection;
}

/** Answers larger than this are compressed. */
const gzipFromBytes = 1_024;
const unknownConstructor = 0x7e57dc00;

/** Runs a call and sends its answer. */
export function startRequest(incoming: IncomingRequest, parts: DcParts): void {
  const { session, messageId } = incoming;
  const { request, after } = unwrapRequest(incoming.request, session);
  const waits = after.map((id) => session.running.get(id)).filter((promise) => promise !== undefined);
  const run = (): Promise<void> | undefined => answer({ ...incoming, request }, parts);
  const running = waits.length === 0 ? run() : Promise.all(waits).then(run);
  if (running === undefined) return;
  session.running.set(messageId, running);
  void running.finally(() => session.running.delete(messageId));
}

type WrittenRecord = { -readonly [Field in keyof RequestRecord]: RequestRecord[Field] };

/** A promise only where a fault delays: what comes in one packet is answered in one. */
function answer(incoming: IncomingRequest, parts: DcParts): Promise<void> | undefined {
  const { session, connection, request, messageId } = incoming;
  const key = authorityOf(session.key);
  const record: WrittenRecord = {
    at: Date.now(),
    method: request._,
    accountId: key.account?.id,
    channelId: channelIdOf(request),
    keyId: session.key.id,
    connectionId: connection.record.id,
    dcId: connection.dcId,
    error: undefined,
    params: request,
  };
  parts.requests.add(record);
  const fault = parts.faults.takeForRequest(request._, key.account?.id);
  if (parts.faults.take('garbage', key.account?.id)) connection.write(garbage(session.key));
  const finish = (): void => {
    const executes = fault === undefined || fault.kind === 'slow' || fault.after === true;
    const body = executes ? execute(incoming, { parts, key, record }) : faultAnswer(fault, { parts, record });
    if (fault?.kind === 'drop') connection.destroy();
    if (fault?.kind === 'drop' || fault?.kind === 'swallow') return;
    session.send(wrapResult(messageId, body), 'answer');
  };
  if (fault?.kind !== 'slow') {
    finish();
    return undefined;
  }
  return sleep(fault.delayMs ?? 1000, undefined, { ref: false }).then(finish);
}

function execute(
  { request, session, connection, messageId }: IncomingRequest,
  { parts, key, record }: { parts: DcParts; key: AuthKey; record: WrittenRecord },
): Buffer {
  try {
    const { dcId } = connection;
    const call: Call = { ...parts, dcId, key, session, messageId, account: key.account };
    const result = parts.callOf(session, () => resultOf(request, call));
    const body = parts.codec.encodeResult(request._, result, key.layer);
    return body.length < gzipFromBytes ? body : compressed(body, parts);
  } catch (error) {
    // Anything but a refusal is a mistake of this DC: its message tells the test's author where to look.
    const refusal = isRpcError(error) ? error : rpcError(500, `SANDBOX: ${(error as Error).message}`);
    return refuse(refusal, { parts, record });
  }
}

function resultOf(request: TlObject, call: Call): unknown {
  // A temporary key is bound before anything else is said with it.
  if (call.key.layer === 0 && request._ !== 'auth.bindTempAuthKey')
    throw rpcError(400, 'CONNECTION_NOT_INITED');
  const method = allMethods.get(request._);
  if (method === undefined) throw rpcError(400, 'METHOD_INVALID');
  const { endedWith } = call.key;
  if (endedWith !== undefined) {
    call.key.endedWith = undefined;
    throw rpcError(401, endedWith);
  }
  return method(request, call);
}

function faultAnswer(
  fault: ActiveDcFault,
  { parts, record }: { parts: DcParts; record: WrittenRecord },
): Buffer {
  if (fault.kind === 'unknown_constructor') {
    const body = Buffer.alloc(8);
    body.writeUInt32LE(unknownConstructor);
    return body;
  }
  const refusals: Partial<Record<typeof fault.kind, readonly [number, string]>> = {
    flood_wait: [420, `FLOOD_WAIT_${fault.seconds ?? 1}`],
    error: [fault.code ?? 500, fault.message ?? 'INTERNAL'],
    auth_key_unregistered: [401, 'AUTH_KEY_UNREGISTERED'],
    auth_key_duplicated: [406, 'AUTH_KEY_DUPLICATED'],
  };
  const refusal = refusals[fault.kind];
  return refusal === undefined ? Buffer.alloc(0) : refuse(rpcError(...refusal), { parts, record });
}

function refuse(
  error: { readonly code: number; readonly message: string },
  { parts, record }: { parts: DcParts; record: WrittenRecord },
): Buffer {
  record.error = error.message;
  return parts.codec.encode({ _: 'rpc_error', error_code: error.code, error_message: error.message }, 0);
}

function compressed(body: Buffer, { codec }: DcParts): Buffer {
  const packed = codec.encode({ _: 'gzip_packed', packed_data: gzipSync(body) }, 0);
  return packed.length < body.length ? packed : body;
}

function channelIdOf({ peer, channel }: TlObject): number | undefined {
  const named = [peer, channel].find((one) => isTlObject(one) && one.channel_id !== undefined);
  return named === undefined ? undefined : Number((named as TlObject).channel_id);
}

/** A packet that names the key and that the key does not open. */
function garbage(key: AuthKey): Buffer {
  return Buffer.concat([Buffer.from(key.id, 'hex'), randomBytes(16 + 16 * 6)]);
}
