import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { headers, type MsgHdrs } from 'nats';
import { messageOf } from '../../messages/errors.js';

/**
 * W3C trace context over the bus. Without an OpenTelemetry SDK in the process there is never an active context, so
 * nothing is put into headers, no span is made, and a message costs two comparisons.
 */
const tracer = trace.getTracer('vigil');

/** The active context; undefined outside of any trace. */
export function activeTrace(): Context | undefined {
  const active = context.active();
  return active === ROOT_CONTEXT ? undefined : active;
}

/** Headers that carry the active trace on; undefined outside of any. */
export function traceHeaders(): MsgHdrs | undefined {
  const active = activeTrace();
  if (active === undefined) return undefined;
  const carrier: Record<string, string> = {};
  propagation.inject(active, carrier);
  const entries = Object.entries(carrier);
  if (entries.length === 0) return undefined;
  const carried = headers();
  for (const [name, value] of entries) carried.set(name, value);
  return carried;
}

/** Runs `action` in the trace that a message's headers carry, if any. */
export function inTraceOf<T>(carried: MsgHdrs | undefined, action: () => T): T {
  if (carried === undefined) return action();
  const carrier = Object.fromEntries(carried.keys().map((name) => [name.toLowerCase(), carried.get(name)]));
  const extracted = propagation.extract(ROOT_CONTEXT, carrier);
  return extracted === ROOT_CONTEXT ? action() : context.with(extracted, action);
}

/** Runs `action` in `captured`. */
export function inTrace<T>(captured: Context | undefined, action: () => T): T {
  return captured === undefined ? action() : context.with(captured, action);
}

/** Runs `action` as a span of the active trace; outside of any, just runs it. */
export function inSpan<T>(name: string, attributes: Attributes, action: () => Promise<T>): Promise<T> {
  return activeTrace() === undefined ? action() : inRootSpan(name, attributes, action);
}

/** The same, beginning a trace where there is none. */
export function inRootSpan<T>(name: string, attributes: Attributes, action: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await action();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}
