import { badRequest } from '../session/rpc-error.ts';
import { chatObject, userObject } from '../view/peers.ts';
import { callerOf } from './caller.ts';
import { userOf } from './input-peers.ts';
import type { Method } from './method.ts';

/** Users, and finding peers by name. */
export const peopleMethods: Readonly<Record<string, Method>> = {
  'users.getUsers'({ id }, call) {
    const viewer = callerOf(call);
    return (id as unknown[]).map((user) => userObject(userOf(user, call), viewer));
  },
  'users.getFullUser'({ id }, call) {
    const viewer = callerOf(call);
    const user = userOf(id, call);
    return {
      _: 'users.userFull',
      full_user: {
        _: 'userFull',
        id: user.id,
        settings: { _: 'peerSettings' },
        notify_settings: { _: 'peerNotifySettings' },
      },
      chats: [],
      users: [userObject(user, viewer)],
    };
  },
  'contacts.resolveUsername'({ username }, call) {
    const viewer = callerOf(call);
    const name = String(username).replace(/^@/, '');
    if (!/^[a-z]\w{3,31}$/i.test(name)) throw badRequest('USERNAME_INVALID');
    const found = call.world.byUsername(name);
    if (found === undefined) throw badRequest('USERNAME_NOT_OCCUPIED');
    const isUser = 'phone' in found;
    return {
      _: 'contacts.resolvedPeer',
      peer: isUser ? { _: 'peerUser', user_id: found.id } : { _: 'peerChannel', channel_id: found.id },
      chats: isUser ? [] : [chatObject(found, viewer)],
      users: isUser ? [userObject(found, viewer)] : [],
    };
  },
  'contacts.getContacts'(_params, call) {
    callerOf(call);
    return { _: 'contacts.contacts', contacts: [], saved_count: 0, users: [] };
  },
  'account.updateStatus'(_params, call) {
    callerOf(call);
    return true;
  },
};
