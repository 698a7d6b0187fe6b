import type { ClientEvent, EventListener } from './events.ts';

/** A pino logger, or any other that takes an object and a message. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

type Level = keyof Logger;

/**
 * An `onEvent` that writes a log line per event: what goes well at `debug`, failed calls, repetitions and rate limits
 * at `warn`, an opened circuit at `error`. The fields are the event's own.
 */
export function pinoEvents(logger: Logger): EventListener {
  return (event) => {
    const [level, message] = lineOf(event);
    logger[level](event, message);
  };
}

function lineOf(event: ClientEvent): readonly [Level, string] {
  switch (event.type) {
    case 'call_started':
      return ['debug', `${event.service} ${event.operation} started`];
    case 'attempt_finished':
      return ['debug', `${event.service} ${event.operation} attempt ${event.attempt}: ${event.code}`];
    case 'retry_scheduled':
      return ['warn', `${event.service} ${event.operation} is repeated after ${event.code}`];
    case 'call_finished':
      return [
        event.code === 'ok' || event.code === 'aborted' ? 'debug' : 'warn',
        `${event.service} ${event.operation}: ${event.code}`,
      ];
    case 'circuit_changed':
      return [event.circuit === 'open' ? 'error' : 'info', `${event.service} circuit is ${event.circuit}`];
    case 'rate_limited':
      return ['warn', `${event.service} ${event.operation} hit the provider's rate limit`];
    case 'webhook_received':
      return [event.code === 'ok' ? 'debug' : 'warn', `${event.service} webhook: ${event.code}`];
  }
}
