import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validMessages } from '../tests/messages.ts';
import { openApiMessages } from '../tests/openapi-messages.ts';
import { clientOf, type FakeGraph, failureOf, startGraph } from '../tests/support.ts';
import type { OutgoingMessage, WhatsAppClient } from './index.ts';

let graph: FakeGraph;
let client: WhatsAppClient;

beforeAll(async () => {
  graph = await startGraph(() => ({
    json: { success: true, data: [{}], messages: [{ id: 'wamid.1' }], calls: [{ id: 'wacid.1' }] },
  }));
  const fast = { limit: 10_000, intervalMs: 1 };
  client = clientOf(graph.url, { rates: { pair: fast, throughput: fast } });
});
afterAll(() => graph[Symbol.asyncDispose]());

describe('a message as Meta’s OpenAPI file has it', () => {
  it.each(Object.entries(openApiMessages))('is taken and goes out as it is: %s', async (_name, body) => {
    const { messaging_product: _product, ...message } = body;
    const before = graph.received.length;
    await client.send(message as unknown as OutgoingMessage);
    expect(graph.received[before]?.json).toEqual({ recipient_type: 'individual', ...body });
  });
});

/** Kinds that are newer than the file, and fields that its examples do not show: from the pages of the documentation. */
const fromThePages: Readonly<Record<string, readonly string[]>> = {
  'to a user id': ['recipient'],
  audio: ['audio.voice'],
  image: ['image.caption'],
  'reply with opaque data': ['biz_opaque_callback_data', 'context.message_id'],
  buttons: ['interactive.header.type', 'interactive.header.image.id', 'interactive.footer.text'],
};
const newerKinds: readonly string[] = [
  'pin',
  'cta_url',
  'location_request_message',
  'address_message',
  'carousel',
  'call_permission_request',
  'voice_call',
  'request_contact_info',
];

describe('each of our messages', () => {
  const known = new Map<string, Set<string>>();
  for (const body of Object.values(openApiMessages)) {
    const paths = known.get(kindOf(body)) ?? new Set();
    for (const path of pathsOf(body)) paths.add(path);
    known.set(kindOf(body), paths);
  }
  const ours = Object.entries(validMessages).filter(
    ([, message]) =>
      !newerKinds.includes(kindOf(message).replace('interactive ', '')) && message.type !== 'template',
  );

  it.each(ours)('has no field that Meta’s file does not show: %s', (name, message) => {
    const paths = known.get(kindOf(message));
    expect(paths, `no example of ${kindOf(message)}`).toBeDefined();
    const more = [...pathsOf(message)].filter((path) => !paths?.has(path));
    expect(more.filter((path) => !(fromThePages[name] ?? []).includes(path))).toEqual([]);
  });

  it('leaves out no kind of the file', () => {
    const kinds = new Set(Object.values(validMessages).map(kindOf));
    expect([...known.keys()].filter((kind) => !kinds.has(kind))).toEqual([]);
  });
});

const key = '-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----\n';
const session = (sdp_type: 'offer' | 'answer') => ({ sdp_type, sdp: 'v=0' });
const group = 'Y2FwaV9ncm91cDox';
const product = { messaging_product: 'whatsapp' };

