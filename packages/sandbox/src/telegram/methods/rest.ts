import { apiFailure, badRequest } from '../api-failure.ts';
import type { Call, MethodRow } from '../call.ts';
import { resolveChat, resolveUser } from '../chats.ts';

/**
 * Methods whose effects nobody can look at here: their parameters are checked, their answers have the documented shape.
 * What would need a business account, a game or a sticker set that the simulated Telegram does not have is refused as Telegram does.
 */
export const restMethods = {
  answerChatJoinRequestQuery: refuses('QUERY_ID_INVALID', 'chat_join_request_query_id', 'result'),
  sendChatJoinRequestWebApp: refuses('QUERY_ID_INVALID', 'chat_join_request_query_id', 'web_app_url'),
  approveSuggestedPost: inChat('message_id'),
  declineSuggestedPost: inChat('message_id'),
  verifyChat: inChat(),
  removeChatVerification: inChat(),
  getUserChatBoosts: gives({ boosts: [] }, 'chat_id', 'user_id'),
  getChatGifts: gives({ total_count: 0, gifts: [] }, 'chat_id'),

  getUserProfilePhotos: ofUser({ total_count: 0, photos: [] }),
  getUserProfileAudios: ofUser({ total_count: 0, audios: [] }),
  getUserPersonalChatMessages: ofUser([], 'limit'),
  getUserGifts: ofUser({ total_count: 0, gifts: [] }),
  setUserEmojiStatus: ofUser(true),
  verifyUser: ofUser(true),
  removeUserVerification: ofUser(true),
  setPassportDataErrors: ofUser(true, 'errors'),
  giftPremiumSubscription: ofUser(true, 'month_count', 'star_count'),
  refundStarPayment: ofUser(true, 'telegram_payment_charge_id'),
  editUserStarSubscription: ofUser(true, 'telegram_payment_charge_id', 'is_canceled'),
  savePreparedInlineMessage: {
    required: ['user_id', 'result'],
    run(call) {
      resolveUser(call);
      return { id: nextId(call), expiration_date: call.state.clock.seconds() + 600 };
    },
  },
  savePreparedKeyboardButton: {
    required: ['user_id', 'button'],
    run(call) {
      resolveUser(call);
      return { id: nextId(call) };
    },
  },
  getManagedBotToken: refuses('user is not a managed bot', 'user_id'),
  replaceManagedBotToken: refuses('user is not a managed bot', 'user_id'),
  getManagedBotAccessSettings: refuses('user is not a managed bot', 'user_id'),
  setManagedBotAccessSettings: refuses('user is not a managed bot', 'user_id', 'is_access_restricted'),

  sendGift: gives(true, 'gift_id'),
  getAvailableGifts: gives({ gifts: [] }),
  getStarTransactions: gives({ transactions: [] }),
  createInvoiceLink: {
    required: ['title', 'description', 'payload', 'currency', 'prices'],
    run: (call) => `https://t.me/$${nextId(call)}`,
  },

  getForumTopicIconStickers: gives([]),
  getCustomEmojiStickers: gives([], 'custom_emoji_ids'),
  getStickerSet: refuses('STICKERSET_INVALID', 'name'),
  createNewStickerSet: gives(true, 'user_id', 'name', 'title', 'stickers'),
  addStickerToSet: refuses('STICKERSET_INVALID', 'user_id', 'name', 'sticker'),
  setStickerPositionInSet: refuses('STICKER_INVALID', 'sticker', 'position'),
  deleteStickerFromSet: refuses('STICKER_INVALID', 'sticker'),
  replaceStickerInSet: refuses('STICKERSET_INVALID', 'user_id', 'name', 'old_sticker', 'sticker'),
  setStickerEmojiList: refuses('STICKER_INVALID', 'sticker', 'emoji_list'),
  setStickerKeywords: refuses('STICKER_INVALID', 'sticker'),
  setStickerMaskPosition: refuses('STICKER_INVALID', 'sticker'),
  setStickerSetTitle: refuses('STICKERSET_INVALID', 'name', 'title'),
  deleteStickerSet: refuses('STICKERSET_INVALID', 'name'),
  setStickerSetThumbnail: refuses('STICKERSET_INVALID', 'name', 'user_id', 'format'),
  setCustomEmojiStickerSetThumbnail: refuses('STICKERSET_INVALID', 'name'),

  setGameScore: refuses('message to set game score not found', 'user_id', 'score'),
  getGameHighScores: refuses('message to get game scores not found', 'user_id'),

  getBusinessConnection: ofBusiness(),
  readBusinessMessage: ofBusiness('chat_id', 'message_id'),
  deleteBusinessMessages: ofBusiness('message_ids'),
  setBusinessAccountName: ofBusiness('first_name'),
  setBusinessAccountUsername: ofBusiness(),
  setBusinessAccountBio: ofBusiness(),
  setBusinessAccountProfilePhoto: ofBusiness('photo'),
  removeBusinessAccountProfilePhoto: ofBusiness(),
  setBusinessAccountGiftSettings: ofBusiness('show_gift_button', 'accepted_gift_types'),
  getBusinessAccountStarBalance: ofBusiness(),
  transferBusinessAccountStars: ofBusiness('star_count'),
  getBusinessAccountGifts: ofBusiness(),
  convertGiftToStars: ofBusiness('owned_gift_id'),
  upgradeGift: ofBusiness('owned_gift_id'),
  transferGift: ofBusiness('owned_gift_id', 'new_owner_chat_id', 'star_count'),
  postStory: ofBusiness('content', 'active_period'),
  repostStory: ofBusiness('from_chat_id', 'from_story_id', 'active_period'),
  editStory: ofBusiness('story_id', 'content'),
  deleteStory: ofBusiness('story_id'),

  editEphemeralMessageText: ephemeral(),
  editEphemeralMessageMedia: ephemeral('media'),
  editEphemeralMessageCaption: ephemeral(),
  editEphemeralMessageReplyMarkup: ephemeral(),
  deleteEphemeralMessage: ephemeral(),
} as const satisfies Record<string, MethodRow>;

function gives(result: unknown, ...required: string[]): MethodRow {
  return {
    required,
    run(call) {
      if (required.includes('chat_id')) resolveChat(call, 'read');
      if (required.includes('user_id')) resolveUser(call);
      return result;
    },
  };
}

function refuses(text: string, ...required: string[]): MethodRow {
  return {
    required,
    run() {
      throw badRequest(text);
    },
  };
}

function inChat(...required: string[]): MethodRow {
  return gives(true, 'chat_id', ...required);
}

function ofUser(result: unknown, ...required: string[]): MethodRow {
  return gives(result, 'user_id', ...required);
}

function ofBusiness(...required: string[]): MethodRow {
  return refuses('business connection not found', 'business_connection_id', ...required);
}

function ephemeral(...required: string[]): MethodRow {
  return {
    required: ['receiver_user_id', 'ephemeral_message_id', ...required],
    run(call) {
      resolveChat(call, 'write');
      throw apiFailure(400, 'Bad Request: message to edit not found');
    },
  };
}

function nextId(call: Call): string {
  call.state.ids.query += 1;
  return Buffer.from(`cartie${call.state.ids.query}`).toString('base64url');
}
