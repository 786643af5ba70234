import type { EChartsCoreOption } from 'echarts/core';
import {
  latencyChart,
  paretoChart,
  throughputChart,
  type Chart,
  type ChartPoint,
  type ChartSeries,
  type LatencyMetric,
} from '../../benchmarks/series.ts';
import { formatMeasure, formatNumber } from '../../protocol/format.ts';
import { axisColors, chartBase, tooltipColors } from '../shared/chart-theme.ts';
import { element } from '../shared/dom.ts';
import { seriesColor, themeColor } from '../shared/theme.ts';
import type { ShownRun } from './model.ts';

export type ChartKind = 'latency' | 'throughput' | 'pareto' | 'workers';

export interface ChartChoice {
  readonly kind: ChartKind;
  readonly metric: LatencyMetric;
  readonly logarithmic: boolean;
}

export interface DrawnChart {
  readonly option: EChartsCoreOption;
  /** Why there is nothing to see, or what was left out. */
  readonly note: string | undefined;
  readonly empty: boolean;
}

export function drawChart(runs: readonly ShownRun[], choice: ChartChoice): DrawnChart {
  switch (choice.kind) {
    case 'latency':
      return linesOption(latencyChart(runs, choice.metric, ['median', 'p99']), runs, choice);
    case 'throughput':
      return linesOption(throughputChart(runs, 'output'), runs, choice);
    case 'pareto':
      return paretoOption(runs);
    case 'workers':
      return workersOption(runs);
  }
}

function linesOption(chart: Chart, runs: readonly ShownRun[], { logarithmic }: ChartChoice): DrawnChart {
  const option = {
    ...frame(),
    xAxis: {
      type: logarithmic ? 'log' : 'value',
      logBase: 2,
      name: chart.x.title,
      nameLocation: 'middle',
      nameGap: 30,
      min: logarithmic ? 'dataMin' : 0,
      ...axisColors(),
    },
    yAxis: valueAxis(chart.y.title),
    tooltip: tooltip(chart),
    series: chart.series.map((series) => {
      const color = colorOf(series, runs);
      const dashed = series.id.endsWith('/p99');
      return {
        type: 'line',
        name: series.name,
        data: series.points.filter((point) => !logarithmic || point.x > 0).map(datum),
        symbol: 'circle',
        symbolSize: 7,
        lineStyle: { color, width: 2, type: dashed ? 'dashed' : 'solid' },
        // Hollow points for p99, so that the two lines of a run differ at each point too.
        itemStyle: {
          color: dashed ? themeColor('editor-background', '#fff') : color,
          borderColor: color,
          borderWidth: 2,
        },
      };
    }),
  };
  return drawn(option, chart);
}

function paretoOption(runs: readonly ShownRun[]): DrawnChart {
  const chart = paretoChart(runs);
  const best = new Set(chart.frontier);
  const text = themeColor('foreground', '#888');
  const muted = themeColor('descriptionForeground', '#888');
  const option = {
    ...frame(),
    xAxis: { ...valueAxis(chart.x.title), nameRotate: 0, nameGap: 30, scale: true },
    yAxis: valueAxis(chart.y.title),
    tooltip: tooltip(chart),
    series: [
      ...chart.series.map((series) => ({
        type: 'scatter',
        name: series.name,
        symbolSize: 10,
        itemStyle: { color: colorOf(series, runs) },
        data: series.points.map((point) => ({
          ...datum(point),
          itemStyle: { opacity: best.has(point) ? 1 : 0.4 },
          label: { show: best.has(point), formatter: '{b}', position: 'top', color: text },
        })),
      })),
      {
        type: 'line',
        name: 'Pareto frontier',
        data: chart.frontier.map(datum),
        showSymbol: false,
        silent: true,
        lineStyle: { type: 'dashed', width: 1.5, color: muted },
        itemStyle: { color: muted },
      },
    ],
  };
  return drawn(option, chart);
}

