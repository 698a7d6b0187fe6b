export type {
  AutoRiaKeyOptions,
  AutoRiaKeyState,
  AutoRiaSandbox,
  AutoRiaUsage,
  SandboxAutoRiaKey,
  SandboxCar,
  SandboxCarInput,
} from './autoria/public.ts';
export type { AutoRiaCallRecord } from './autoria/records.ts';
export {
  type ActiveFault,
  type Fault,
  type FaultKind,
  type FaultProvider,
  type Faults,
  faultKinds,
  faultProviders,
} from './faults.ts';
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
export { gramjsSession } from './mtproto/gramjs-session.ts';
export type {
  AccountOptions,
  ChannelOptions,
  DcAddress,
  DcPublicKey,
  MediaInput,
  MessageInput,
  ProvisionedKey,
  SchemaText,
  TestDc,
  TestDcAccount,
  TestDcChat,
  TestDcMessage,
  TestDcOptions,
} from './mtproto/public.ts';
export type { ConnectionFilter, ConnectionLog, ConnectionRecord } from './mtproto/records/connection-log.ts';
export type { RequestFilter, RequestLog, RequestRecord } from './mtproto/records/request-log.ts';
export {
  type ActiveDcFault,
  type DcFault,
  type DcFaultKind,
  type DcFaults,
  dcFaultKinds,
} from './mtproto/session/faults.ts';
export { startTestDc } from './mtproto/start-test-dc.ts';
export { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';
export type { SendPulseErrorShape } from './sendpulse/api-failure.ts';
export type {
  SandboxSendPulseAccount,
  SandboxSendPulseContact,
  SendPulseAccountOptions,
  SendPulseAccountReference,
  SendPulseCallRecord,
  SendPulseChatbotChannel,
  SendPulseDeliveryRecord,
  SendPulseEventInput,
  SendPulseMail,
  SendPulseOptions,
  SendPulseRefusal,
  SendPulseSandbox,
  SendPulseWebhookFamily,
} from './sendpulse/public.ts';
export { type RunningSandbox, type StartOptions, startSandbox } from './start-sandbox.ts';
export type { DeliveryRecord } from './telegram/delivery-record.ts';
export type { CallRecord } from './telegram/handlers.ts';
export type { LoginAlgorithm } from './telegram/login-keys.ts';
export type {
  IdTokenOptions,
  SandboxLoginClient,
  TelegramLoginSandbox,
  TokenRequestRecord,
} from './telegram/login-public.ts';
export type { ConversationEntry } from './telegram/message-log.ts';
export type { PersonInput, UserFile, UserMessage } from './telegram/people.ts';
export type {
  BotReference,
  SandboxBot,
  TelegramOptions,
  TelegramSandbox,
  Whereabouts,
} from './telegram/public.ts';
export type { Draft, Member } from './telegram/state.ts';
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
  WhatsAppCustomer,
  WhatsAppCustomerChange,
  WhatsAppDelivery,
  WhatsAppMessageRecord,
  WhatsAppNumber,
  WhatsAppNumberOptions,
  WhatsAppOptions,
  WhatsAppSandbox,
  WhatsAppStatus,
  WhatsAppWebhookTarget,
} from './whatsapp/public.ts';
