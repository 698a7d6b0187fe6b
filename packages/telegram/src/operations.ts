import type { ApiMethods } from '@grammyjs/types';
import type { InputFile } from './types.ts';

/** The name of a Bot API method that the types know. */
export type TelegramMethod = keyof ApiMethods<InputFile>;

/** What a call has to know about a method. */
export interface Operation {
  /**
   * May the call be repeated when its outcome is unknown? A second run must not be seen by anybody, cost anything, or
   * undo something else. `when`: only with this parameter; `unless`: not with it.
   */
  readonly idempotent: boolean | { readonly when: string } | { readonly unless: string };
  /** `message`: counts as a message sent to its chat. `edit`: as an edit of one. `draft`: as a preview in it. `none`: is not paced. */
  readonly rate: 'message' | 'edit' | 'draft' | 'none';
  /** `false`: a message that `allow_paid_broadcast` is not for. */
  readonly payable?: false;
  /** `long_poll`: the call waits at Telegram for as long as its `timeout` parameter says. */
  readonly timeout?: 'long_poll';
}

const read = { idempotent: true, rate: 'none' } as const;
// Sets a state that a second run sets to the same value, or answers something that can be answered once.
const state = { idempotent: true, rate: 'none' } as const;
const draft = { idempotent: true, rate: 'draft' } as const;
const edit = { idempotent: true, rate: 'edit' } as const;
const send = { idempotent: false, rate: 'message' } as const;
const unpaid = { ...send, payable: false } as const;
// A second run makes, pays or shows a second thing.
const once = { idempotent: false, rate: 'none' } as const;

/**
 * Every method of the Bot API, in the order of its documentation.
 * @see https://core.telegram.org/bots/api#available-methods
 */