/** Each worker's own throughput; the cards below say what they make together. */
function workersOption(runs: readonly ShownRun[]): DrawnChart {
  const withWorkers = runs.flatMap((run) =>
    run.figures.aggregate ? [{ run, workers: run.figures.aggregate.workers }] : [],
  );
  const indexes = Array.from(
    { length: Math.max(0, ...withWorkers.flatMap(({ workers }) => workers.map((worker) => worker.index + 1))) },
    (_, index) => index,
  );
  const option = {
    ...frame(),
    xAxis: {
      type: 'category',
      name: 'Worker',
      nameLocation: 'middle',
      nameGap: 30,
      data: indexes.map((index) => `worker ${index}`),
      ...axisColors(),
    },
    yAxis: valueAxis('Output throughput of the worker (tok/s)'),
    tooltip: tooltip({ x: { title: '' }, y: { title: 'Output throughput of the worker (tok/s)' } }),
    series: withWorkers.map(({ run, workers }) => ({
      type: 'bar',
      name: run.label,
      barMaxWidth: 64,
      itemStyle: { color: seriesColor(run.color) },
      data: indexes.map((index) => workers.find((worker) => worker.index === index)?.output_token_throughput ?? null),
    })),
  };
  return {
    option,
    empty: withWorkers.length === 0,
    note: withWorkers.length === 0 ? 'None of the chosen runs had parallel workers.' : undefined,
  };
}

function drawn(option: EChartsCoreOption, chart: Chart): DrawnChart {
  const empty = chart.series.every((series) => series.points.length === 0);
  if (empty)
    return {
      option,
      empty,
      note: `The files of the chosen runs do not say both ${chart.x.title} and ${chart.y.title}.`,
    };
  return {
    option,
    empty,
    note: chart.leftOut > 0 ? `${chart.leftOut} points are not drawn: their files do not say both figures.` : undefined,
  };
}

function datum({ x, y, label }: ChartPoint): { readonly value: readonly [number, number]; readonly name: string } {
  return { value: [x, y], name: label };
}

function colorOf(series: ChartSeries, runs: readonly ShownRun[]): string {
  return seriesColor(runs.find((run) => run.id === series.runId)?.color ?? 0);
}

function frame(): EChartsCoreOption {
  const text = themeColor('foreground', '#888');
  return {
    ...chartBase(),
    grid: { left: 40, right: 24, top: 44, bottom: 40, containLabel: true },
    legend: {
      type: 'scroll',
      top: 4,
      left: 12,
      right: 12,
      textStyle: { color: text },
      pageTextStyle: { color: text },
      pageIconColor: text,
      inactiveColor: themeColor('disabledForeground', '#666'),
    },
  };
}

function valueAxis(name: string): object {
  return { type: 'value', name, nameLocation: 'middle', nameRotate: 90, nameGap: 52, min: 0, ...axisColors() };
}

interface TooltipItem {
  readonly seriesName?: string;
  readonly name?: string;
  readonly value?: unknown;
}

/** Built as elements: a page without inline styles has no place for ECharts' own markup. */
function tooltip({ x, y }: { readonly x: { readonly title: string }; readonly y: { readonly title: string } }): object {
  const line = (title: string, value: unknown): HTMLElement =>
    element('div', { text: `${title}: ${typeof value === 'number' ? figure(value) : 'not known'}` });
  return {
    trigger: 'item',
    ...tooltipColors(),
    formatter(item: TooltipItem): HTMLElement {
      const values: readonly unknown[] = Array.isArray(item.value) ? item.value : [undefined, item.value];
      return element('div', {}, [
        element('strong', { text: item.seriesName ?? '' }),
        element('div', { text: item.name ?? '' }),
        x.title === '' ? undefined : line(x.title, values[0]),
        line(y.title, values[1]),
      ]);
    },
  };
}

function figure(value: number): string {
  return Number.isInteger(value) ? formatNumber(value) : formatMeasure(value);
}
