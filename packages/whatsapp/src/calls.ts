import { type CallOptions, CartieError } from '@cartie/core';
import { type CallPath, dataOf } from './call.ts';
import { invalid, service } from './invalid.ts';
import { messageLimits } from './limits.ts';
import type { Done } from './types.ts';

/** What both sides of a call agree on (WebRTC). */
export interface CallSession {
  sdp_type: 'offer' | 'answer';
  /** The session description, RFC 8866. */
  sdp: string;
}

/** May this customer be called now? */
export interface CallPermission {
  permission: {
    status: 'granted' | 'pending' | 'denied' | 'expired' | (string & {});
    expiration_time?: number;
  };
  actions?: {
    action_name: 'start_call' | 'send_call_permission_request' | (string & {});
    can_perform_action: boolean;
    limits?: { time_period: string; current_usage: number; max_allowed: number }[] | null;
  }[];
}

/** Voice calls of the number. Calls and their ends come by webhook (kinds `call` and `call_status`). @see https://developers.facebook.com/documentation/business-messaging/whatsapp/calling */
export interface Calls {
  /** Calls a customer who has allowed it. Never repeated. */
  connect(
    call: { to: string; session: CallSession; biz_opaque_callback_data?: string },
    options?: CallOptions,
  ): Promise<{ id: string }>;
  /** Prepares the line while it rings, so that speech begins at once. */
  preAccept(callId: string, session: CallSession, options?: CallOptions): Promise<Done>;
  accept(
    callId: string,
    session: CallSession,
    options?: CallOptions & { biz_opaque_callback_data?: string },
  ): Promise<Done>;
  reject(callId: string, options?: CallOptions): Promise<Done>;
  terminate(callId: string, options?: CallOptions): Promise<Done>;
  permission(userWaId: string, options?: CallOptions): Promise<CallPermission>;
}

const messaging_product = 'whatsapp';

/** Builds the methods for calls. */
export function createCalls({ call }: CallPath): Calls {
  return {
    async connect(given, options) {
      checkOpaque('startCall', given.biz_opaque_callback_data);
      checkSession('startCall', given.session);
      const { data, status, requestId, attempts } = await call<{ calls?: { id?: string }[] }>(
        'startCall',
        { json: { messaging_product, action: 'connect', ...given } },
        options,
      );
      const id = data.calls?.[0]?.id;
      if (typeof id === 'string') return { id };
      const context = { service, operation: 'startCall', status, requestId, attempts };
      throw new CartieError('invalid_response', 'The answer has no id of a call', context);
    },
    async preAccept(callId, session, options) {
      checkSession('answerCall', session);
      const json = { messaging_product, call_id: callId, action: 'pre_accept', session };
      return dataOf(call('answerCall', { json }, options));
    },
    async accept(callId, session, { biz_opaque_callback_data, ...options } = {}) {
      checkOpaque('answerCall', biz_opaque_callback_data);
      checkSession('answerCall', session);
      const json = {
        messaging_product,
        call_id: callId,
        action: 'accept',
        session,
        ...(biz_opaque_callback_data !== undefined && { biz_opaque_callback_data }),
      };
      return dataOf(call('answerCall', { json }, options));
    },
    reject: (callId, options) =>
      dataOf(call('endCall', { json: { messaging_product, call_id: callId, action: 'reject' } }, options)),
    terminate: (callId, options) =>
      dataOf(call('endCall', { json: { messaging_product, call_id: callId, action: 'terminate' } }, options)),
    permission: (userWaId, options) =>
      dataOf(call('getCallPermission', { query: { user_wa_id: userWaId } }, options)),
  };
}

function checkSession(operation: string, session: CallSession): void {
  if (typeof session?.sdp !== 'string' || session.sdp === '')
    throw invalid(operation, 'session.sdp', 'must be given');
}

function checkOpaque(operation: string, value: string | undefined): void {
  if (value !== undefined && value.length > messageLimits.opaqueData) {
    throw invalid(
      operation,
      'biz_opaque_callback_data',
      `must be at most ${messageLimits.opaqueData} characters long`,
    );
  }
}
