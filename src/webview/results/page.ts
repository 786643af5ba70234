import { toCsv, toMarkdown } from '../../benchmarks/export.ts';
import type { LatencyMetric } from '../../benchmarks/series.ts';
import { formatMeasure, formatNumber, formatShare, plural } from '../../protocol/format.ts';
import type { FromResults, RunItem, ToResults } from '../../protocol/results.ts';
import { ChartCanvas } from '../shared/chart.ts';
import { button, element, icon, notice } from '../shared/dom.ts';
import { menu } from '../shared/menu.ts';
import { themeColor } from '../shared/theme.ts';
import { drawChart, type ChartChoice, type ChartKind } from './chart-option.ts';
import { shownRuns, type ShownRun } from './model.ts';
import { resultsTable, runSwatch, type Sorting } from './table.ts';

type State = Extract<ToResults, { readonly type: 'state' }>;

const KINDS: readonly { readonly id: ChartKind; readonly title: string }[] = [
  { id: 'latency', title: 'Latency' },
  { id: 'throughput', title: 'Throughput' },
  { id: 'pareto', title: 'Pareto' },
  { id: 'workers', title: 'Workers' },
];

const LATENCIES: Readonly<Record<LatencyMetric, string>> = {
  ttft: 'Time to first token',
  tpot: 'Time per output token',
  itl: 'Inter-token latency',
  e2e: 'Whole request',
};

