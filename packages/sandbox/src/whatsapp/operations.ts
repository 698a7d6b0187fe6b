import { accountOperations } from './account-operations.ts';
import { apiFailure } from './api-failure.ts';
import { flowOperations } from './flow-operations.ts';
import { createFound, success } from './found.ts';
import type { Input } from './handlers.ts';
import { mediaOperations } from './media-operations.ts';
import { numberOperations } from './number-operations.ts';
import type { OperationParts } from './operation-parts.ts';
import type { Operations } from './routes.ts';
import { templateOperations } from './template-operations.ts';

/** Builds every operation of the Cloud API that the sandbox has. */
export function createOperations(given: Omit<OperationParts, 'found'>): Operations {
  const found = createFound(given.state);
  const parts = { ...given, found };
  const send = (isMarketing: boolean) => (input: Input) => {
    const own = found.number(input.id);
    if (!own.registered) throw apiFailure(133010, 'The phone number is not registered.');
    const { appsecret_proof: _proof, ...body } = input.params;
    if (body.status === 'read') return markRead(body);
    return given.sending.send(own, body, isMarketing);
  };

  function markRead({ message_id: id }: Readonly<Record<string, unknown>>): object {
    const message = given.state.messages.get(String(id));
    if (message?.from !== 'customer')
      throw apiFailure(131009, 'The parameter message_id is not of a message received.');
    message.readByBusiness = true;
    return success;
  }

  return {
    messages: send(false),
    marketing_messages: send(true),
    ...mediaOperations(parts),
    ...templateOperations(parts),
    ...flowOperations(parts),
    ...numberOperations(parts),
    ...accountOperations(parts),
  };
}
