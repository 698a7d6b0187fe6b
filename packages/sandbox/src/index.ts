export { type ActiveFault, type Fault, type FaultKind, type Faults, faultKinds } from './faults.ts';
export { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';
export { type RunningSandbox, type StartOptions, startSandbox } from './start-sandbox.ts';
export type { CallRecord } from './telegram/handlers.ts';
export type { ConversationEntry } from './telegram/message-log.ts';
export type { PersonInput, UserMessage } from './telegram/people.ts';
export type {
  BotReference,
  DeliveryRecord,
  SandboxBot,
  TelegramOptions,
  TelegramSandbox,
} from './telegram/telegram.ts';
export type {
  TelegramChat,
  TelegramEntity,
  TelegramInlineKeyboard,
  TelegramMessage,
  TelegramUpdate,
  TelegramUser,
} from './telegram/types.ts';
