import { badRequest, tooManyRequests } from '../api-failure.ts';
import { type Call, described, type MethodRow } from '../call.ts';
import { administratorRights } from '../members.ts';
import { isRecord } from '../params.ts';

/** The bot itself: its webhook, its updates, its name, commands and rights. */
export const accountMethods = {
  getMe: {
    run: ({ bot }) => ({
      ...bot.info,
      can_join_groups: true,
      can_read_all_group_messages: true,
      supports_guest_queries: false,
      supports_inline_queries: true,
      can_connect_to_business: false,
      has_main_web_app: false,
      has_topics_enabled: false,
      allows_users_to_create_topics: false,
      can_manage_bots: false,
    }),
  },
  getUpdates: { run: ({ polling, bot, params, signal }) => polling.get(bot, params, signal) },
  setWebhook: { run: ({ webhooks, bot, params }) => described(true, webhooks.set(bot, params)) },
  deleteWebhook: { run: ({ webhooks, bot, params }) => described(true, webhooks.remove(bot, params)) },
  getWebhookInfo: { run: ({ webhooks, bot }) => webhooks.info(bot) },
  logOut: {
    run({ bot, state, webhooks, params }) {
      webhooks.remove(bot, params);
      bot.loggedOutUntil = state.clock.now() + state.clock.scaled(tenMinutesMs);
      return true;
    },
  },
  close: {
    run({ bot, state }) {
      const { clock } = state;
      const readyAt = (bot.launchedAt ?? 0) + clock.scaled(tenMinutesMs);
      if (readyAt > clock.now()) throw tooManyRequests(Math.ceil((readyAt - clock.now()) / 1_000));
      bot.launchedAt = undefined;
      return true;
    },
  },
  setMyCommands: {
    run(call) {
      const commands = call.params.array('commands');
      if (!commands) throw badRequest('parameter "commands" is required');
      if (commands.length > 100) throw badRequest('BOT_COMMANDS_TOO_MUCH');
      call.bot.settings.set(commandsKey(call), commands.map(checkedCommand));
      return true;
    },
  },
  getMyCommands: { run: (call) => call.bot.settings.get(commandsKey(call)) ?? [] },
  deleteMyCommands: {
    run(call) {
      call.bot.settings.delete(commandsKey(call));
      return true;
    },
  },
  setMyName: { run: (call) => setText(call, 'name', 64) },
  getMyName: {
    run: (call) => ({ name: call.bot.settings.get(textKey(call, 'name')) ?? call.bot.info.first_name }),
  },
  setMyDescription: { run: (call) => setText(call, 'description', 512) },
  getMyDescription: {
    run: (call) => ({ description: call.bot.settings.get(textKey(call, 'description')) ?? '' }),
  },
  setMyShortDescription: { run: (call) => setText(call, 'short_description', 120) },
  getMyShortDescription: {
    run: (call) => ({ short_description: call.bot.settings.get(textKey(call, 'short_description')) ?? '' }),
  },
  setMyProfilePhoto: { required: ['photo'], run: () => true },
  removeMyProfilePhoto: { run: () => true },
  setChatMenuButton: {
    run({ bot, params }) {
      bot.settings.set(`menu:${params.text('chat_id')}`, params.object('menu_button') ?? { type: 'default' });
      return true;
    },
  },
  getChatMenuButton: {
    run: ({ bot, params }) =>
      bot.settings.get(`menu:${params.text('chat_id')}`) ?? bot.settings.get('menu:') ?? { type: 'commands' },
  },
  setMyDefaultAdministratorRights: {
    run({ bot, params }) {
      bot.settings.set(rightsKey(params.boolean('for_channels')), params.object('rights') ?? {});
      return true;
    },
  },
  getMyDefaultAdministratorRights: {
    run: ({ bot, params }) => ({
      ...Object.fromEntries(administratorRights.map((right) => [right, false])),
      ...(bot.settings.get(rightsKey(params.boolean('for_channels'))) as object | undefined),
    }),
  },
  getMyStarBalance: { run: () => ({ amount: 0 }) },
} as const satisfies Record<string, MethodRow>;

const tenMinutesMs = 600_000;

function checkedCommand(command: unknown): { command: string; description: string } {
  if (!isRecord(command)) throw badRequest("can't parse BotCommand: expected an Object");
  const name = String(command.command ?? '').replace(/^\//, '');
  const description = String(command.description ?? '').trim();
  if (!/^[a-z0-9_]{1,32}$/.test(name)) throw badRequest('BOT_COMMAND_INVALID');
  if (description === '' || description.length > 256) throw badRequest('BOT_COMMAND_DESCRIPTION_INVALID');
  return { command: name, description };
}

function commandsKey({ params }: Call): string {
  const scope = params.object('scope') ?? { type: 'default' };
  return `commands:${JSON.stringify(scope)}:${params.text('language_code')}`;
}

function textKey({ params }: Call, name: string): string {
  return `${name}:${params.text('language_code')}`;
}

function setText(call: Call, name: string, longest: number): true {
  const text = call.params.text(name);
  if (text.length > longest) throw badRequest(`${name.replace('_', ' ')} is too long`);
  call.bot.settings.set(textKey(call, name), text);
  return true;
}

function rightsKey(channels: boolean): string {
  return `rights:${channels ? 'channels' : 'groups'}`;
}
