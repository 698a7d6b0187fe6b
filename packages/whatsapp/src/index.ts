export type { BusinessAccount, SubscribedApp } from './account.ts';
export type { Automation } from './automation.ts';
export type { CallPermission, CallSession, Calls } from './calls.ts';
export { createWhatsAppClient, type WhatsAppClient } from './client.ts';
export {
  type FailureAction,
  type WhatsAppFailure,
  type WhatsAppFailureKind,
  whatsAppFailure,
} from './errors.ts';
export { decryptFlowMedia, type FlowMediaEncryption } from './flow-crypto.ts';
export {
  createFlowHandler,
  type FlowHandlerOptions,
  type FlowRequest,
  type FlowResponse,
} from './flow-handler.ts';
export type { FlowFault, Flows, NewFlow, StoredFlow } from './flows.ts';
export type { Groups, JoinDecision, JoinRequest, NewGroup, StoredGroup } from './groups.ts';
export type {
  Amount,
  CarouselCard,
  Interactive,
  InteractiveHeader,
  OrderDetails,
} from './interactive-types.ts';
export type { Rate, WhatsAppRates } from './limits.ts';
export type {
  DownloadedMedia,
  DownloadOptions,
  InboundMedia,
  Media,
  MediaInfo,
  UploadOptions,
} from './media.ts';
export type { MediaSource } from './media-source.ts';
export type {
  ContactCard,
  MarketingMessage,
  MediaReference,
  MessageContents,
  MessageEnvelope,
  MessageType,
  OutgoingMessage,
  SentMessage,
} from './message-types.ts';
export type { WhatsAppClientOptions } from './options.ts';
export type {
  BusinessProfile,
  CommerceSettings,
  PhoneNumber,
  PhoneNumberInfo,
} from './phone-number.ts';
export type { QrCode, QrCodes } from './qr-codes.ts';
export type { Resumable, ResumableOptions } from './resumable.ts';
export type { Sending, SendOrTemplate, SentOrTemplate } from './send.ts';
export type {
  ButtonComponent,
  ButtonKind,
  ButtonParameter,
  HeaderParameter,
  Template,
  TemplateComponent,
  TextParameter,
} from './template-types.ts';
export type {
  NewTemplate,
  StoredTemplate,
  TemplateCategory,
  TemplateDefinition,
  TemplateStatus,
  Templates,
} from './templates.ts';
export type { Done, GraphRequest, ListOptions, WhatsAppAnswer } from './types.ts';
export type {
  AccountField,
  InboundContents,
  InboundEnvelope,
  InboundFile,
  InboundMessage,
  MessageStatus,
  Referral,
  TemplateStatusUpdate,
  WebhookContact,
  WebhookFailure,
  WhatsAppUpdate,
  WhatsAppWebhookUpdate,
} from './update-types.ts';
export { createWhatsAppWebhook, type WhatsAppWebhookOptions } from './webhook.ts';
