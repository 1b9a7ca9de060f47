import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface VirtualListProps<T> {
  readonly label: string;
  readonly items: readonly T[];
  /** CSS pixels; every row has this height. */
  readonly rowHeight: number;
  readonly keyOf: (item: T) => string | number;
  readonly render: (item: T, index: number) => ComponentChildren;
  /** Row to bring into view when it changes. */
  readonly reveal?: number | undefined;
  /** Stay at the end as it grows, unless somebody scrolled away from it. */
  readonly stickToEnd?: boolean;
  readonly class?: string;
  /** Called when the first rows come near, to get those before them. */
  readonly onStart?: (() => void) | undefined;
}

const OVERSCAN = 8;
/** Rows from the start at which the ones before are asked for. */
const NEAR_START = 20;

/** A list that draws only the rows that are seen: ten thousand cost what thirty do. */
export function VirtualList<T>({
  label,
  items,
  rowHeight,
  keyOf,
  render,
  reveal,
  stickToEnd = false,
  class: className = '',
  onStart,
}: VirtualListProps<T>) {
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const atEnd = useRef(true);

  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    setHeight(element.clientHeight);
    return () => observer.disconnect();
  }, []);

  // Rows that come before the ones that are seen do not move them.
  const firstKey = useRef<string | number | undefined>(undefined);
  useLayoutEffect(() => {
    const element = frame.current;
    const known = firstKey.current;
    const first = items[0];
    firstKey.current = first === undefined ? undefined : keyOf(first);
    if (element === null || known === undefined || known === firstKey.current) return;
    const added = items.findIndex((item) => keyOf(item) === known);
    if (added > 0) element.scrollTop += added * rowHeight;
  }, [items, keyOf, rowHeight]);

  useLayoutEffect(() => {
    const element = frame.current;
    if (element !== null && stickToEnd && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [items.length, stickToEnd]);

  useEffect(() => {
    const element = frame.current;
    if (element === null || reveal === undefined || reveal < 0) return;
    const from = reveal * rowHeight;
    if (from < element.scrollTop || from + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = Math.max(0, from - element.clientHeight / 3);
  }, [reveal, rowHeight]);

  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const last = Math.min(items.length, Math.ceil((top + height) / rowHeight) + OVERSCAN);
  return (
    <section
      ref={frame}
      class={`virtual ${className}`}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
      tabIndex={0}
      onScroll={({ currentTarget }) => {
        setTop(currentTarget.scrollTop);
        if (currentTarget.scrollTop < NEAR_START * rowHeight) onStart?.();
        atEnd.current =
          currentTarget.scrollTop + currentTarget.clientHeight > currentTarget.scrollHeight - rowHeight;
      }}
    >
      <ul style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(first, last).map((item, i) => (
          <li
            key={keyOf(item)}
            style={{ transform: `translateY(${(first + i) * rowHeight}px)`, height: `${rowHeight}px` }}
            aria-setsize={items.length}
            aria-posinset={first + i + 1}
          >
            {render(item, first + i)}
          </li>
        ))}
      </ul>
    </section>
  );
}
