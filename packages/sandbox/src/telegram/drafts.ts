import { ensureUser, type PersonInput } from './people.ts';
import { type Bot, type Draft, privateChat, type TelegramState } from './state.ts';

/** The drafts that a person sees now. */
export function visibleDrafts(state: TelegramState, bot: Bot, user: PersonInput | undefined): Draft[] {
  const { drafts } = privateChat(state, bot, ensureUser(state, user));
  const now = state.clock.now();
  return [...drafts.values()].filter(({ expiresAt }) => expiresAt > now);
}

/** A person presses the button under a draft: the bot is told. */
export function stopDraft(
  state: TelegramState,
  bot: Bot,
  user: PersonInput | undefined,
  draftId: number,
): void {
  const chat = privateChat(state, bot, ensureUser(state, user));
  const draft = visibleDrafts(state, bot, user).find(({ draft_id }) => draft_id === draftId);
  if (!draft?.canStop) throw new Error('draft_id: there is no such draft with a button to stop it');
  if (!draft.keepOnStop) chat.drafts.delete(draftId);
  bot.updates.add('stopped_message_generation', chat.info.id, {
    chat: chat.info,
    ...(draft.threadId !== undefined && { message_thread_id: draft.threadId }),
    draft_id: draftId,
  });
}
