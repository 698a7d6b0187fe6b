import type { EngineAnswer } from './engine.ts';

// GramJS replaces the names of these by words of its own; the number survives.
const renamed: Readonly<Record<string, readonly [status: number, name: string]>> = {
  FloodWaitError: [420, 'FLOOD_WAIT_'],
  FloodTestPhoneWaitError: [420, 'FLOOD_TEST_PHONE_WAIT_'],
  SlowModeWaitError: [420, 'SLOWMODE_WAIT_'],
  MsgWaitError: [420, 'MSG_WAIT_FAILED'],
  PhoneMigrateError: [303, 'PHONE_MIGRATE_'],
  NetworkMigrateError: [303, 'NETWORK_MIGRATE_'],
  UserMigrateError: [303, 'USER_MIGRATE_'],
  FileMigrateError: [303, 'FILE_MIGRATE_'],
  EmailUnconfirmedError: [400, 'EMAIL_UNCONFIRMED_'],
};

/** What a request of GramJS was rejected with, as Telegram had said it. */
export function refusalOf(error: unknown): EngineAnswer {
  if (typeof error !== 'object' || error === null) return { kind: 'unreadable' };
  const fields = error as Readonly<Record<string, unknown>>;
  const known = renamed[error.constructor.name];
  if (known !== undefined) {
    const number = fields.seconds ?? fields.newDc ?? fields.codeLength ?? '';
    return { kind: 'refusal', status: known[0], name: `${known[1]}${number}` };
  }
  const { code, errorMessage } = fields;
  // What it could not parse has no code of Telegram's.
  if (typeof code !== 'number' || typeof errorMessage !== 'string') return { kind: 'unreadable' };
  return { kind: 'refusal', status: code, name: /^\w{1,100}$/.test(errorMessage) ? errorMessage : 'UNKNOWN' };
}