/** The whole page. Parts are made once and filled again, so that scroll and focus survive a new picture. */
export class ResultsPage {
  readonly #root: HTMLElement;
  readonly #send: (message: FromResults) => void;
  readonly #runList = element('div', { class: 'runs', attributes: { role: 'group', 'aria-label': 'Runs' } });
  readonly #chartPlace = element('div', { class: 'chart', attributes: { role: 'img' } });
  readonly #chartNotice = element('p', { class: 'chart-notice muted', attributes: { role: 'status' } });
  readonly #chartFrame = element('div', { class: 'chart-frame' }, [this.#chartPlace, this.#chartNotice]);
  readonly #tablePlace = element('div', {
    class: 'table-frame',
    attributes: { tabindex: '0', role: 'region', 'aria-label': 'Table of figures' },
  });
  readonly #aggregates = element('div', { class: 'aggregates' });
  readonly #problems = element('ul', { class: 'warnings' });
  readonly #metricPlace = element('span', {});
  readonly #logarithmic = element('label', { class: 'check' });
  readonly #layout: HTMLElement;
  #chart: ChartCanvas | undefined;
  #state: State | undefined;
  #choice: ChartChoice = { kind: 'latency', metric: 'ttft', logarithmic: true };
  #sorting: Sorting = { by: 'run', descending: false };

  constructor(root: HTMLElement, send: (message: FromResults) => void) {
    this.#root = root;
    this.#send = send;
    this.#layout = element('div', { class: 'results' }, [
      element('h1', { class: 'visually-hidden', text: 'Benchmark results' }),
      this.#toolbar(),
      element('div', { class: 'body' }, [
        element('aside', { attributes: { 'aria-label': 'Runs' } }, [element('h2', { text: 'Runs' }), this.#runList]),
        element('main', {}, [this.#chartFrame, this.#problems, this.#aggregates, this.#tablePlace]),
      ]),
    ]);
  }

  show(state: State): void {
    this.#state = state;
    if (state.runs.length === 0) {
      this.#chart?.dispose();
      this.#chart = undefined;
      this.#root.replaceChildren(
        notice(
          'graph-line',
          'No benchmark has finished yet',
          'Each finished run of this folder appears here with its figures.',
          [button({ label: 'Run Benchmark', icon: 'play', click: () => this.#send({ type: 'run' }) })],
        ),
      );
      return;
    }
    if (!this.#layout.isConnected) this.#root.replaceChildren(this.#layout);
    this.#chart ??= new ChartCanvas(this.#chartPlace);
    this.redraw();
  }

  redraw(): void {
    if (!this.#state || !this.#chart) return;
    const runs = this.#shown();
    this.#fillRuns(runs);
    this.#fillMetric();
    this.#fillProblems(runs);
    this.#fillAggregates(runs);
    const { option, note, empty } = drawChart(runs, this.#choice);
    this.#chartNotice.textContent = runs.length === 0 ? 'Choose a run at the side.' : (note ?? '');
    this.#chartFrame.classList.toggle('empty', empty);
    this.#chartPlace.setAttribute(
      'aria-label',
      `${KINDS.find((kind) => kind.id === this.#choice.kind)?.title ?? ''} of ${plural(runs.length, 'run')}; the table below holds the same figures`,
    );
    this.#chart.draw(option);
    this.#tablePlace.replaceChildren(
      ...(runs.length === 0 ? [] : [resultsTable(runs, this.#sorting, (by) => this.#sort(by))]),
    );
  }

  #shown(): readonly ShownRun[] {
    return this.#state ? shownRuns(this.#state.runs, this.#state.figures) : [];
  }

  #toolbar(): HTMLElement {
    const kinds = KINDS.map(({ id, title }) => {
      const radio = element('input', {
        attributes: { type: 'radio', name: 'chart', value: id },
        on: { change: () => this.#choose({ kind: id }) },
      });
      radio.checked = id === this.#choice.kind;
      return element('label', {}, [radio, document.createTextNode(title)]);
    });
    const logarithmic = element('input', {
      attributes: { type: 'checkbox' },
      on: { change: () => this.#choose({ logarithmic: logarithmic.checked }) },
    });
    logarithmic.checked = this.#choice.logarithmic;
    this.#logarithmic.append(logarithmic, 'Log load axis');
    return element('div', { class: 'toolbar', attributes: { role: 'toolbar', 'aria-label': 'Chart' } }, [
      element('div', { class: 'segments', attributes: { role: 'radiogroup', 'aria-label': 'Chart' } }, kinds),
      this.#metricPlace,
      this.#logarithmic,
      element('span', { class: 'grow' }),
      menu({
        label: 'Export',
        icon: 'export',
        actions: [
          {
            label: 'Copy as CSV',
            icon: 'copy',
            run: () => this.#send({ type: 'copy', what: 'CSV', text: toCsv(this.#shown()) }),
          },
          {
            label: 'Copy as Markdown',
            icon: 'markdown',
            run: () => this.#send({ type: 'copy', what: 'Markdown table', text: toMarkdown(this.#shown()) }),
          },
          {
            label: 'Save as CSV...',
            icon: 'save',
            run: () => this.#send({ type: 'save', name: 'results.csv', encoding: 'text', data: toCsv(this.#shown()) }),
          },
          { label: 'Save chart as PNG...', icon: 'file-media', run: () => this.#savePng() },
        ],
      }),
    ]);
  }

  #savePng(): void {
    if (this.#chart)
      this.#send({
        type: 'save',
        name: `${this.#choice.kind}.png`,
        encoding: 'base64',
        data: this.#chart.png(themeColor('editor-background', '#ffffff')),
      });
  }

  #choose(change: Partial<ChartChoice>): void {
    this.#choice = { ...this.#choice, ...change };
    this.redraw();
  }

  #sort(by: string): void {
    this.#sorting = { by, descending: this.#sorting.by === by && !this.#sorting.descending };
    this.redraw();
    this.#tablePlace
      .querySelector<HTMLElement>('th[aria-sort="ascending"] button, th[aria-sort="descending"] button')
      ?.focus();
  }

  #fillMetric(): void {
    this.#logarithmic.hidden = this.#choice.kind !== 'latency' && this.#choice.kind !== 'throughput';
    if (this.#choice.kind !== 'latency') {
      this.#metricPlace.replaceChildren();
      return;
    }
    if (this.#metricPlace.hasChildNodes()) return;
    const options = Object.entries(LATENCIES).map(([value, text]) =>
      element('option', { text, attributes: { value } }),
    );
    const select = element(
      'select',
      {
        attributes: { 'aria-label': 'Latency' },
        on: { change: (event) => this.#choose({ metric: (event.target as HTMLSelectElement).value as LatencyMetric }) },
      },
      options,
    );
    select.value = this.#choice.metric;
    this.#metricPlace.replaceChildren(select);
  }

  #fillRuns(shown: readonly ShownRun[]): void {
    const { runs = [], chosen = [] } = this.#state ?? {};
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['key'] : undefined;
    this.#runList.replaceChildren(
      ...runs.map((run) =>
        this.#runRow(
          run,
          shown.find((found) => found.item.id === run.id),
          chosen,
        ),
      ),
    );
    if (focused !== undefined) this.#runList.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  #runRow(run: RunItem, shown: ShownRun | undefined, chosen: readonly string[]): HTMLElement {
    const box = element('input', {
      attributes: { type: 'checkbox', 'data-key': `check/${run.id}` },
      on: { change: () => this.#toggle(run.id, box.checked) },
    });
    box.checked = chosen.includes(run.id);
    const started = new Date(run.startedAt).toLocaleString(undefined, {
      month: 'short',
      day: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
    });
    const details = [started, run.deployment].filter((part) => part !== null).join(' · ');
    const pin = element(
      'button',
      {
        class: `pin${run.baseline ? ' pinned' : ''}`,
        title: run.baseline ? 'This is the baseline' : 'Pin as baseline',
        attributes: {
          'aria-label': `Pin ${run.label} as baseline`,
          'aria-pressed': String(run.baseline),
          'data-key': `pin/${run.id}`,
        },
        on: { click: () => this.#send({ type: 'pin', runId: run.id }) },
      },
      [icon(run.baseline ? 'pinned' : 'pin')],
    );
    return element('div', { class: 'run' }, [
      element(
        'label',
        { title: [run.label, details, run.model, run.summary].filter((part) => part !== null).join('\n') },
        [
          box,
          shown ? runSwatch(shown) : element('span', { class: 'swatch none' }),
          element('span', { class: 'run-text' }, [
            element('span', { class: 'run-label', text: run.label }),
            element('span', { class: 'run-details muted', text: details }),
            run.summary === null ? undefined : element('span', { class: 'run-details muted', text: run.summary }),
          ]),
        ],
      ),
      pin,
    ]);
  }

  #toggle(id: string, on: boolean): void {
    const chosen = this.#state?.chosen ?? [];
    this.#send({ type: 'choose', runIds: on ? [...chosen, id] : chosen.filter((other) => other !== id) });
  }

  #fillProblems(runs: readonly ShownRun[]): void {
    const problems = runs.flatMap((run) => [
      ...run.figures.errors.map((error) => `${run.item.label}: ${error.message} ${error.hint}`),
      ...run.figures.warnings.map((warning) => `${run.item.label}: ${warning.message}`),
      ...(run.figures.aggregate?.warnings ?? []).map((warning) => `${run.item.label}: ${warning.message}`),
    ]);
    this.#problems.replaceChildren(...[...new Set(problems)].map((text) => element('li', { text })));
    this.#problems.hidden = problems.length === 0;
  }

  /** Sums are of throughputs only: percentiles of several workers are merged from samples or not shown. */
  #fillAggregates(runs: readonly ShownRun[]): void {
    const cards = runs.flatMap((run) => {
      const { aggregate } = run.figures;
      if (!aggregate) return [];
      const { throughput, ttft_ms: ttft } = aggregate;
      const figures: readonly (readonly [string, string, string])[] = [
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
          `${formatNumber(aggregate.requests.successful)} ok, ${formatNumber(aggregate.requests.errored)} failed`,
          'Over all workers',
        ],
        [
          'TTFT p50 / p99',
          ttft.method === 'merged' ? `${formatMeasure(ttft.p50)} / ${formatMeasure(ttft.p99)} ms` : 'not mergeable',
          'Merged from the samples of all workers; percentiles are never averaged',
        ],
      ];
      return [
        element('section', { class: 'aggregate' }, [
          element('h3', {}, [
            runSwatch(run),
            element('span', {
              text: `${run.item.label}: ${plural(aggregate.workers.length, 'worker')}${aggregate.missing.length > 0 ? `, missing ${aggregate.missing.join(', ')}` : ''}`,
            }),
          ]),
          element(
            'dl',
            {},
            figures.map(([name, value, meaning]) =>
              element('div', { title: meaning }, [
                element('dt', { class: 'muted', text: name }),
                element('dd', { text: value }),
              ]),
            ),
          ),
        ]),
      ];
    });
    this.#aggregates.replaceChildren(...cards);
    this.#aggregates.hidden = cards.length === 0;
  }
}
