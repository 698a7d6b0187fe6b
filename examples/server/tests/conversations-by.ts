import type { ConversationSummary, ThreadMessage } from '../src/conversation-views.ts';
import { type TestServer, until } from './test-server.ts';

/** A conversation as the API lists it. */
export type Conversation = ConversationSummary & {
  readonly noReply: string | null;
  readonly windowEndsAt: number | null;
};

/** Reads conversations, each known by the value of a field. */
export interface ConversationsBy {
  /** Waits until it is there, and as it should be. */
  conversationOf(value: string, holds?: (found: Conversation) => boolean): Promise<Conversation>;
  /** Waits until its messages are as they should be. */
  threadOf(value: string, holds: (messages: ThreadMessage[]) => boolean): Promise<ThreadMessage[]>;
}

/** Creates {@link ConversationsBy}. */
export function conversationsBy(
  field: 'title' | 'externalId' | 'phone',
  server: Pick<TestServer, 'get'>,
): ConversationsBy {
  const conversationOf = (value: string, holds: (found: Conversation) => boolean = () => true) =>
    until(
      async () => (await server.get<Conversation[]>('/conversations')).find((one) => one[field] === value),
      (found) => found !== undefined && holds(found),
    ) as Promise<Conversation>;
  return {
    conversationOf,
    async threadOf(value, holds) {
      const { id } = await conversationOf(value);
      return until(() => server.get<ThreadMessage[]>(`/conversations/${id}/messages`), holds);
    },
  };
}