export const operations = {
  getUpdates: { ...read, timeout: 'long_poll' },
  // A second drop would also drop what arrived after the first.
  setWebhook: { idempotent: { unless: 'drop_pending_updates' }, rate: 'none' },
  deleteWebhook: { idempotent: { unless: 'drop_pending_updates' }, rate: 'none' },
  getWebhookInfo: read,
  getMe: read,
  logOut: once,
  close: once,
  sendMessage: send,
  sendRichMessage: send,
  forwardMessage: unpaid,
  forwardMessages: unpaid,
  copyMessage: send,
  copyMessages: unpaid,
  sendPhoto: send,
  sendLivePhoto: send,
  sendAudio: send,
  sendDocument: send,
  sendVideo: send,
  sendAnimation: send,
  sendVoice: send,
  sendVideoNote: send,
  sendPaidMedia: send,
  sendMediaGroup: send,
  sendLocation: send,
  editMessageLiveLocation: edit,
  stopMessageLiveLocation: edit,
  sendVenue: send,
  sendContact: send,
  sendPoll: send,
  sendChecklist: unpaid,
  editMessageChecklist: edit,
  sendDice: send,
  // A draft is a preview that the next one with its draft_id replaces.
  sendMessageDraft: draft,
  sendRichMessageDraft: draft,
  sendChatAction: state,
  setMessageReaction: state,
  getUserProfilePhotos: read,
  getUserProfileAudios: read,
  setUserEmojiStatus: state,
  getFile: read,
  kickChatMember: state,
  banChatMember: state,
  unbanChatMember: state,
  restrictChatMember: state,
  promoteChatMember: state,
  setChatAdministratorCustomTitle: state,
  setChatMemberTag: state,
  banChatSenderChat: state,
  unbanChatSenderChat: state,
  setChatPermissions: state,
  // Each run revokes the link of the one before.
  exportChatInviteLink: once,
  createChatInviteLink: once,
  editChatInviteLink: state,
  createChatSubscriptionInviteLink: once,
  editChatSubscriptionInviteLink: state,
  revokeChatInviteLink: state,
  approveChatJoinRequest: state,
  declineChatJoinRequest: state,
  answerChatJoinRequestQuery: state,
  sendChatJoinRequestWebApp: once,
  approveSuggestedPost: state,
  declineSuggestedPost: state,
  // The chat shows a service message for each run.
  setChatPhoto: once,
  deleteChatPhoto: state,
  setChatTitle: state,
  setChatDescription: state,
  // Members may be notified again.
  pinChatMessage: once,
  // Without message_id it unpins the newest pinned message, so a second run unpins the next one.
  unpinChatMessage: { idempotent: { when: 'message_id' }, rate: 'none' },
  unpinAllChatMessages: state,
  leaveChat: state,
  getChat: read,
  getChatAdministrators: read,
  getChatMembersCount: read,
  getChatMemberCount: read,
  getChatMember: read,
  getUserPersonalChatMessages: read,
  setChatStickerSet: state,
  deleteChatStickerSet: state,
  getForumTopicIconStickers: read,
  createForumTopic: once,
  editForumTopic: state,
  closeForumTopic: state,
  reopenForumTopic: state,
  deleteForumTopic: state,
  unpinAllForumTopicMessages: state,
  editGeneralForumTopic: state,
  closeGeneralForumTopic: state,
  reopenGeneralForumTopic: state,
  hideGeneralForumTopic: state,
  unhideGeneralForumTopic: state,
  unpinAllGeneralForumTopicMessages: state,
  answerCallbackQuery: state,
  answerGuestQuery: once,
  getUserChatBoosts: read,
  getUserGifts: read,
  getChatGifts: read,
  getBusinessConnection: read,
  getManagedBotToken: read,
  replaceManagedBotToken: once,
  getManagedBotAccessSettings: read,
  setManagedBotAccessSettings: state,
  setMyCommands: state,
  deleteMyCommands: state,
  getMyCommands: read,
  setMyName: state,
  getMyName: read,
  setMyDescription: state,
  getMyDescription: read,
  setMyShortDescription: state,
  getMyShortDescription: read,
  // Photos pile up: a second run adds or removes one more.
  setMyProfilePhoto: once,
  removeMyProfilePhoto: once,
  setChatMenuButton: state,
  getChatMenuButton: read,
  setMyDefaultAdministratorRights: state,
  getMyDefaultAdministratorRights: read,
  getMyStarBalance: read,
  editMessageText: edit,
  editMessageCaption: edit,
  editMessageMedia: edit,
  editMessageReplyMarkup: edit,
  stopPoll: edit,
  editEphemeralMessageText: edit,
  editEphemeralMessageMedia: edit,
  editEphemeralMessageCaption: edit,
  editEphemeralMessageReplyMarkup: edit,
  deleteMessage: state,
  deleteMessages: state,
  deleteEphemeralMessage: state,
  deleteMessageReaction: state,
  deleteAllMessageReactions: state,
  deleteBusinessMessages: state,
  setBusinessAccountName: state,
  setBusinessAccountUsername: state,
  setBusinessAccountBio: state,
  setBusinessAccountProfilePhoto: once,
  removeBusinessAccountProfilePhoto: once,
  setBusinessAccountGiftSettings: state,
  getBusinessAccountStarBalance: read,
  transferBusinessAccountStars: once,
  getBusinessAccountGifts: read,
  convertGiftToStars: once,
  upgradeGift: once,
  transferGift: once,
  postStory: once,
  repostStory: once,
  editStory: state,
  deleteStory: state,
  sendSticker: send,
  getStickerSet: read,
  getCustomEmojiStickers: read,
  // A file that nobody refers to is not seen by anybody.
  uploadStickerFile: state,
  createNewStickerSet: once,
  addStickerToSet: once,
  setStickerPositionInSet: state,
  deleteStickerFromSet: state,
  replaceStickerInSet: state,
  setStickerEmojiList: state,
  setStickerKeywords: state,
  setStickerMaskPosition: state,
  setStickerSetTitle: state,
  deleteStickerSet: state,
  setStickerSetThumbnail: state,
  setCustomEmojiStickerSetThumbnail: state,
  getAvailableGifts: read,
  sendGift: once,
  giftPremiumSubscription: once,
  answerInlineQuery: state,
  answerWebAppQuery: once,
  savePreparedInlineMessage: state,
  savePreparedKeyboardButton: state,
  sendInvoice: send,
  createInvoiceLink: state,
  answerShippingQuery: state,
  answerPreCheckoutQuery: state,
  getStarTransactions: read,
  // A charge is refunded once; a second run is refused.
  refundStarPayment: state,
  editUserStarSubscription: state,
  verifyUser: state,
  verifyChat: state,
  removeUserVerification: state,
  removeChatVerification: state,
  readBusinessMessage: state,
  setPassportDataErrors: state,
  sendGame: send,
  setGameScore: edit,
  getGameHighScores: read,
} as const satisfies Record<TelegramMethod, Operation>;

/** The row of a method; for one that is not in the table, what is safe for any method. */
export function operationOf(method: string, params: Readonly<Record<string, unknown>> = {}): Operation {
  if (Object.hasOwn(operations, method)) return operations[method as TelegramMethod];
  // A method added yesterday: what is sent into a chat counts against its rate.
  return 'chat_id' in params && /^(send|forward|copy)/.test(method) ? send : once;
}

/** May this very call be repeated when its outcome is unknown? */
export function isIdempotent(
  { idempotent }: Operation,
  params: Readonly<Record<string, unknown>> = {},
): boolean {
  if (typeof idempotent === 'boolean') return idempotent;
  return 'when' in idempotent ? params[idempotent.when] !== undefined : !params[idempotent.unless];
}
