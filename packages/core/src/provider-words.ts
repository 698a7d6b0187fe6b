import type { Answer, CallerConfig, Failure } from './caller.ts';
import { holdsSecret, redactText } from './redaction.ts';

/** The parts of a failure that may hold a provider's words, made safe to show. */
export function providerWords(
  { message, provider, field }: Failure,
  config: CallerConfig,
): Pick<Failure, 'message' | 'provider' | 'field'> {
  const secrets = config.secrets?.() ?? [];
  const shown = <T>(value: T): T | string => (typeof value === 'string' ? redactText(value, secrets) : value);
  return {
    message: shown(message),
    field: shown(field),
    provider: provider && {
      code: shown(provider.code),
      subcode: shown(provider.subcode),
      message: shown(provider.message),
    },
  };
}

/** The provider's id of the request, where it looks like an id and nothing else. */
export function requestIdOf(config: CallerConfig, answer: Answer): string | undefined {
  try {
    const id = config.requestId?.(answer);
    if (typeof id !== 'string' || !/^[\w.:/+=-]{1,200}$/.test(id)) return undefined;
    return holdsSecret(id, config.secrets?.() ?? []) ? undefined : id;
  } catch {
    // An answer without the id is as good.
    return undefined;
  }
}
