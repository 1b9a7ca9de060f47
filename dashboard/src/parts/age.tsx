import { now, span } from '../state/clock';

/** How long ago, by the clock that wrote it; the exact time stands in the title. */
export function Age({ at, suffix = ' ago' }: { at: string | number | null | undefined; suffix?: string }) {
  if (at === null || at === undefined) return <span class="faint">never</span>;
  const time = typeof at === 'number' ? at : Date.parse(at);
  return (
    <time dateTime={new Date(time).toISOString()} title={new Date(time).toLocaleString()}>
      {span(now.value - time)}
      {suffix}
    </time>
  );
}
