import type { AggregateReport } from '../../benchmarks/types.ts';
import { formatMeasure, formatNumber, formatShare, plural } from '../../protocol/format.ts';
import { element } from '../shared/dom.ts';
import type { ShownRun } from './model.ts';
import { runSwatch } from './table.ts';

/** A card a run of parallel workers: what they make together. */
export function aggregateCards(runs: readonly ShownRun[]): readonly HTMLElement[] {
  return runs.flatMap((run) => (run.figures.aggregate ? [card(run, run.figures.aggregate)] : []));
}

function card(run: ShownRun, aggregate: AggregateReport): HTMLElement {
  const missing = aggregate.missing.length > 0 ? `, missing ${aggregate.missing.join(', ')}` : '';
  return element('section', { class: 'aggregate' }, [
    element('h3', {}, [
      runSwatch(run),
      element('span', { text: `${run.item.label}: ${plural(aggregate.workers.length, 'worker')}${missing}` }),
    ]),
    element(
      'dl',
      {},
      figuresOf(aggregate).map(([name, value, meaning]) =>
        element('div', { title: meaning }, [
          element('dt', { class: 'muted', text: name }),
          element('dd', { text: value }),
        ]),
      ),
    ),
  ]);
}

/** Name, value and meaning. Sums are of throughputs only: percentiles of several workers are merged from samples or not shown. */
function figuresOf({
  throughput,
  requests,
  ttft_ms: ttft,
}: AggregateReport): readonly (readonly [string, string, string])[] {
  return [
    [
      'In the common window',
      `${formatMeasure(throughput.in_common_window)} tok/s`,
      'Output tokens a second while every worker was running',
    ],
    [
      'Over the union',
      `${formatMeasure(throughput.over_union)} tok/s`,
      'Output tokens of all workers over the time from the first start to the last end',
    ],
    [
      'Sum of means',
      `${formatMeasure(throughput.sum_of_means)} tok/s`,
      "Sum of the workers' own throughputs: too high when they did not run at the same time",
    ],
    ['Overlap', formatShare(throughput.overlap), 'Common window over union window'],
    [
      'Requests',
      `${formatNumber(requests.successful)} ok, ${formatNumber(requests.errored)} failed`,
      'Over all workers',
    ],
    [
      'TTFT p50 / p99',
      ttft.method === 'merged' ? `${formatMeasure(ttft.p50)} / ${formatMeasure(ttft.p99)} ms` : 'not mergeable',
      'Merged from the samples of all workers; percentiles are never averaged',
    ],
  ];
}
