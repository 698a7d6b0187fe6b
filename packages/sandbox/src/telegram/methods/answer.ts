import { badRequest } from '../api-failure.ts';
import type { Call, MethodRow } from '../call.ts';
import type { PendingQuery } from '../state.ts';

/** Answers to what users ask by buttons, inline and while they pay. */
export const answerMethods = {
  answerCallbackQuery: answers('callback', 'callback_query_id', ({ params }) => {
    if (params.text('text').length > 200) throw badRequest('MESSAGE_TOO_LONG');
    return true;
  }),
  answerInlineQuery: answers('inline', 'inline_query_id', ({ params }) => {
    const results = params.array('results', 'inline query results');
    if (!results) throw badRequest('parameter "results" is required');
    if (results.length > 50) throw badRequest('too many inline query results specified');
    return true;
  }),
  answerShippingQuery: answers('shipping', 'shipping_query_id', checkVerdict),
  answerPreCheckoutQuery: answers('pre_checkout', 'pre_checkout_query_id', checkVerdict),
  answerWebAppQuery: answers('web_app', 'web_app_query_id', inlineMessage),
  answerGuestQuery: answers('guest', 'guest_query_id', inlineMessage),
} as const satisfies Record<string, MethodRow>;

function answers(kind: PendingQuery['kind'], idName: string, result: (call: Call) => unknown): MethodRow {
  return {
    required: [idName],
    run(call) {
      const query = call.bot.queries.get(call.params.text(idName));
      if (!query || query.kind !== kind || query.expiresAt <= call.state.clock.now() || query.answer) {
        throw badRequest('query is too old and response timeout expired or query ID is invalid');
      }
      const answer = result(call);
      query.answer = { ...call.params.values };
      return answer;
    },
  };
}

function checkVerdict({ params }: Call): true {
  if (!params.boolean('ok') && !params.has('error_message'))
    throw badRequest('parameter "error_message" is required');
  return true;
}

function inlineMessage(call: Call): { inline_message_id: string } {
  call.state.ids.query += 1;
  return { inline_message_id: `AgAAAM${Buffer.from(String(call.state.ids.query)).toString('base64url')}` };
}
