export type {
  Balance,
  Blacklist,
  SendPulseTagAnswer,
  SendPulseWebhookRow,
  Tags,
  Webhooks,
} from './account.ts';
export type {
  AddressBooks,
  BookEmails,
  BookFields,
  Emails,
  InvitedContacts,
  NewContacts,
} from './address-books.ts';
export type { Automation, SendPulseBlock } from './automation.ts';
export type {
  Campaigns,
  NewCampaign,
  Senders,
  SendPulseCampaign,
  SendPulseTemplate,
  Templates,
} from './campaigns.ts';
export type {
  BotFields,
  Chatbot,
  Chatbots,
  MessagesChatbot,
  MessengerChatbot,
  SendMessage,
  SendMessages,
  SendPulseChatMessage,
  SendPulseChatTemplate,
  SendPulseSubscriber,
  SendPulseSuccess,
  SendPulseVariable,
  SubscriberFields,
  TelegramChatbot,
  WhatsAppChatbot,
} from './chatbots.ts';
export {
  createSendPulseClient,
  type SendPulseCallResult,
  type SendPulseClient,
  type SendPulseRequest,
} from './client.ts';
export type { SendPulseConnection } from './client-health.ts';
export type { SendPulseFailureKind } from './error-codes.ts';
export { type SendPulseFailure, sendPulseFailure } from './errors.ts';
export type {
  ChatbotEventData,
  ChatbotEventName,
  EmailEventData,
  EmailEventName,
  SendPulseEvent,
  SendPulseFamily,
  SendPulseUpdate,
  SmtpEventData,
  SmtpEventName,
} from './events.ts';
export type { ListOptions, Loose, NoFields } from './operation.ts';
export type {
  SendPulseClientOptions,
  SendPulseCommonOptions,
  SendPulseKeyOptions,
  SendPulseOAuthOptions,
} from './options.ts';
export type { NewPush, Push } from './push.ts';
export type { SendPulsePhoneVariable, Sms, SmsText } from './sms.ts';
export type { SendPulseLetter, SendPulseSentLetter, Smtp } from './smtp.ts';
export type { SyncedContact } from './sync-contact.ts';
export type {
  SendPulseBook,
  SendPulseContact,
  SendPulseDone,
  SendPulseFiles,
  SendPulseId,
  SendPulseLanguage,
  SendPulseNewContact,
  SendPulsePerson,
  SendPulseValue,
} from './types.ts';
export type { Verifier } from './verifier.ts';
export type { NewViberCampaign, ViberCampaigns } from './viber-campaigns.ts';
export { createSendPulseWebhook, type SendPulseWebhookOptions } from './webhook.ts';
