const WIDTH = 96;
const HEIGHT = 24;
const PAD = 2;

/** Alignment over the latest verdicts, 0 to 100, oldest first. */
export function Sparkline({ points, bad }: { points: readonly number[]; bad: boolean }) {
  if (points.length === 0) return <span class="spark faint">not judged</span>;
  const step = (WIDTH - 2 * PAD) / Math.max(1, points.length - 1);
  const y = (value: number) => HEIGHT - PAD - (value / 100) * (HEIGHT - 2 * PAD);
  const x = (i: number) => (points.length === 1 ? WIDTH - PAD : PAD + i * step);
  const line = points.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const last = points.at(-1) ?? 0;
  return (
    <svg
      class={bad ? 'spark bad' : 'spark'}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={`alignment ${points.slice(-6).join(', ')}`}
    >
      <line x1={PAD} x2={WIDTH - PAD} y1={y(50)} y2={y(50)} class="mid" />
      {points.length > 1 && <polyline points={line} />}
      <circle cx={x(points.length - 1)} cy={y(last)} r="2.2" />
    </svg>
  );
}
