export {
  billingOf,
  sessionRules,
  type ViberBilling,
  type ViberSession,
  type ViberSessionFacts,
  viberSession,
} from './billing.ts';
export type { Broadcast } from './broadcast.ts';
export type {
  ViberCallback,
  ViberConversationStarted,
  ViberIncomingMessage,
  ViberMessageCallback,
  ViberUpdate,
  ViberUser,
} from './callbacks.ts';
export { createViberClient, type ViberCallResult, type ViberClient } from './client.ts';
export { type ViberFailure, type ViberFailureKind, viberFailure } from './errors.ts';
export type {
  ViberActionType,
  ViberButton,
  ViberKeyboard,
  ViberRichMedia,
  ViberScaleType,
} from './keyboard-types.ts';
export {
  keyboard,
  locationButton,
  plainButton,
  replyButton,
  richMedia,
  sharePhoneButton,
  urlButton,
  type ViberButtonStyle,
  type ViberKeyboardOptions,
  type ViberRichMediaOptions,
} from './keyboards.ts';
export type { ViberFeature, ViberLimits } from './limits.ts';
export type { OperationName } from './operations.ts';
export type { ViberClientOptions } from './options.ts';
export type {
  ViberAccountInfo,
  ViberAnswer,
  ViberBroadcast,
  ViberBroadcastResult,
  ViberContactMessage,
  ViberEventType,
  ViberFileMessage,
  ViberKeyboardMessage,
  ViberLocationMessage,
  ViberMessage,
  ViberOnline,
  ViberPictureMessage,
  ViberPost,
  ViberRichMediaMessage,
  ViberSender,
  ViberSendMessage,
  ViberSent,
  ViberStickerMessage,
  ViberTextMessage,
  ViberUrlMessage,
  ViberUserDetails,
  ViberVideoMessage,
  ViberWebhookSettings,
} from './types.ts';
export { createViberWebhook, type ViberWebhookOptions } from './webhook.ts';
