import { described, type MethodRow } from '../call.ts';

/** The bot itself, its webhook and its updates. */
export const accountMethods = {
  getMe: {
    run: ({ bot }) => ({
      ...bot.info,
      can_join_groups: true,
      can_read_all_group_messages: true,
      supports_inline_queries: true,
      can_connect_to_business: false,
      has_main_web_app: false,
    }),
  },
  getUpdates: { run: ({ polling, bot, params, signal }) => polling.get(bot, params, signal) },
  setWebhook: {
    run: ({ webhooks, bot, params }) => described(true, webhooks.set(bot, params)),
  },
  deleteWebhook: {
    run: ({ webhooks, bot, params }) => described(true, webhooks.remove(bot, params)),
  },
  getWebhookInfo: { run: ({ webhooks, bot }) => webhooks.info(bot) },
} as const satisfies Record<string, MethodRow>;
