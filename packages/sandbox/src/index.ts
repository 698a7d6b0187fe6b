export { type ActiveFault, type Fault, type FaultKind, type Faults, faultKinds } from './faults.ts';
export type {
  BrowserEvent,
  DatasetOptions,
  DatasetReference,
  MetaSandbox,
  SandboxDataset,
  TokenState,
} from './meta/public.ts';
export type {
  DuplicateReason,
  MetaCallRecord,
  MetaEventRecord,
  MetaRefusal,
  ServerEvent,
} from './meta/records.ts';
export type { UsageInput } from './meta/usage.ts';
export { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';
export { type RunningSandbox, type StartOptions, startSandbox } from './start-sandbox.ts';
export type { DeliveryRecord } from './telegram/delivery-record.ts';
export type { CallRecord } from './telegram/handlers.ts';
export type { ConversationEntry } from './telegram/message-log.ts';
export type { PersonInput, UserFile, UserMessage } from './telegram/people.ts';
export type {
  BotReference,
  SandboxBot,
  TelegramOptions,
  TelegramSandbox,
  Whereabouts,
} from './telegram/public.ts';
export type { Member } from './telegram/state.ts';
export type {
  TelegramChat,
  TelegramEntity,
  TelegramInlineKeyboard,
  TelegramMessage,
  TelegramUpdate,
  TelegramUser,
} from './telegram/types.ts';
export type { UpdateKind } from './telegram/updates.ts';
export type {
  SandboxViberAccount,
  SandboxViberUser,
  ViberAccountOptions,
  ViberAccountReference,
  ViberSandbox,
  ViberUserMessage,
  ViberUserOptions,
} from './viber/public.ts';
export type {
  ViberCallbackRecord,
  ViberCallRecord,
  ViberConversationEntry,
} from './viber/records.ts';
export type {
  CustomerMessage,
  NumberReference,
  SandboxTemplate,
  SandboxTemplateStatus,
  WhatsAppCallRecord,
  WhatsAppDelivery,
  WhatsAppMessageRecord,
  WhatsAppNumber,
  WhatsAppNumberOptions,
  WhatsAppOptions,
  WhatsAppSandbox,
  WhatsAppStatus,
  WhatsAppWebhookTarget,
} from './whatsapp/public.ts';
