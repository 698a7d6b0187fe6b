import { CartieError, isCartieError } from './errors.ts';

// Redis begins an error with one of these words; what follows may hold keys and values.
const redisWords = [
  'CLUSTERDOWN',
  'CROSSSLOT',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'MOVED',
  'NOAUTH',
  'NOPERM',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'WRONGPASS',
  'WRONGTYPE',
];

const hints: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  MISCONF: 'it cannot save to its disk',
  NOAUTH: 'it wants a password',
  NOPERM: 'the user lacks rights',
  OOM: 'it is out of memory',
  P1001: 'it cannot be reached',
  P2021: 'its table is missing',
  P2022: 'a column is missing',
  READONLY: 'it is a read-only replica',
  WRONGPASS: 'the password was refused',
};

// Waiting does not mend these: syntax, missing tables and rights, refused log-ins, a column that is too short.
const permanent =
  /^(42...|28...|P1000|P1003|P1010|P2000|P202[12]|NOAUTH|NOPERM|WRONGPASS|WRONGTYPE|CROSSSLOT)$/;

/**
 * A driver's error as `storage_error`, without its message: drivers put statements, keys and values there. Its code
 * (an SQLSTATE, `ECONNREFUSED`, `OOM`, Prisma's `P2021`) is kept in `provider.code`. A {@link CartieError} is given back as it is.
 */
export function storeError(
  error: unknown,
  { service, operation, reads = false }: { service: string; operation: string; reads?: boolean },
): CartieError {
  if (isCartieError(error)) return error;
  const code = driverCode(error);
  const hint = code === undefined ? undefined : hints[code];
  const detail = hint ?? (code === undefined ? 'the driver gave no code' : `code ${code}`);
  return new CartieError('storage_error', `${service} failed: ${detail}`, {
    service,
    operation,
    retryable: code === undefined || !permanent.test(code),
    outcome: reads || code === 'ECONNREFUSED' ? 'not_executed' : 'unknown',
    provider: code === undefined ? undefined : { code },
  });
}

function driverCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string' && /^([0-9A-Z]{5}|E[A-Z_]{3,20})$/.test(error.code)) {
    return error.code;
  }
  if (!('message' in error) || typeof error.message !== 'string') return undefined;
  const word = error.message.split(' ', 1)[0] ?? '';
  return redisWords.includes(word) ? word : undefined;
}
