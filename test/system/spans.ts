import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SpanKind } from '@opentelemetry/api';
import { headers } from 'nats';
import { jsonLines, until } from './processes.js';

/** As `record-spans.ts` writes them. */
export interface Span {
  name: string;
  kind: SpanKind;
  error: boolean;
  scope: { name: string; schemaUrl?: string };
  traceId: string;
  spanId: string;
  parent?: string;
  pid: number;
  attributes: Record<string, unknown>;
}

/** The span of the client that the trace begins with. */
export const CLIENT_SPAN = 'b7ad6b7169203331';

/** Environment of a `vigil` whose processes record their spans in `folder`. */
export function recordingIn(folder: string): Record<string, string> {
  const setup = new URL('./record-spans.js', import.meta.url).href;
  return { NODE_OPTIONS: `--import ${setup}`, SPANS_FOLDER: folder };
}

/** Headers of a client's message in this trace. @param trace 32 hexadecimal digits. */
export function inTrace(trace: string, id: string) {
  const own = headers();
  own.set('traceparent', `00-${trace}-${CLIENT_SPAN}-01`);
  own.set('Nats-Msg-Id', id);
  return own;
}

/** The spans of one trace, once they are what `complete` waits for. */
export function spansOf(
  folder: string,
  trace: string,
  what: string,
  complete: (spans: readonly Span[]) => boolean,
): Promise<Span[]> {
  const file = join(folder, 'spans.jsonl');
  return until(what, () => {
    if (!existsSync(file)) return undefined;
    // The last line may be half written.
    const text = readFileSync(file, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const found = (jsonLines(whole) as unknown as Span[]).filter(({ traceId }) => traceId === trace);
    return complete(found) ? found : undefined;
  });
}
