import { apiFailure } from './api-failure.ts';
import { success } from './found.ts';
import { shownNumber } from './number-operations.ts';
import type { OperationParts } from './operation-parts.ts';
import { page } from './pages.ts';
import type { Operations } from './routes.ts';

/** The WhatsApp Business account: its numbers, and which app gets its webhooks. */
export function accountOperations({
  state,
  found,
  setWebhook,
}: OperationParts): Pick<Operations, 'numbers' | 'subscriptions' | 'subscribe' | 'unsubscribe'> {
  return {
    numbers: ({ id, params }) => page(found.ofAccount(id).map(shownNumber), params),
    subscriptions: ({ id }) => {
      found.ofAccount(id);
      const known = state.subscriptions.get(id);
      return { data: known ? [known] : [] };
    },
    async subscribe({ id, params }) {
      const numbers = found.ofAccount(id);
      const [first] = numbers;
      const { override_callback_uri, verify_token } = params;
      if (override_callback_uri !== undefined) {
        const target = { url: String(override_callback_uri), verifyToken: String(verify_token) };
        try {
          for (const number of numbers) await setWebhook(number, target);
        } catch {
          throw apiFailure(100, 'The callback URL could not be verified.');
        }
      }
      state.subscriptions.set(id, {
        whatsapp_business_api_data: { id: first?.appId, name: 'Sandbox', link: 'https://app.example/' },
        ...(override_callback_uri !== undefined && { override_callback_uri }),
      });
      return success;
    },
    unsubscribe({ id }) {
      found.ofAccount(id);
      state.subscriptions.delete(id);
      return success;
    },
  };
}
