/** What a call has to know about an operation. */
interface Operation {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** After the version; `{phone}`, `{waba}` and `{app}` are the client's own, `{id}` is the call's. */
  readonly path: string;
  /** May it be repeated when its outcome is unknown? */
  readonly idempotent: boolean;
}

/**
 * Every operation of the Cloud API that the client has a method for. Never repeated are those that send something, that count against a
 * small quota (registering) or that make something twice.
 * @see https://developers.facebook.com/documentation/business-messaging/whatsapp/reference
 */
// biome-ignore format: one line each
export const operations = {
  sendMessage: { method: 'POST', path: '{phone}/messages', idempotent: false },
  sendMarketing: { method: 'POST', path: '{phone}/marketing_messages', idempotent: false },
  markRead: { method: 'POST', path: '{phone}/messages', idempotent: true },

  uploadMedia: { method: 'POST', path: '{phone}/media', idempotent: true },
  getMedia: { method: 'GET', path: '{id}', idempotent: true },
  deleteMedia: { method: 'DELETE', path: '{id}', idempotent: true },
  startUpload: { method: 'POST', path: '{app}/uploads', idempotent: true },
  continueUpload: { method: 'POST', path: '{id}', idempotent: false },
  getUpload: { method: 'GET', path: '{id}', idempotent: true },

  createTemplate: { method: 'POST', path: '{waba}/message_templates', idempotent: false },
  listTemplates: { method: 'GET', path: '{waba}/message_templates', idempotent: true },
  getTemplate: { method: 'GET', path: '{id}', idempotent: true },
  editTemplate: { method: 'POST', path: '{id}', idempotent: true },
  deleteTemplate: { method: 'DELETE', path: '{waba}/message_templates', idempotent: true },

  createFlow: { method: 'POST', path: '{waba}/flows', idempotent: false },
  listFlows: { method: 'GET', path: '{waba}/flows', idempotent: true },
  getFlow: { method: 'GET', path: '{id}', idempotent: true },
  updateFlow: { method: 'POST', path: '{id}', idempotent: true },
  uploadFlowJson: { method: 'POST', path: '{id}/assets', idempotent: true },
  listFlowAssets: { method: 'GET', path: '{id}/assets', idempotent: true },
  publishFlow: { method: 'POST', path: '{id}/publish', idempotent: true },
  deprecateFlow: { method: 'POST', path: '{id}/deprecate', idempotent: true },
  deleteFlow: { method: 'DELETE', path: '{id}', idempotent: true },
  migrateFlows: { method: 'POST', path: '{waba}/migrate_flows', idempotent: false },

  getNumber: { method: 'GET', path: '{phone}', idempotent: true },
  setPin: { method: 'POST', path: '{phone}', idempotent: true },
  register: { method: 'POST', path: '{phone}/register', idempotent: false },
  deregister: { method: 'POST', path: '{phone}/deregister', idempotent: false },
  requestCode: { method: 'POST', path: '{phone}/request_code', idempotent: false },
  verifyCode: { method: 'POST', path: '{phone}/verify_code', idempotent: false },
  getSettings: { method: 'GET', path: '{phone}/settings', idempotent: true },
  updateSettings: { method: 'POST', path: '{phone}/settings', idempotent: true },
  getProfile: { method: 'GET', path: '{phone}/whatsapp_business_profile', idempotent: true },
  updateProfile: { method: 'POST', path: '{phone}/whatsapp_business_profile', idempotent: true },
  getEncryption: { method: 'GET', path: '{phone}/whatsapp_business_encryption', idempotent: true },
  setEncryption: { method: 'POST', path: '{phone}/whatsapp_business_encryption', idempotent: true },
  listBlocked: { method: 'GET', path: '{phone}/block_users', idempotent: true },
  blockUsers: { method: 'POST', path: '{phone}/block_users', idempotent: true },
  unblockUsers: { method: 'DELETE', path: '{phone}/block_users', idempotent: true },

  getCommerceSettings: { method: 'GET', path: '{phone}/whatsapp_commerce_settings', idempotent: true },
  updateCommerceSettings: { method: 'POST', path: '{phone}/whatsapp_commerce_settings', idempotent: true },
  setAutomation: { method: 'POST', path: '{phone}/conversational_automation', idempotent: true },

  createQrCode: { method: 'POST', path: '{phone}/message_qrdls', idempotent: false },
  updateQrCode: { method: 'POST', path: '{phone}/message_qrdls', idempotent: true },
  listQrCodes: { method: 'GET', path: '{phone}/message_qrdls', idempotent: true },
  getQrCode: { method: 'GET', path: '{phone}/message_qrdls/{id}', idempotent: true },
  deleteQrCode: { method: 'DELETE', path: '{phone}/message_qrdls/{id}', idempotent: true },

  startCall: { method: 'POST', path: '{phone}/calls', idempotent: false },
  answerCall: { method: 'POST', path: '{phone}/calls', idempotent: false },
  endCall: { method: 'POST', path: '{phone}/calls', idempotent: true },
  getCallPermission: { method: 'GET', path: '{phone}/call_permissions', idempotent: true },

  createGroup: { method: 'POST', path: '{phone}/groups', idempotent: false },
  listGroups: { method: 'GET', path: '{phone}/groups', idempotent: true },
  getGroup: { method: 'GET', path: '{id}', idempotent: true },
  updateGroup: { method: 'POST', path: '{id}', idempotent: true },
  deleteGroup: { method: 'DELETE', path: '{id}', idempotent: true },
  createInviteLink: { method: 'POST', path: '{id}/invite_link', idempotent: false },
  deleteInviteLink: { method: 'DELETE', path: '{id}/invite_link', idempotent: true },
  listJoinRequests: { method: 'GET', path: '{id}/join_requests', idempotent: true },
  approveJoinRequests: { method: 'POST', path: '{id}/join_requests', idempotent: true },
  rejectJoinRequests: { method: 'DELETE', path: '{id}/join_requests', idempotent: true },
  addParticipants: { method: 'POST', path: '{id}/participants', idempotent: true },
  removeParticipants: { method: 'DELETE', path: '{id}/participants', idempotent: true },

  listNumbers: { method: 'GET', path: '{waba}/phone_numbers', idempotent: true },
  listSubscribedApps: { method: 'GET', path: '{waba}/subscribed_apps', idempotent: true },
  subscribeApp: { method: 'POST', path: '{waba}/subscribed_apps', idempotent: true },
  unsubscribeApp: { method: 'DELETE', path: '{waba}/subscribed_apps', idempotent: true },
} as const satisfies Record<string, Operation>;

/** The name of an operation, as it is in errors and events. */
export type OperationName = keyof typeof operations;
