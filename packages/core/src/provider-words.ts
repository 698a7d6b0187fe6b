import type { Answer, CallerConfig } from './caller.ts';
import type { ProviderFailure } from './errors.ts';
import { holdsSecret, redactText } from './redaction.ts';

/** What a provider said about a failure, made safe to show. */
export function providerWords(
  { provider, field }: { provider?: ProviderFailure | undefined; field?: string | undefined },
  config: CallerConfig,
): { provider: ProviderFailure | undefined; field: string | undefined } {
  const secrets = config.secrets?.() ?? [];
  const shown = <T>(value: T): T | string => (typeof value === 'string' ? redactText(value, secrets) : value);
  return {
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
  const id = config.requestId?.(answer);
  if (id === undefined || !/^[\w.:/+=-]{1,200}$/.test(id)) return undefined;
  return holdsSecret(id, config.secrets?.() ?? []) ? undefined : id;
}
