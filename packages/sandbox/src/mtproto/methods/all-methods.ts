import { codeMethods } from './auth-code.ts';
import { authKeyMethods } from './auth-keys.ts';
import { passwordMethods } from './auth-password.ts';
import { qrMethods } from './auth-qr.ts';
import { chatMethods } from './chats.ts';
import { fileMethods } from './files.ts';
import { helpMethods } from './help.ts';
import { historyMethods } from './history.ts';
import { invitationMethods } from './invitations.ts';
import type { Method } from './method.ts';
import { peopleMethods } from './people.ts';
import { sendingMethods } from './sending.ts';
import { updateMethods } from './updates.ts';

/** Every method that is simulated; others are answered 400 `METHOD_INVALID`. */
export const allMethods: ReadonlyMap<string, Method> = new Map(
  [
    helpMethods,
    codeMethods,
    passwordMethods,
    qrMethods,
    authKeyMethods,
    peopleMethods,
    chatMethods,
    invitationMethods,
    historyMethods,
    sendingMethods,
    updateMethods,
    fileMethods,
  ].flatMap((methods) => Object.entries(methods)),
);
