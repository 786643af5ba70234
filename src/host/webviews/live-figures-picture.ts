import type { ChartFigure, ChartLine, LiveChart, LiveSnapshot, PodFigures } from '../../inventory/live/types.ts';
import { plural } from '../../protocol/format.ts';
import type { Lines, ToLiveFigures } from '../../protocol/live-figures.ts';

/** Beyond so many ranks the roles come first: more lines than that are hard to tell apart. */
const MOST_RANK_LINES = 8;
const MOST_WARNINGS = 4;
/** Six figures are more than a chart shows, and half of what a number takes to send. */
const DIGITS = 6;

const ROUTES = { 'api-proxy': "through the API server's proxy", 'port-forward': 'through port-forwards' } as const;

export interface LivePictureInput {
  readonly snapshot: LiveSnapshot;
  readonly chart: (lines: Lines) => LiveChart;
  readonly rankCount: number;
  /** What the person chose; undefined: whichever suits the number of ranks. */
  readonly lines: Lines | undefined;
  readonly intervalSeconds: number;
  /** False while there is no cluster. */
  readonly connected: boolean;
}

/** What the panel shows now. */
export function liveFiguresPicture(input: LivePictureInput): ToLiveFigures {
  const { snapshot, rankCount, connected } = input;
  const { state } = snapshot;
  if (state.kind === 'off') {
    return {
      type: 'nothing',
      icon: 'broadcast',
      title: 'Live figures are off',
      detail:
        'Switched on, your model servers are asked for their own metrics every few seconds while a view shows them.',
      help: 'toggle',
    };
  }
  if (!connected)
    return {
      type: 'nothing',
      icon: 'server-environment',
      title: 'No cluster is chosen',
      detail: 'Live figures follow the chosen context.',
      help: 'context',
    };
  const lines = input.lines ?? (rankCount <= MOST_RANK_LINES ? 'rank' : 'role');
  const chart = input.chart(lines);
  if (state.kind === 'failed' && chart.lines.length === 0)
    return { type: 'nothing', icon: 'warning', title: state.error.message, detail: state.error.hint ?? '', help: null };
  if (chart.lines.length === 0) return nothingYet(snapshot);
  return {
    type: 'figures',
    lines,
    chart: { ...chart, lines: chart.lines.map(rounded) },
    headline: headline(input),
    warnings: warnings(snapshot),
  };
}

function nothingYet({ state, pods }: LiveSnapshot): ToLiveFigures {
  if (state.kind !== 'running')
    return {
      type: 'nothing',
      icon: 'sync',
      title: 'Asking the model servers',
      detail: 'The first figures come in a moment.',
      help: null,
    };
  const [failed] = pods.values().flatMap(({ failures }) => failures);
  if (failed)
    return {
      type: 'nothing',
      icon: 'warning',
      title: 'The metrics cannot be read',
      detail: `${failed.error.message}. ${failed.error.hint ?? ''}`,
      help: null,
    };
  return {
    type: 'nothing',
    icon: 'rocket',
    title: 'No model server of yours is ready',
    detail: 'Figures come from ready pods of your own deployments; one that still loads is not asked.',
    help: 'deploy',
  };
}

function headline({ snapshot, rankCount, intervalSeconds }: LivePictureInput): string {
  const route = snapshot.pods
    .values()
    .map((pod) => pod.route)
    .find((found) => found !== undefined);
  return [
    plural(rankCount, 'rank'),
    `every ${intervalSeconds} s`,
    route === undefined ? undefined : ROUTES[route],
    'the last 15 minutes',
  ]
    .filter((part) => part !== undefined)
    .join(' · ');
}

function warnings({ state, pods }: LiveSnapshot): readonly string[] {
  if (state.kind === 'failed') return [`${state.error.message}. ${state.error.hint ?? ''}`.trim()];
  if (state.kind === 'running' && state.targets === 0)
    return ['No model server of yours is ready: nothing is asked now.'];
  const failures = pods
    .values()
    .flatMap((pod: PodFigures) => pod.failures)
    .toArray();
  const told = failures.slice(0, MOST_WARNINGS).map(({ error }) => `${error.message}. ${error.hint ?? ''}`.trim());
  return failures.length > MOST_WARNINGS
    ? [...told, `${failures.length - MOST_WARNINGS} more metrics pages do not answer.`]
    : told;
}

function rounded(line: ChartLine): ChartLine {
  const short = (figure: ChartFigure): readonly (number | null)[] =>
    line.figures[figure].map((value) => (value === null ? null : Number(value.toPrecision(DIGITS))));
  return {
    ...line,
    figures: {
      generationRate: short('generationRate'),
      promptRate: short('promptRate'),
      running: short('running'),
      waiting: short('waiting'),
      kvCacheUse: short('kvCacheUse'),
      prefixHitRate: short('prefixHitRate'),
      queue: short('queue'),
    },
  };
}
