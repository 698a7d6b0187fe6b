import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { apiFailure } from './api-failure.ts';
import { isRecord } from './check-message.ts';
import type { Input } from './handlers.ts';
import { checkMedia } from './media-types.ts';
import type { WhatsAppSandbox } from './public.ts';
import type { Operations } from './routes.ts';
import type { Sending } from './sending.ts';
import { missingObject, newId, type State } from './state.ts';

/** What the operations are built from. */
export interface OperationParts {
  readonly state: State;
  readonly clock: Clock;
  readonly sending: Sending;
  /** The address of a file by the key of its URL. */
  fileUrl(key: string): string;
  /** Tells the account's webhook of a template. */
  templateChanged: WhatsAppSandbox['setTemplate'];
}

const success = { success: true };
/** How long a file's URL works; simulated milliseconds. */
const urlMs = 300_000;
/** Registering and deregistering together: so often in this time. */
const registrations = { limit: 10, intervalMs: 72 * 3_600_000 } as const;

/** Builds every operation of the Cloud API that the sandbox has. */
export function createOperations({
  state,
  clock,
  sending,
  fileUrl,
  templateChanged,
}: OperationParts): Operations {
  const number = (id: string) => {
    const found = state.numbers.get(id);
    if (!found) throw missingObject(id);
    return found;
  };
  const ofAccount = (id: string) => {
    const numbers = [...state.numbers.values()].filter((one) => one.businessAccountId === id);
    if (numbers.length === 0) throw missingObject(id);
    return numbers;
  };
  const template = (id: string) => state.templates.get(id) ?? raise(missingObject(id));
  const flow = (id: string) => state.flows.get(id) ?? raise(missingObject(id));
  const file = (id: string) => state.files.get(id) ?? raise(missingObject(id));
  const upload = (id: string) => state.uploads.get(id) ?? raise(missingObject(id));

  const send = (isMarketing: boolean) => (input: Input) => {
    const own = number(input.id);
    if (!own.registered) throw apiFailure(133010, 'The phone number is not registered.');
    const { appsecret_proof: _proof, ...body } = input.params;
    if (body.status === 'read') return markRead(body);
    return sending.send(own, body, isMarketing);
  };

  function markRead({ message_id: id }: Readonly<Record<string, unknown>>): object {
    const message = state.messages.get(String(id));
    if (message?.from !== 'customer')
      throw apiFailure(131009, 'The parameter message_id is not of a message received.');
    message.readByBusiness = true;
    return success;
  }

  function countRegistration(id: string): void {
    const since = clock.now() - clock.scaled(registrations.intervalMs);
    const times = (state.registrations.get(id) ?? []).filter((at) => at > since);
    if (times.length >= registrations.limit)
      throw apiFailure(133016, 'Too many attempts to register or deregister.');
    state.registrations.set(id, [...times, clock.now()]);
  }

  const blockedOf = (id: string): Set<string> => {
    const blocked = state.blocked.get(number(id).phoneNumberId) ?? new Set<string>();
    state.blocked.set(id, blocked);
    return blocked;
  };
  const usersOf = ({ params }: Input): string[] => {
    const users = Array.isArray(params.block_users) ? params.block_users : [];
    return users.filter(isRecord).map(({ user }) => String(user));
  };

  return {
    messages: send(false),
    marketing_messages: send(true),

    async media({ id, params, file: given }) {
      number(id);
      if (params.messaging_product !== 'whatsapp')
        throw apiFailure(100, 'The parameter messaging_product is required.');
      if (!given) throw apiFailure(100, 'The parameter file is required.');
      const bytes = new Uint8Array(await given.arrayBuffer());
      const type = given.type.split(';')[0] ?? '';
      checkMedia(type, String(params.type).split(';')[0] ?? '', bytes.byteLength);
      const stored = { id: newId(), phoneNumberId: id, bytes, type, urls: new Map<string, number>() };
      state.files.set(stored.id, stored);
      return { id: stored.id };
    },
    media_info({ id, params }) {
      const { phoneNumberId, bytes, type, urls } = file(id);
      if (params.phone_number_id !== undefined && params.phone_number_id !== phoneNumberId)
        throw missingObject(id);
      const key = randomBytes(12).toString('hex');
      urls.set(key, clock.now() + clock.scaled(urlMs));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return {
        messaging_product: 'whatsapp',
        url: fileUrl(key),
        mime_type: type,
        sha256,
        file_size: bytes.byteLength,
        id,
      };
    },
    delete_media({ id }) {
      file(id);
      state.files.delete(id);
      return success;
    },
    start_upload({ params }) {
      const id = `upload:${randomBytes(18).toString('base64url')}`;
      state.uploads.set(id, { id, length: Number(params.file_length), received: new Uint8Array() });
      return { id };
    },
    upload: ({ id }) => ({ id, file_offset: upload(id).received.byteLength }),
    continue_upload({ id, bytes = new Uint8Array(), headers }) {
      const session = upload(id);
      if (!/^OAuth /.test(headers.get('authorization') ?? ''))
        throw apiFailure(190, 'Use the scheme OAuth here.', 401);
      if (Number(headers.get('file_offset')) !== session.received.byteLength)
        throw apiFailure(100, 'file_offset does not fit.');
      session.received = Buffer.concat([session.received, bytes]);
      if (session.received.byteLength !== session.length)
        throw apiFailure(2, 'The upload is not complete.', 500);
      return { h: `4::${Buffer.from(id).toString('base64url')}` };
    },

    templates: ({ id, params }) => {
      ofAccount(id);
      const all = [...state.templates.values()].filter(
        (one) =>
          one.businessAccountId === id &&
          ['name', 'status', 'language', 'category'].every(
            (name) => params[name] === undefined || params[name] === one[name as 'name'],
          ),
      );
      return page(
        all.map(({ businessAccountId: _own, ...rest }) => rest),
        params,
      );
    },
    create_template({ id, params }) {
      ofAccount(id);
      const { name, language, category, components } = params;
      if (!/^[a-z0-9_]{1,512}$/.test(String(name))) throw apiFailure(100, 'The parameter name is not valid.');
      if (!Array.isArray(components)) throw apiFailure(100, 'The parameter components is required.');
      if (
        [...state.templates.values()].some(
          (one) => one.name === name && one.language === language && one.businessAccountId === id,
        )
      ) {
        throw apiFailure(100, 'There is already content in this language for this template.');
      }
      const made = {
        id: newId(),
        businessAccountId: id,
        name: String(name),
        language: String(language),
        category: String(category),
        status: 'PENDING' as const,
        components,
      };
      state.templates.set(made.id, made);
      return { id: made.id, status: made.status, category: made.category };
    },
    template: ({ id }) => {
      const { businessAccountId: _own, ...rest } = template(id);
      return rest;
    },
    edit_template({ id, params }) {
      const found = template(id);
      if (found.status === 'PENDING') throw apiFailure(100, 'A template in review cannot be edited.');
      if (Array.isArray(params.components)) found.components = params.components;
      if (typeof params.category === 'string') found.category = params.category;
      templateChanged(id, 'PENDING');
      return success;
    },
    delete_template({ id, params }) {
      ofAccount(id);
      const doomed = [...state.templates.values()].filter(
        (one) =>
          one.businessAccountId === id &&
          one.name === params.name &&
          (params.hsm_id === undefined || params.hsm_id === one.id),
      );
      if (doomed.length === 0) throw apiFailure(100, 'The message template was not found.');
      for (const one of doomed) state.templates.delete(one.id);
      return success;
    },

    flows: ({ id, params }) => {
      ofAccount(id);
      return page(
        [...state.flows.values()].filter((one) => one.businessAccountId === id).map(shownFlow),
        params,
      );
    },
    create_flow({ id, params }) {
      ofAccount(id);
      const made = {
        id: newId(),
        businessAccountId: id,
        name: String(params.name),
        status: 'DRAFT',
        categories: params.categories ?? [],
        json: typeof params.flow_json === 'string' ? params.flow_json : undefined,
      };
      state.flows.set(made.id, made);
      return { id: made.id, success: true };
    },
    flow: ({ id }) => shownFlow(flow(id)),
    update_flow({ id, params }) {
      const found = flow(id);
      if (params.name !== undefined) found.name = String(params.name);
      if (params.categories !== undefined) found.categories = params.categories;
      return success;
    },
    delete_flow({ id }) {
      if (flow(id).status !== 'DRAFT') throw apiFailure(139004, 'Only drafts can be deleted.');
      state.flows.delete(id);
      return success;
    },
    flow_assets: ({ id, params }) => {
      flow(id);
      return page(
        [{ name: 'flow.json', asset_type: 'FLOW_JSON', download_url: fileUrl(`flow-${id}`) }],
        params,
      );
    },
    async set_flow_json({ id, file: given }) {
      const found = flow(id);
      if (found.status !== 'DRAFT') throw apiFailure(139000, 'Only drafts can be changed.');
      const text = (await given?.text()) ?? '';
      try {
        JSON.parse(text);
      } catch {
        return {
          success: true,
          validation_errors: [
            { error: 'INVALID_JSON', error_type: 'JSON_SCHEMA_ERROR', message: 'The JSON cannot be read.' },
          ],
        };
      }
      found.json = text;
      return { success: true, validation_errors: [] };
    },
    publish_flow({ id }) {
      const found = flow(id);
      if (found.json === undefined) throw apiFailure(139002, 'A flow without JSON cannot be published.');
      found.status = 'PUBLISHED';
      return success;
    },
    deprecate_flow({ id }) {
      const found = flow(id);
      if (found.status !== 'PUBLISHED') throw apiFailure(139003, 'Only published flows can be deprecated.');
      found.status = 'DEPRECATED';
      return success;
    },
    migrate_flows({ id, params }) {
      ofAccount(id);
      const names = params.source_flow_names;
      const sources = [...state.flows.values()].filter(
        (one) =>
          one.businessAccountId === params.source_waba_id &&
          (!Array.isArray(names) || names.includes(one.name)),
      );
      const migrated_flows = sources.map((source) => {
        const made = { ...source, id: newId(), businessAccountId: id, status: 'DRAFT' };
        state.flows.set(made.id, made);
        return { source_name: source.name, source_id: source.id, migrated_id: made.id };
      });
      return { migrated_flows, failed_flows: [] };
    },

    number: ({ id }) => shownNumber(number(id)),
    pin({ id, params }) {
      number(id).pin = sixDigits(params.pin, 'pin');
      return success;
    },
    register({ id, params }) {
      const found = number(id);
      countRegistration(id);
      const pin = sixDigits(params.pin, 'pin');
      if (found.pin !== undefined && found.pin !== pin) throw apiFailure(133005, 'The PIN does not match.');
      Object.assign(found, { pin, registered: true });
      return success;
    },
    deregister({ id }) {
      countRegistration(id);
      number(id).registered = false;
      return success;
    },
    request_code({ id, params }) {
      number(id);
      if (params.code_method !== 'SMS' && params.code_method !== 'VOICE')
        throw apiFailure(100, 'code_method must be SMS or VOICE.');
      return success;
    },
    verify_code({ id, params }) {
      number(id);
      sixDigits(params.code, 'code');
      return success;
    },
    settings: ({ id }) => state.settings.get(number(id).phoneNumberId) ?? { calling: { status: 'DISABLED' } },
    set_settings({ id, params }) {
      state.settings.set(number(id).phoneNumberId, { ...state.settings.get(id), ...params });
      return success;
    },
    profile: ({ id }) => ({
      data: [{ ...state.profiles.get(number(id).phoneNumberId), messaging_product: 'whatsapp' }],
    }),
    set_profile({ id, params }) {
      if (String(params.about ?? '').length > 139) throw apiFailure(100, 'about is too long.');
      state.profiles.set(number(id).phoneNumberId, { ...state.profiles.get(id), ...params });
      return success;
    },
    encryption: ({ id }) => {
      const key = state.publicKeys.get(number(id).phoneNumberId);
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
      state.publicKeys.set(number(id).phoneNumberId, String(params.business_public_key));
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

    numbers: ({ id, params }) => page(ofAccount(id).map(shownNumber), params),
    subscriptions: ({ id }) => {
      ofAccount(id);
      const found = state.subscriptions.get(id);
      return { data: found ? [found] : [] };
    },
    subscribe({ id, params }) {
      const [first] = ofAccount(id);
      const { override_callback_uri } = params;
      state.subscriptions.set(id, {
        whatsapp_business_api_data: { id: first?.appId, name: 'Sandbox', link: 'https://app.example/' },
        ...(override_callback_uri !== undefined && { override_callback_uri }),
      });
      return success;
    },
    unsubscribe({ id }) {
      ofAccount(id);
      state.subscriptions.delete(id);
      return success;
    },
  };
}

function raise(error: Error): never {
  throw error;
}

function sixDigits(value: unknown, name: string): string {
  if (!/^\d{6}$/.test(String(value))) throw apiFailure(100, `${name} must be 6 digits.`);
  return String(value);
}

function shownNumber(number: {
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

function shownFlow({
  id,
  name,
  status,
  categories,
}: {
  id: string;
  name: string;
  status: string;
  categories: unknown;
}): object {
  return { id, name, status, categories, validation_errors: [] };
}

/** A page of a list; the cursor is the place of its last item. */
function page(items: readonly object[], { limit, after }: Readonly<Record<string, unknown>>): object {
  const start = after === undefined ? 0 : Number(Buffer.from(String(after), 'base64').toString());
  const size = Math.min(100, Number(limit) || 25);
  const end = Math.min(items.length, start + size);
  const cursor = (place: number): string => Buffer.from(String(place)).toString('base64');
  return {
    data: items.slice(start, end),
    paging: {
      cursors: { before: cursor(start), after: cursor(end) },
      ...(end < items.length && { next: 'https://graph.facebook.com/next' }),
    },
  };
}