describe('every other request', () => {
  it.each<[string, () => Promise<unknown>, string, object | undefined]>([
    [
      'register',
      () => client.phoneNumber.register({ pin: '123456', data_localization_region: 'AE' }),
      'POST 1001/register',
      { ...product, pin: '123456', data_localization_region: 'AE' },
    ],
    ['deregister', () => client.phoneNumber.deregister(), 'POST 1001/deregister', undefined],
    [
      'request_code',
      () => client.phoneNumber.requestCode({ code_method: 'SMS', language: 'en_US' }),
      'POST 1001/request_code',
      { code_method: 'SMS', language: 'en_US' },
    ],
    [
      'verify_code',
      () => client.phoneNumber.verifyCode('123456'),
      'POST 1001/verify_code',
      { code: '123456' },
    ],
    ['the PIN', () => client.phoneNumber.setPin('123456'), 'POST 1001', { pin: '123456' }],
    [
      'settings',
      () => client.phoneNumber.updateSettings({ calling: { status: 'enabled' } }),
      'POST 1001/settings',
      { calling: { status: 'enabled' } },
    ],
    [
      'the profile',
      () => client.phoneNumber.updateProfile({ about: 'Cars', vertical: 'AUTO' }),
      'POST 1001/whatsapp_business_profile',
      { ...product, about: 'Cars', vertical: 'AUTO' },
    ],
    [
      'the key of flows',
      () => client.phoneNumber.setEncryption(key),
      'POST 1001/whatsapp_business_encryption',
      undefined,
    ],
    [
      'blocking',
      () => client.phoneNumber.block(['380670000001']),
      'POST 1001/block_users',
      { ...product, block_users: [{ user: '380670000001' }] },
    ],
    [
      'unblocking',
      () => client.phoneNumber.unblock(['380670000001']),
      'DELETE 1001/block_users',
      { ...product, block_users: [{ user: '380670000001' }] },
    ],
    [
      'commerce settings',
      () => client.phoneNumber.updateCommerceSettings({ is_cart_enabled: true, is_catalog_visible: false }),
      'POST 1001/whatsapp_commerce_settings?is_cart_enabled=true&is_catalog_visible=false',
      undefined,
    ],
    [
      'automation',
      () =>
        client.phoneNumber.setAutomation({
          enable_welcome_message: true,
          prompts: ['Which car?'],
          commands: [{ command_name: 'help', command_description: 'Get help' }],
        }),
      'POST 1001/conversational_automation',
      {
        enable_welcome_message: true,
        prompts: ['Which car?'],
        commands: [{ command_name: 'help', command_description: 'Get help' }],
      },
    ],
    [
      'marketing',
      () =>
        client.sendMarketing({
          to: '380671234567',
          type: 'template',
          template: { name: 'sale', language: { code: 'en' } },
          product_policy: 'STRICT',
          message_activity_sharing: true,
        }),
      'POST 1001/marketing_messages',
      {
        ...product,
        recipient_type: 'individual',
        to: '380671234567',
        type: 'template',
        template: { name: 'sale', language: { code: 'en' } },
        product_policy: 'STRICT',
        message_activity_sharing: true,
      },
    ],
    [
      'read and typing',
      () => client.markRead('wamid.1', { typing: true }),
      'POST 1001/messages',
      { ...product, status: 'read', message_id: 'wamid.1', typing_indicator: { type: 'text' } },
    ],
    [
      'a QR code',
      () => client.qrCodes.create({ prefilled_message: 'Hi', generate_qr_image: 'SVG' }),
      'POST 1001/message_qrdls',
      { prefilled_message: 'Hi', generate_qr_image: 'SVG' },
    ],
    [
      'a QR code’s text',
      () => client.qrCodes.update('ANED2T5QRU7HG1', 'Hello'),
      'POST 1001/message_qrdls',
      { code: 'ANED2T5QRU7HG1', prefilled_message: 'Hello' },
    ],
    [
      'a QR code read',
      () => client.qrCodes.get('ANED2T5QRU7HG1'),
      'GET 1001/message_qrdls/ANED2T5QRU7HG1',
      undefined,
    ],
    [
      'a QR code deleted',
      () => client.qrCodes.delete('ANED2T5QRU7HG1'),
      'DELETE 1001/message_qrdls/ANED2T5QRU7HG1',
      undefined,
    ],
    [
      'a call',
      () => client.calls.connect({ to: '380671234567', session: session('offer') }),
      'POST 1001/calls',
      { ...product, to: '380671234567', action: 'connect', session: session('offer') },
    ],
    [
      'a call prepared',
      () => client.calls.preAccept('wacid.1', session('answer')),
      'POST 1001/calls',
      { ...product, call_id: 'wacid.1', action: 'pre_accept', session: session('answer') },
    ],
    [
      'a call accepted',
      () => client.calls.accept('wacid.1', session('answer'), { biz_opaque_callback_data: 'a' }),
      'POST 1001/calls',
      {
        ...product,
        call_id: 'wacid.1',
        action: 'accept',
        session: session('answer'),
        biz_opaque_callback_data: 'a',
      },
    ],
    [
      'a call rejected',
      () => client.calls.reject('wacid.1'),
      'POST 1001/calls',
      { ...product, call_id: 'wacid.1', action: 'reject' },
    ],
    [
      'a call ended',
      () => client.calls.terminate('wacid.1'),
      'POST 1001/calls',
      { ...product, call_id: 'wacid.1', action: 'terminate' },
    ],
    [
      'may we call?',
      () => client.calls.permission('380671234567'),
      'GET 1001/call_permissions?user_wa_id=380671234567',
      undefined,
    ],
    [
      'a group',
      () => client.groups.create({ subject: 'Drivers', join_approval_mode: 'approval_required' }),
      'POST 1001/groups',
      { ...product, subject: 'Drivers', join_approval_mode: 'approval_required' },
    ],
    [
      'a group changed',
      () => client.groups.update(group, { description: 'All of us' }),
      `POST ${group}`,
      { ...product, description: 'All of us' },
    ],
    ['a group deleted', () => client.groups.delete(group), `DELETE ${group}`, undefined],
    ['an invite link', () => client.groups.createInviteLink(group), `POST ${group}/invite_link`, product],
    ['no invite link', () => client.groups.deleteInviteLink(group), `DELETE ${group}/invite_link`, product],
    [
      'joining approved',
      () => client.groups.approve(group, ['j1']),
      `POST ${group}/join_requests`,
      { ...product, join_requests: ['j1'] },
    ],
    [
      'joining refused',
      () => client.groups.reject(group, ['j1']),
      `DELETE ${group}/join_requests`,
      { ...product, join_requests: ['j1'] },
    ],
    [
      'people added',
      () => client.groups.addParticipants(group, ['380670000001']),
      `POST ${group}/participants`,
      { ...product, participants: [{ user: '380670000001' }] },
    ],
    [
      'people removed',
      () => client.groups.removeParticipants(group, ['380670000001']),
      `DELETE ${group}/participants`,
      { ...product, participants: [{ user: '380670000001' }] },
    ],
  ])('goes where Meta’s file says, with its body: %s', async (_name, run, where, body) => {
    const before = graph.received.length;
    await run();
    const { method, url, json } = graph.received[before] ?? {};
    expect(`${method} ${url?.replace('/v26.0/', '')}`).toBe(where);
    expect(json).toEqual(body);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['subject', () => client.groups.create({ subject: '' })],
    ['subject', () => client.groups.create({ subject: 'x'.repeat(129) })],
    ['description', () => client.groups.update(group, { description: 'x'.repeat(2_049) })],
    ['users', () => client.groups.addParticipants(group, [])],
    ['joinRequestIds', () => client.groups.approve(group, [])],
    ['id', () => client.groups.get('../v1/me')],
    ['session.sdp', () => client.calls.connect({ to: '1', session: { sdp_type: 'offer', sdp: '' } })],
    [
      'biz_opaque_callback_data',
      () => client.calls.accept('c', session('answer'), { biz_opaque_callback_data: 'x'.repeat(513) }),
    ],
    ['prefilled_message', () => client.qrCodes.create({ prefilled_message: 'x'.repeat(141) })],
    ['prompts[0]', () => client.phoneNumber.setAutomation({ prompts: ['x'.repeat(81)] })],
    [
      'commands[0].command_name',
      () =>
        client.phoneNumber.setAutomation({ commands: [{ command_name: 'a b', command_description: '' }] }),
    ],
  ])('is refused before it is sent where it breaks a limit: %s', async (field, run) => {
    const before = graph.received.length;
    expect(await failureOf(run())).toMatchObject({ code: 'invalid_input', field, outcome: 'not_executed' });
    expect(graph.received.length).toBe(before);
  });
});

