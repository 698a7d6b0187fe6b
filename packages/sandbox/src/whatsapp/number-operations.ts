import { apiFailure } from './api-failure.ts';
import { isRecord } from './check-message.ts';
import { success } from './found.ts';
import type { Input } from './handlers.ts';
import type { OperationParts } from './operation-parts.ts';
import { page } from './pages.ts';
import type { Operations } from './routes.ts';

/** Registering and deregistering together: so often in this time. */
const registrations = { limit: 10, intervalMs: 72 * 3_600_000 } as const;

/** The number: registration, settings, profile, keys, blocked customers. */
export function numberOperations({
  state,
  clock,
  found,
}: OperationParts): Pick<
  Operations,
  | 'number'
  | 'pin'
  | 'register'
  | 'deregister'
  | 'request_code'
  | 'verify_code'
  | 'settings'
  | 'set_settings'
  | 'profile'
  | 'set_profile'
  | 'encryption'
  | 'set_encryption'
  | 'blocked'
  | 'block'
  | 'unblock'
> {
  function countRegistration(id: string): void {
    const since = clock.now() - clock.scaled(registrations.intervalMs);
    const times = (state.registrations.get(id) ?? []).filter((at) => at > since);
    if (times.length >= registrations.limit)
      throw apiFailure(133016, 'Too many attempts to register or deregister.');
    state.registrations.set(id, [...times, clock.now()]);
  }

  const blockedOf = (id: string): Set<string> => {
    const blocked = state.blocked.get(found.number(id).phoneNumberId) ?? new Set<string>();
    state.blocked.set(id, blocked);
    return blocked;
  };
  const usersOf = ({ params }: Input): string[] => {
    const users = Array.isArray(params.block_users) ? params.block_users : [];
    return users.filter(isRecord).map(({ user }) => String(user));
  };

  return {
    number: ({ id }) => shownNumber(found.number(id)),
    pin({ id, params }) {
      found.number(id).pin = sixDigits(params.pin, 'pin');
      return success;
    },
    register({ id, params }) {
      const stored = found.number(id);
      countRegistration(id);
      const pin = sixDigits(params.pin, 'pin');
      if (stored.pin !== undefined && stored.pin !== pin) throw apiFailure(133005, 'The PIN does not match.');
      Object.assign(stored, { pin, registered: true });
      return success;
    },
    deregister({ id }) {
      countRegistration(id);
      found.number(id).registered = false;
      return success;
    },
    request_code({ id, params }) {
      found.number(id);
      if (params.code_method !== 'SMS' && params.code_method !== 'VOICE')
        throw apiFailure(100, 'code_method must be SMS or VOICE.');
      return success;
    },
    verify_code({ id, params }) {
      found.number(id);
      sixDigits(params.code, 'code');
      return success;
    },
    settings: ({ id }) =>
      state.settings.get(found.number(id).phoneNumberId) ?? { calling: { status: 'DISABLED' } },
    set_settings({ id, params }) {
      state.settings.set(found.number(id).phoneNumberId, { ...state.settings.get(id), ...params });
      return success;
    },
    profile: ({ id }) => ({
      data: [{ ...state.profiles.get(found.number(id).phoneNumberId), messaging_product: 'whatsapp' }],
    }),
    set_profile({ id, params }) {
      if (String(params.about ?? '').length > 139) throw apiFailure(100, 'about is too long.');
      state.profiles.set(found.number(id).phoneNumberId, { ...state.profiles.get(id), ...params });
      return success;
    },
    encryption: ({ id }) => {
      const key = state.publicKeys.get(found.number(id).phoneNumberId);
      return {
        data: [
          {
            ...(key !== undefined && {
              business_public_key: key,
              business_public_key_signature_status: 'VALID',
            }),
          },
        ],
      };
    },
    set_encryption({ id, params }) {
      if (!String(params.business_public_key).includes('BEGIN PUBLIC KEY'))
        throw apiFailure(100, 'business_public_key is not a key.');
      state.publicKeys.set(found.number(id).phoneNumberId, String(params.business_public_key));
      return success;
    },
    blocked: ({ id, params }) =>
      page(
        [...blockedOf(id)].map((wa_id) => ({ messaging_product: 'whatsapp', wa_id })),
        params,
      ),
    block(input) {
      const users = usersOf(input);
      for (const user of users) blockedOf(input.id).add(user);
      return {
        messaging_product: 'whatsapp',
        block_users: { added_users: users.map((wa_id) => ({ input: wa_id, wa_id })) },
      };
    },
    unblock(input) {
      const users = usersOf(input);
      for (const user of users) blockedOf(input.id).delete(user);
      return {
        messaging_product: 'whatsapp',
        block_users: { removed_users: users.map((wa_id) => ({ input: wa_id, wa_id })) },
      };
    },
  };
}

function sixDigits(value: unknown, name: string): string {
  if (!/^\d{6}$/.test(String(value))) throw apiFailure(100, `${name} must be 6 digits.`);
  return String(value);
}

/** A number as it is read. */
export function shownNumber(number: {
  phoneNumberId: string;
  displayPhoneNumber: string;
  throughput: number;
  registered: boolean;
}): object {
  return {
    id: number.phoneNumberId,
    display_phone_number: number.displayPhoneNumber,
    verified_name: 'Sandbox',
    quality_rating: 'GREEN',
    status: number.registered ? 'CONNECTED' : 'DISCONNECTED',
    name_status: 'APPROVED',
    code_verification_status: 'VERIFIED',
    platform_type: 'CLOUD_API',
    throughput: { level: number.throughput >= 1_000 ? 'HIGH' : 'STANDARD' },
    whatsapp_business_manager_messaging_limit: 'TIER_2K',
  };
}
