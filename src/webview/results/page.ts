import { toCsv, toMarkdown } from '../../benchmarks/export.ts';
import type { LatencyMetric } from '../../benchmarks/series.ts';
import { plural } from '../../protocol/format.ts';
import type { FromResults, ResultsMemory, ToResults } from '../../protocol/results.ts';
import { ChartCanvas } from '../shared/chart.ts';
import { button, element, notice, refill } from '../shared/dom.ts';
import { menu } from '../shared/menu.ts';
import { themeColor } from '../shared/theme.ts';
import { aggregateCards } from './aggregates.ts';
import { drawChart, type ChartChoice, type ChartKind } from './chart-option.ts';
import { shownRuns, type ShownRun } from './model.ts';
import { runRows } from './run-list.ts';
import { resultsTable, type Sorting } from './table.ts';

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

export interface PageHost {
  readonly send: (message: FromResults) => void;
  readonly remember: (memory: ResultsMemory) => void;
}

/** The whole page. Parts are made once and filled again, so that scroll and focus survive a new picture. */
export class ResultsPage {
  readonly #root: HTMLElement;
  readonly #host: PageHost;
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
  /** What is ticked: the person's latest choice, also before its figures are there. */
  #chosen: readonly string[] = [];
  /** Number of that choice. */
  #turn = 0;
  #choice: ChartChoice = { kind: 'latency', metric: 'ttft', logarithmic: true };
  #sorting: Sorting = { by: 'run', descending: false };

  constructor(root: HTMLElement, host: PageHost) {
    this.#root = root;
    this.#host = host;
    this.#layout = element('div', { class: 'results' }, [
      element('header', {}, [element('h1', { class: 'visually-hidden', text: 'Benchmark results' }), this.#toolbar()]),
      element('div', { class: 'body' }, [
        element('aside', { attributes: { 'aria-label': 'Runs' } }, [element('h2', { text: 'Runs' }), this.#runList]),
        element('main', {}, [this.#chartFrame, this.#problems, this.#aggregates, this.#tablePlace]),
      ]),
    ]);
  }

  show(state: State): void {
    // Of a choice that was overtaken; the picture of the latest one is on its way.
    if (state.turn < this.#turn) return;
    this.#state = state;
    this.#turn = state.turn;
    this.#chosen = state.chosen;
    this.#host.remember({ chosen: [...state.chosen] });
    if (state.runs.length === 0) {
      this.#chart?.dispose();
      this.#chart = undefined;
      this.#root.replaceChildren(
        notice(
          'graph-line',
          'No benchmark has finished yet',
          'Each finished run of this folder appears here with its figures.',
          [button({ label: 'Run Benchmark', icon: 'play', click: () => this.#host.send({ type: 'run' }) })],
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
    refill(
      this.#runList,
      runRows(this.#state.runs, runs, this.#chosen, {
        tick: (runId, on) => this.#tick(runId, on),
        pin: (runId) => this.#host.send({ type: 'pin', runId }),
      }),
    );
    this.#fillMetric();
    this.#fillProblems(runs);
    const cards = aggregateCards(runs);
    this.#aggregates.replaceChildren(...cards);
    this.#aggregates.hidden = cards.length === 0;
    const { option, note, empty } = drawChart(runs, this.#choice);
    this.#chartNotice.textContent = runs.length === 0 ? 'Choose a run at the side.' : (note ?? '');
    this.#chartFrame.classList.toggle('empty', empty);
    this.#chartPlace.setAttribute(
      'aria-label',
      `${KINDS.find((kind) => kind.id === this.#choice.kind)?.title ?? ''} of ${plural(runs.length, 'run')}; the table below holds the same figures`,
    );
    this.#chart.draw(option);
    refill(this.#tablePlace, runs.length === 0 ? [] : [resultsTable(runs, this.#sorting, (by) => this.#sort(by))]);
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
            run: () => this.#host.send({ type: 'copy', what: 'CSV', text: toCsv(this.#shown()) }),
          },
          {
            label: 'Copy as Markdown',
            icon: 'markdown',
            run: () => this.#host.send({ type: 'copy', what: 'Markdown table', text: toMarkdown(this.#shown()) }),
          },
          {
            label: 'Save as CSV...',
            icon: 'save',
            run: () =>
              this.#host.send({ type: 'save', name: 'results.csv', encoding: 'text', data: toCsv(this.#shown()) }),
          },
          { label: 'Save chart as PNG...', icon: 'file-media', run: () => this.#savePng() },
        ],
      }),
    ]);
  }

  #savePng(): void {
    if (this.#chart)
      this.#host.send({
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
  }

  #tick(runId: string, on: boolean): void {
    this.#turn += 1;
    this.#chosen = on ? [...this.#chosen, runId] : this.#chosen.filter((other) => other !== runId);
    this.#host.remember({ chosen: [...this.#chosen] });
    this.#host.send({ type: 'choose', turn: this.#turn, runIds: [...this.#chosen] });
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

  #fillProblems(runs: readonly ShownRun[]): void {
    const problems = runs.flatMap((run) => [
      ...run.figures.errors.map((error) => `${run.item.label}: ${error.message} ${error.hint}`),
      ...run.figures.warnings.map((warning) => `${run.item.label}: ${warning.message}`),
      ...(run.figures.aggregate?.warnings ?? []).map((warning) => `${run.item.label}: ${warning.message}`),
    ]);
    this.#problems.replaceChildren(...[...new Set(problems)].map((text) => element('li', { text })));
    this.#problems.hidden = problems.length === 0;
  }
}
