import {
  type Attributes,
  type Context,
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { headers, type Msg, type MsgHdrs } from 'nats';
import { messageOf, VigilError } from '../../messages/errors.js';
import { ATTRIBUTES, messagingAttributes, SCHEMA_URL, SPANS } from '../../messages/telemetry.js';

/**
 * W3C trace context over the bus. Without an OpenTelemetry SDK in the process there is never an active context, so
 * nothing is put into headers, no span is made, and a message costs two comparisons.
 */
const tracer = trace.getTracerProvider().getTracer('vigil', undefined, { schemaUrl: SCHEMA_URL });

/** The subject that a message came in on, from its intake to its handler. */
const DESTINATION = createContextKey('vigil.destination');

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

/** Runs `action` in the trace that a message's headers carry, if any. Its subject is decoded for those alone. */
export function inTraceOf<T>(message: Pick<Msg, 'headers' | 'subject'>, action: () => T): T {
  const carried = message.headers;
  if (carried === undefined) return action();
  const carrier = Object.fromEntries(carried.keys().map((name) => [name.toLowerCase(), carried.get(name)]));
  const extracted = propagation.extract(ROOT_CONTEXT, carrier);
  if (extracted === ROOT_CONTEXT) return action();
  return context.with(extracted.setValue(DESTINATION, message.subject), action);
}

/** Runs `action` in `captured`. */
export function inTrace<T>(captured: Context | undefined, action: () => T): T {
  return captured === undefined ? action() : context.with(captured, action);
}

export interface SpanSpec {
  readonly name: string;
  /** Whose side of what is done it is; `internal` when absent. */
  readonly kind?: keyof typeof KINDS;
  readonly attributes: Attributes;
}

const KINDS = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Runs `action` as a span of the active trace; outside of any, just runs it. */
export function inSpan<T>(spec: SpanSpec, action: (span: Span | undefined) => Promise<T>): Promise<T> {
  return activeTrace() === undefined ? action(undefined) : inRootSpan(spec, action);
}

/** The same, beginning a trace where there is none. */
export function inRootSpan<T>(spec: SpanSpec, action: (span: Span) => Promise<T>): Promise<T> {
  const { name, kind = 'internal', attributes } = spec;
  return tracer.startActiveSpan(name, { kind: KINDS[kind], attributes }, async (span) => {
    try {
      return await action(span);
    } catch (error) {
      span.setAttribute(ATTRIBUTES.errorType, errorType(error));
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** A message to `subject`, from its sending to what comes of it. */
export function inSendSpan<T>(subject: string, attributes: Attributes, action: () => Promise<T>): Promise<T> {
  return inSpan(
    {
      name: `${SPANS.send} ${subject}`,
      kind: 'producer',
      attributes: { ...messagingAttributes('send', subject), ...attributes },
    },
    action,
  );
}

/**
 * What a receiver does with a message of the active trace. One that came over the broker says on which subject.
 *
 * @param what named when it came in no other way than by a call.
 */
export function inProcessSpan<T>(what: string, attributes: Attributes, action: () => Promise<T>): Promise<T> {
  const active = activeTrace();
  if (active === undefined) return action();
  const subject = active.getValue(DESTINATION);
  const over = typeof subject === 'string';
  const spec: SpanSpec = {
    name: `${SPANS.process} ${over ? subject : what}`,
    kind: over ? 'consumer' : 'internal',
    attributes: { ...(over ? messagingAttributes('process', subject) : {}), ...attributes },
  };
  // What the receiver sends on has a subject of its own.
  return context.with(active.deleteValue(DESTINATION), () => inRootSpan(spec, action));
}

/** A code, a status of HTTP or a class: of few values, and without what somebody wrote. */
export function errorType(error: unknown): string {
  if (error instanceof VigilError) return error.code;
  if (!(error instanceof Error)) return '_OTHER';
  return 'status' in error && typeof error.status === 'number' ? `${error.status}` : error.constructor.name;
}
