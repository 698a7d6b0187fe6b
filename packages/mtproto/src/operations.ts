/** What a call has to know about a method of Telegram's. */
export interface Operation {
  /** May the call be repeated when its outcome is unknown? */
  readonly idempotent: boolean;
}

/**
 * The methods that the package itself calls. Sending may be repeated though it is not idempotent by itself: a message
 * carries a random id of ours, and Telegram takes each id once. Any other method is repeated only as far as
 * `idempotent` of the call allows.
 * @see https://core.telegram.org/methods
 */
const operations = {
  'help.getConfig': { idempotent: true },
  'users.getUsers': { idempotent: true },
  'updates.getState': { idempotent: true },
  'updates.getDifference': { idempotent: true },
  'updates.getChannelDifference': { idempotent: true },
  'contacts.resolveUsername': { idempotent: true },
  'channels.getChannels': { idempotent: true },
  'channels.getMessages': { idempotent: true },
  // A member who joins again is told so, and is a member.
  'channels.joinChannel': { idempotent: true },
  'messages.importChatInvite': { idempotent: true },
  'messages.checkChatInvite': { idempotent: true },
  'channels.deleteMessages': { idempotent: true },
  'channels.readHistory': { idempotent: true },
  'messages.getChats': { idempotent: true },
  'messages.getMessages': { idempotent: true },
  'messages.getHistory': { idempotent: true },
  'messages.getDialogs': { idempotent: true },
  'messages.sendMessage': { idempotent: true },
  'messages.editMessage': { idempotent: true },
  'messages.deleteMessages': { idempotent: true },
  'messages.readHistory': { idempotent: true },
  'upload.getFile': { idempotent: true },
  // A second code makes the first one worthless.
  'auth.sendCode': { idempotent: false },
  'auth.resendCode': { idempotent: false },
  'auth.cancelCode': { idempotent: true },
  // Each try counts.
  'auth.signIn': { idempotent: false },
  'auth.checkPassword': { idempotent: false },
  'auth.exportLoginToken': { idempotent: true },
  'auth.importLoginToken': { idempotent: false },
  'auth.exportAuthorization': { idempotent: true },
  'auth.importAuthorization': { idempotent: false },
  'auth.logOut': { idempotent: true },
  'account.getPassword': { idempotent: true },
} as const satisfies Record<string, Operation>;

/** May this method be repeated when its outcome is unknown? A method that the table does not have: no. */
export function isIdempotent(method: string): boolean {
  return Object.hasOwn(operations, method) && operations[method as keyof typeof operations].idempotent;
}
