import { plural } from '../../protocol/format.ts';
import type { FromLiveFigures, LiveFiguresMemory, Lines, ToLiveFigures } from '../../protocol/live-figures.ts';
import { ChartCanvas } from '../shared/chart.ts';
import { button, element, notice, refill } from '../shared/dom.ts';
import { menu } from '../shared/menu.ts';
import { figureOption, type DrawnLine } from './chart-option.ts';
import { liveCsv } from './csv.ts';
import { toldBy, type Figure } from './figures.ts';
import { linesTable } from './lines-table.ts';

type Figures = Extract<ToLiveFigures, { readonly type: 'figures' }>;
type Nothing = Extract<ToLiveFigures, { readonly type: 'nothing' }>;

const HELP: Readonly<Record<NonNullable<Nothing['help']>, string>> = {
  toggle: 'Switch On',
  deploy: 'Deploy',
  context: 'Select Context',
};

export interface PageHost {
  readonly send: (message: FromLiveFigures) => void;
  readonly remember: (memory: LiveFiguresMemory) => void;
}

interface SmallChart {
  readonly root: HTMLElement;
  readonly place: HTMLElement;
  readonly canvas: ChartCanvas;
}

/** The whole page. Charts are made once and given newer figures, so that nothing flickers and a hover stays. */
export class LiveFiguresPage {
  readonly #root: HTMLElement;
  readonly #host: PageHost;
  readonly #headline = element('span', { class: 'grow muted' });
  readonly #warnings = element('ul', { class: 'warnings' });
  readonly #chartGrid = element('div', { class: 'charts' });
  readonly #tablePlace = element('div', {
    class: 'table-frame',
    attributes: { tabindex: '0', role: 'region', 'aria-label': 'Table of figures' },
  });
  readonly #radios = new Map<Lines, HTMLInputElement>();
  readonly #charts = new Map<string, SmallChart>();
  readonly #layout: HTMLElement;
  readonly #hidden: Set<string>;
  /** What the person chose; null: whichever the host finds fit. */
  #chosen: Lines | null;
  #state: Figures | undefined;

  constructor(root: HTMLElement, { lines, hidden }: LiveFiguresMemory, host: PageHost) {
    this.#root = root;
    this.#chosen = lines;
    this.#hidden = new Set(hidden);
    this.#host = host;
    this.#layout = element('main', { class: 'live' }, [
      element('h1', { class: 'visually-hidden', text: 'Live figures' }),
      this.#toolbar(),
      element('div', { class: 'live-body' }, [this.#warnings, this.#chartGrid, this.#tablePlace]),
    ]);
  }

  showNothing({ icon, title, detail, help }: Nothing): void {
    this.#state = undefined;
    const made = notice(
      icon,
      title,
      detail,
      help === null ? [] : [button({ label: HELP[help], click: () => this.#host.send({ type: 'help', help }) })],
    );
    // Asked again every few seconds while it stays so: the same words must not be said again.
    if (this.#root.textContent !== made.textContent) this.#root.replaceChildren(made);
  }

  show(state: Figures): void {
    this.#state = state;
    if (!this.#layout.isConnected) this.#root.replaceChildren(this.#layout);
    this.#fill();
  }

  /** In the colours of another theme. */
  recolor(): void {
    for (const { canvas } of this.#charts.values()) canvas.dispose();
    this.#charts.clear();
    this.#chartGrid.replaceChildren();
    this.#fill();
  }

  #toolbar(): HTMLElement {
    const choices = (
      [
        ['role', 'By role'],
        ['rank', 'By rank'],
      ] as const
    ).map(([lines, title]) => {
      const radio = element('input', {
        attributes: { type: 'radio', name: 'lines', value: lines },
        on: { change: () => this.#choose(lines) },
      });
      this.#radios.set(lines, radio);
      return element('label', {}, [radio, document.createTextNode(title)]);
    });
    return element('div', { class: 'toolbar', attributes: { role: 'toolbar', 'aria-label': 'Live figures' } }, [
      element('div', { class: 'segments', attributes: { role: 'radiogroup', 'aria-label': 'Lines' } }, choices),
      this.#headline,
      menu({
        label: 'Export',
        icon: 'export',
        actions: [
          {
            label: 'Copy as CSV',
            icon: 'copy',
            run: () => this.#export((text) => ({ type: 'copy', what: 'CSV', text })),
          },
          { label: 'Save as CSV...', icon: 'save', run: () => this.#export((text) => ({ type: 'save', text })) },
        ],
      }),
      button({
        label: 'Switch Off',
        secondary: true,
        title: 'Ask the servers no longer',
        click: () => this.#host.send({ type: 'help', help: 'toggle' }),
      }),
    ]);
  }

  #export(message: (text: string) => FromLiveFigures): void {
    if (this.#state) this.#host.send(message(liveCsv(this.#state.chart)));
  }

  #choose(lines: Lines): void {
    this.#chosen = lines;
    this.#remember();
    this.#host.send({ type: 'lines', lines });
  }

  #toggle(id: string, shown: boolean): void {
    if (shown) this.#hidden.delete(id);
    else this.#hidden.add(id);
    this.#remember();
    this.#fill();
  }

  #remember(): void {
    this.#host.remember({ lines: this.#chosen, hidden: [...this.#hidden] });
  }

  #fill(): void {
    const state = this.#state;
    if (!state) return;
    const { chart, headline, warnings } = state;
    const radio = this.#radios.get(state.lines);
    if (radio) radio.checked = true;
    this.#headline.textContent = headline;
    this.#warnings.replaceChildren(...warnings.map((text) => element('li', { text })));
    this.#warnings.hidden = warnings.length === 0;
    const lines = chart.lines.map((line, index) => ({ line, index }));
    const figures = toldBy(chart.lines);
    this.#fillCharts(
      figures,
      lines.filter(({ line }) => !this.#hidden.has(line.id)),
      state,
    );
    this.#fillTable(lines, figures);
  }

  #fillCharts(figures: readonly Figure[], shown: readonly DrawnLine[], { chart }: Figures): void {
    const wanted = new Set<string>(figures.map(({ id }) => id));
    for (const [id, small] of this.#charts) {
      if (wanted.has(id)) continue;
      small.canvas.dispose();
      small.root.remove();
      this.#charts.delete(id);
    }
    for (const [position, figure] of figures.entries()) {
      const small = this.#charts.get(figure.id) ?? this.#addChart(figure, position);
      const lines = shown.filter(({ line }) => line.figures[figure.id].some((value) => value !== null));
      small.place.setAttribute(
        'aria-label',
        `${figure.title} in ${figure.unit} over the last 15 minutes, ${plural(lines.length, 'line')}; the table below holds the latest figures`,
      );
      small.canvas.update(figureOption(figure, lines, chart));
    }
  }

  #addChart(figure: Figure, position: number): SmallChart {
    const place = element('div', { class: 'chart', attributes: { role: 'img' } });
    const root = element('section', { class: 'small-chart' }, [
      element('h2', { title: figure.meaning }, [
        element('span', { text: figure.title }),
        element('span', { class: 'muted', text: ` ${figure.unit}` }),
      ]),
      place,
    ]);
    this.#chartGrid.insertBefore(root, this.#chartGrid.children[position] ?? null);
    // In the document first: a canvas takes the size of its place.
    const made = { root, place, canvas: new ChartCanvas(place) };
    this.#charts.set(figure.id, made);
    return made;
  }

  #fillTable(lines: readonly DrawnLine[], figures: readonly Figure[]): void {
    refill(this.#tablePlace, [linesTable(lines, figures, this.#hidden, (id, shown) => this.#toggle(id, shown))]);
  }
}
