import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../state/theme';

const HEIGHT = 150;

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** A score, 0 to 1, over time. @param points epoch milliseconds and score, oldest first. */
export function ScoreChart({
  label,
  points,
}: {
  label: string;
  points: readonly (readonly [number, number, ...unknown[]])[];
}) {
  const place = useRef<HTMLDivElement>(null);
  const shade = theme.value;
  useEffect(() => {
    const element = place.current;
    if (element === null || points.length < 2) return;
    const axis = {
      stroke: colour('--faint'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
      font: '11px system-ui',
    };
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        scales: { y: { range: [0, 1] } },
        axes: [axis, { ...axis, size: 46, splits: () => [0, 0.25, 0.5, 0.75, 1] }],
        series: [
          {},
          {
            label,
            stroke: colour('--accent'),
            width: 2,
            fill: colour('--accent-wash'),
            points: { show: points.length < 40, size: 4 },
          },
        ],
      },
      [points.map(([at]) => at / 1_000), points.map(([, score]) => score)],
      element,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [points, label, shade]);
  if (points.length < 2)
    return (
      <p class="faint">{points.length === 0 ? 'Nothing yet.' : 'One figure so far; a curve needs two.'}</p>
    );
  const scores = points.map(([, score]) => score);
  const text = `${label}: ${points.length} figures, lowest ${Math.min(...scores).toFixed(2)}, latest ${scores.at(-1)?.toFixed(2)}`;
  return <div ref={place} class="chart" role="img" aria-label={text} />;
}
