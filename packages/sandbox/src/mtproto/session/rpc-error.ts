/** A refusal of a call: `FLOOD_WAIT_3` with 420. */
export interface RpcError extends Error {
  readonly code: number;
}

/** Makes a refusal, to throw. @see https://core.telegram.org/api/errors */
export function rpcError(code: number, message: string): RpcError {
  return Object.assign(new Error(message), { name: 'RpcError', code });
}

/** A 400. */
export function badRequest(message: string): RpcError {
  return rpcError(400, message);
}

/** Whether something caught is an {@link RpcError}. */
export function isRpcError(value: unknown): value is RpcError {
  return value instanceof Error && value.name === 'RpcError';
}
