// Loaded with --import into every process of a test: records spans as JSON lines, as an OpenTelemetry SDK would send them.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpanStatusCode } from '@opentelemetry/api';
import { NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';

const folder = process.env['SPANS_FOLDER'] ?? '.';

const exporter = {
  export(spans: ReadableSpan[], done: (result: { code: number }) => void): void {
    for (const span of spans) {
      const { traceId, spanId } = span.spanContext();
      const line = {
        name: span.name,
        kind: span.kind,
        error: span.status.code === SpanStatusCode.ERROR,
        scope: span.instrumentationScope,
        traceId,
        spanId,
        parent: span.parentSpanContext?.spanId,
        attributes: span.attributes,
        pid: process.pid,
      };
      appendFileSync(join(folder, 'spans.jsonl'), `${JSON.stringify(line)}\n`);
    }
    done({ code: 0 });
  },
  shutdown: async () => {},
};

new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
