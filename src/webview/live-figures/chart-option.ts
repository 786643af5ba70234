import type { EChartsCoreOption } from 'echarts/core';
import type { ChartLine, LiveChart } from '../../protocol/live-figures.ts';
import { axisColors, chartBase, tooltipColors } from '../shared/chart-theme.ts';
import { element } from '../shared/dom.ts';
import { seriesColor, themeColor } from '../shared/theme.ts';
import type { Figure } from './figures.ts';

const WINDOW_MS = 15 * 60_000;
/** Soon after the start the axis is no longer than what there is to see, and no shorter than this. */
const SHORTEST_MS = 2 * 60_000;
/** Lines that a hover names; the others it counts. */
const MOST_NAMED = 8;
const COLORS = 8;
const STROKES = ['solid', 'dashed', 'dotted'] as const;

/** A line with its place in the colours, which it keeps while others are hidden. */
export interface DrawnLine {
  readonly line: ChartLine;
  readonly index: number;
}

/** The colours come again after eight lines, then with another stroke. */
export function strokeOf(index: number): (typeof STROKES)[number] {
  return STROKES[Math.floor(index / COLORS) % STROKES.length] ?? 'solid';
}

export function figureOption(figure: Figure, drawn: readonly DrawnLine[], chart: LiveChart): EChartsCoreOption {
  const end = chart.times.at(-1) ?? 0;
  const start = end - Math.min(WINDOW_MS, Math.max(SHORTEST_MS, end - (chart.times[0] ?? end)));
  const colors = axisColors();
  return {
    ...chartBase(),
    grid: { left: 8, right: 16, top: 12, bottom: 8, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    xAxis: {
      type: 'time',
      min: start,
      max: end,
      ...colors,
      splitLine: { show: false },
      axisLabel: { color: themeColor('foreground', '#888'), hideOverlap: true, formatter: '{HH}:{mm}' },
      splitNumber: 4,
      minInterval: 60_000,
    },
    yAxis: {
      type: 'value',
      min: 0,
      ...(figure.most === undefined
        ? { splitNumber: 3, minInterval: 1 }
        : { max: figure.most, interval: figure.most / 4 }),
      ...colors,
      axisLabel: { color: themeColor('foreground', '#888'), formatter: (value: number) => axisLabel(figure, value) },
    },
    tooltip: tooltip(figure),
    series: drawn.map(({ line, index }) => ({
      id: line.id,
      type: 'line',
      name: line.label,
      data: points(line.figures[figure.id], chart),
      symbol: 'none',
      connectNulls: false,
      lineStyle: { color: seriesColor(index), width: 1.5, type: strokeOf(index) },
      itemStyle: { color: seriesColor(index) },
      emphasis: { disabled: true },
    })),
  };
}

type Point = readonly [number, number | null];

/** Time and value of each round, with an empty one where nobody looked for a while. A value between two gaps is no line: it is a dot. */
function points(
  values: readonly (number | null)[],
  { times, gapMs }: LiveChart,
): readonly (Point | { readonly value: Point; readonly symbol: 'circle'; readonly symbolSize: number })[] {
  const drawn = times.flatMap((time, round): readonly Point[] => {
    const before = times[round - 1];
    const point = [time, values[round] ?? null] as const;
    return before !== undefined && time - before > gapMs ? [[before + 1, null], point] : [point];
  });
  const isKnown = (index: number): boolean => drawn[index]?.[1] != null;
  return drawn.map((value, index) =>
    isKnown(index) && !isKnown(index - 1) && !isKnown(index + 1) ? { value, symbol: 'circle', symbolSize: 5 } : value,
  );
}

function axisLabel(figure: Figure, value: number): string {
  if (figure.most === 1) return String(Math.round(value * 100));
  return Math.abs(value) >= 10_000 ? `${Math.round(value / 1000)}k` : String(value);
}

interface TooltipItem {
  readonly seriesName?: string;
  readonly value?: readonly [number, number | null];
  readonly color?: string;
}

/** Built as elements: a page without inline styles has no place for ECharts' own markup. */
function tooltip(figure: Figure): object {
  return {
    trigger: 'axis',
    ...tooltipColors(),
    axisPointer: { lineStyle: { color: themeColor('descriptionForeground', '#888') } },
    formatter(items: readonly TooltipItem[]): HTMLElement {
      const known = items
        .filter(({ value }) => value?.[1] != null)
        .toSorted((a, b) => (b.value?.[1] ?? 0) - (a.value?.[1] ?? 0));
      const time = items[0]?.value?.[0];
      return element('div', {}, [
        element('strong', {
          text: `${time === undefined ? '' : new Date(time).toLocaleTimeString()} · ${figure.title}`,
        }),
        ...known.slice(0, MOST_NAMED).map(({ seriesName, value, color }) => {
          const swatch = element('span', { class: 'swatch' });
          swatch.style.setProperty('--swatch', color ?? 'transparent');
          return element('div', { class: 'hover-line' }, [
            swatch,
            element('span', { text: seriesName ?? '' }),
            element('b', { text: `${figure.format(value?.[1] ?? null)}${figure.most === 1 ? '' : ` ${figure.unit}`}` }),
          ]);
        }),
        known.length > MOST_NAMED
          ? element('div', { class: 'muted', text: `and ${known.length - MOST_NAMED} more` })
          : undefined,
        known.length === 0 ? element('div', { class: 'muted', text: 'not known' }) : undefined,
      ]);
    },
  };
}