it('lists of groups, join requests and QR codes are read page by page', async () => {
  await using pages = await startGraph(({ url }) => {
    const items = url.includes('after=') ? [{ id: '2' }] : [{ id: '1' }];
    return {
      json: {
        data: /groups\?|groups$/.test(url) ? { groups: items } : items,
        paging: url.includes('after=') ? {} : { cursors: { after: 'a' }, next: 'https://next' },
      },
    };
  });
  const own = clientOf(pages.url);
  for (const list of [own.groups.list(), own.groups.joinRequests(group), own.qrCodes.list()]) {
    const ids: unknown[] = [];
    for await (const item of list as AsyncIterable<{ id?: string }>) ids.push(item.id);
    expect(ids).toEqual(['1', '2']);
  }
});

it('a call without an id in the answer may have begun', async () => {
  await using odd = await startGraph(() => ({ json: { calls: [] } }));
  const call = clientOf(odd.url).calls.connect({ to: '380671234567', session: session('offer') });
  expect(await failureOf(call)).toMatchObject({ code: 'invalid_response', outcome: 'unknown' });
});

it('calls and groups are not begun twice, ends are', async () => {
  await using broken = await startGraph(() => 'reset');
  const own = clientOf(broken.url);
  for (const begin of [
    () => own.calls.connect({ to: '1', session: session('offer') }),
    () => own.groups.create({ subject: 'Drivers' }),
    () => own.qrCodes.create({ prefilled_message: 'Hi' }),
  ]) {
    expect(await failureOf(begin())).toMatchObject({ attempts: 1, outcome: 'unknown' });
  }
  expect((await failureOf(clientOf(broken.url).calls.terminate('wacid.1'))).attempts).toBe(3);
});

function kindOf(body: object): string {
  const { type, interactive } = body as { type: string; interactive?: { type: string } };
  return interactive === undefined ? type : `${type} ${interactive.type}`;
}

/** `interactive.action.sections[].title`: every place of a value. */
function* pathsOf(value: unknown, at = ''): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value) yield* pathsOf(item, `${at}[]`);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) {
      // What a flow is given is the app's own.
      if (at.endsWith('flow_action_payload') && name === 'data') continue;
      yield* pathsOf(part, at === '' ? name : `${at}.${name}`);
    }
  } else yield at;
}
