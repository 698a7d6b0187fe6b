import type { StoredLogin } from './account-store.ts';
import { type TlObject, tlNumber, tlObject, tlText } from './tl.ts';
import type { LoginStep } from './types.ts';

/** What is kept of a code that was sent: an `auth.sentCode`. */
export function codeLogin(sent: TlObject, phone: string): StoredLogin {
  const timeout = tlNumber(sent.timeout);
  const codeLength = tlNumber(tlObject(sent.type)?.length);
  const nextType = tlObject(sent.nextType);
  const codeHash = tlText(sent.phoneCodeHash);
  return {
    step: 'code',
    phone,
    ...(codeHash !== undefined && { codeHash }),
    via: wayOf(tlObject(sent.type)),
    ...(codeLength !== undefined && { codeLength }),
    ...(nextType && { nextVia: wayOf(nextType) }),
    ...(timeout !== undefined && { resendAt: Date.now() + timeout * 1_000 }),
  };
}

/** The step that waits for the code. */
export function codeStep({ via = 'app', codeLength, nextVia, resendAt }: StoredLogin): LoginStep {
  return {
    step: 'code',
    via,
    ...(codeLength !== undefined && { codeLength }),
    ...(nextVia !== undefined && { nextVia }),
    ...(resendAt !== undefined && { resendAt }),
  };
}

// `auth.sentCodeTypeApp`, `auth.codeTypeSms` → `app`, `sms`.
function wayOf(type: TlObject | undefined): string {
  const name = type?._.replace(/^auth\.(?:sentCode|code)Type/, '') ?? '';
  return name.charAt(0).toLowerCase() + name.slice(1);
}
