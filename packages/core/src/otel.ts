import type { ClientEvent, EventListener } from './events.ts';

type Attributes = Record<string, string | number>;

interface Span {
  setAttributes(attributes: Attributes): unknown;
  setStatus(status: { code: number }): unknown;
  addEvent(name: string, attributes: Attributes): unknown;
  end(): void;
}

interface Counter {
  add(value: number, attributes: Attributes): void;
}

interface Histogram {
  record(value: number, attributes: Attributes): void;
}

interface Instrument {
  readonly description: string;
  readonly unit: string;
}

/** `@opentelemetry/api`, as far as it is used here: `import * as api from '@opentelemetry/api'`. */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(name: string): {
      startSpan(name: string, options: { kind: number; attributes: Attributes }): Span;
    };
  };
  readonly metrics: {
    getMeter(name: string): {
      createHistogram(name: string, options: Instrument): Histogram;
      createCounter(name: string, options: Instrument): Counter;
    };
  };
}

// Values of OpenTelemetry's enums SpanKind and SpanStatusCode; they are part of its stable API.
const spanKindClient = 2;
const spanStatusError = 2;

/**
 * An `onEvent` that feeds OpenTelemetry: a client span per call with an event per attempt, and metrics of calls,
 * attempts, repetitions, rate limits, circuits and webhooks. Names and attributes follow the
 * [semantic conventions](https://opentelemetry.io/docs/specs/semconv/) where they have one. Durations are seconds.
 */
export function otelEvents({ trace, metrics }: OpenTelemetryApi): EventListener {
  const tracer = trace.getTracer('@cartie/core');
  const meter = metrics.getMeter('@cartie/core');
  const histogram = (name: string, description: string): Histogram =>
    meter.createHistogram(name, { description, unit: 's' });
  const calls = histogram('cartie.client.call.duration', 'Calls, with waiting and repetitions');
  const attempts = histogram('cartie.client.attempt.duration', 'Single attempts of calls');
  const webhooks = histogram('cartie.webhook.duration', 'Webhook requests');
  const retries = meter.createCounter('cartie.client.retries', {
    description: 'Attempts that were repeated',
    unit: '{attempt}',
  });
  const limited = meter.createCounter('cartie.client.rate_limited', {
    description: 'Answers by which the provider asked for less',
    unit: '{answer}',
  });
  const circuits = meter.createCounter('cartie.client.circuit.changes', {
    description: 'Changes of circuits to a state',
    unit: '{change}',
  });
  const spans = new Map<string, Span>();

  return (event) => {
    switch (event.type) {
      case 'call_started':
        spans.set(
          event.callId,
          tracer.startSpan(`${event.service} ${event.operation}`, {
            kind: spanKindClient,
            attributes: peerOf(event),
          }),
        );
        return;
      case 'attempt_finished':
        attempts.record(event.durationMs / 1000, resultOf(event));
        spans.get(event.callId)?.addEvent('attempt', { ...resultOf(event), 'cartie.attempt': event.attempt });
        return;
      case 'retry_scheduled':
        retries.add(1, { ...peerOf(event), 'error.type': event.code });
        return;
      case 'call_finished': {
        calls.record(event.durationMs / 1000, resultOf(event));
        const span = spans.get(event.callId);
        spans.delete(event.callId);
        span?.setAttributes({
          ...resultOf(event),
          'http.request.resend_count': Math.max(0, event.attempts - 1),
          ...(event.outcome && { 'cartie.outcome': event.outcome }),
          ...(event.requestId && { 'cartie.request.id': event.requestId }),
        });
        if (isError(event.code)) span?.setStatus({ code: spanStatusError });
        span?.end();
        return;
      }
      case 'circuit_changed':
        circuits.add(1, { 'peer.service': event.service, 'cartie.circuit.state': event.circuit });
        return;
      case 'rate_limited':
        limited.add(1, peerOf(event));
        return;
      case 'webhook_received':
        webhooks.record(event.durationMs / 1000, {
          'peer.service': event.service,
          'http.response.status_code': event.status,
          ...(isError(event.code) && { 'error.type': event.code }),
        });
    }
  };
}

function peerOf({ service, operation }: { service: string; operation: string }): Attributes {
  return { 'peer.service': service, 'rpc.method': operation };
}

function resultOf(event: Extract<ClientEvent, { type: 'attempt_finished' | 'call_finished' }>): Attributes {
  return {
    ...peerOf(event),
    ...(event.status !== undefined && { 'http.response.status_code': event.status }),
    ...(isError(event.code) && { 'error.type': event.code }),
  };
}

function isError(code: string): boolean {
  return code !== 'ok' && code !== 'aborted';
}
