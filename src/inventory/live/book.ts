import { History, WINDOW_MS } from './history.ts';
import { increase, type CountedReading } from './increases.ts';
import { engineReadings, pickerReading, type PickerReading } from './readings.ts';
import type { Scrape } from './scraper.ts';
import type { MetricsTarget, PodFigures, RankFigures, RouteName, ScrapeFailure } from './types.ts';

/** Over how long token rates of the present are measured: a few rounds, so that a step of the engine does not make them jump. */
const RATE_WINDOW_MS = 15_000;
/** Over how long the prefix cache's hits of the present are counted. */
const PREFIX_WINDOW_MS = 60_000;
/** Ranks that are kept at most, 64 KB each at a round a second. */
const MOST_RANKS = 1024;
/** Two answers further apart than so many rounds say nothing of the time between them. */
const LONGEST_GAP_ROUNDS = 2.5;

const RANK_COLUMNS = [
  'answered',
  'seconds',
  'generated',
  'prompted',
  'queried',
  'hit',
  'running',
  'waiting',
  'kvCacheUse',
] as const;
const PICKER_COLUMNS = ['answered', 'held', 'queuedAtEndpoints', 'averageQueue', 'running'] as const;

/** `answered` is 1, or 0 where it was asked for and did not come; `seconds` is what the increases beside it took. */
export type RankColumn = (typeof RANK_COLUMNS)[number];
export type PickerColumn = (typeof PICKER_COLUMNS)[number];

/** A rank that was seen in the kept time. */
export interface RankLine {
  readonly id: string;
  readonly target: MetricsTarget;
  readonly engine: string;
}

/** What the scrapes told: the present figures, and those of the last 15 minutes. */
export class LiveBook {
  readonly ranks: History<RankColumn>;
  readonly pickers: History<PickerColumn>;
  readonly #intervalMs: number;
  readonly #rankLines = new Map<string, RankLine>();
  readonly #pickerLines = new Map<string, MetricsTarget>();
  readonly #counted = new Map<string, CountedReading>();
  #pods: ReadonlyMap<string, PodFigures> = new Map();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
    const rounds = Math.ceil(WINDOW_MS / intervalMs) + 1;
    this.ranks = new History(RANK_COLUMNS, rounds);
    this.pickers = new History(PICKER_COLUMNS, rounds);
  }

  /** By pod key, of the pods of the latest round. */
  get pods(): ReadonlyMap<string, PodFigures> {
    return this.#pods;
  }

  get rankLines(): readonly RankLine[] {
    return [...this.#rankLines.values()];
  }

  get pickerLines(): readonly MetricsTarget[] {
    return [...this.#pickerLines.values()];
  }

  /** Two rounds further apart than this have a gap between them. */
  get gapMs(): number {
    return this.#intervalMs * LONGEST_GAP_ROUNDS;
  }

  /** Enters one round; `time` is wall time in ms. */
  enter(scrapes: readonly Scrape[], time: number): void {
    this.ranks.begin(time);
    this.pickers.begin(time);
    for (const scrape of scrapes) this.#enterOne(scrape);
    this.#forgetOld();
    this.#pods = new Map(
      Map.groupBy(scrapes, ({ target }) => target.podKey)
        .entries()
        .map(([key, ofPod]) => [key, this.#podFigures(ofPod, time)]),
    );
  }

  #enterOne(scrape: Scrape): void {
    const { target } = scrape;
    if ('failure' in scrape) {
      for (const { id } of this.#linesOf(target)) this.ranks.record(id, { answered: 0 });
      if (this.#pickerLines.has(target.id)) this.pickers.record(target.id, { answered: 0 });
      return;
    }
    if (target.kind === 'picker') {
      const reading = pickerReading(scrape.samples);
      if (reading === undefined) return;
      this.#pickerLines.set(target.id, target);
      this.pickers.record(target.id, { answered: 1, ...reading });
      return;
    }
    for (const reading of engineReadings(scrape.samples)) {
      const id = `${target.id}/${reading.engine}`;
      if (!this.#rankLines.has(id) && this.#rankLines.size >= MOST_RANKS) continue;
      this.#rankLines.set(id, { id, target, engine: reading.engine });
      const counted = { reading, uid: target.uid, restarts: target.restarts, at: scrape.at };
      const since = increase(this.#counted.get(id), counted, this.gapMs);
      this.#counted.set(id, counted);
      this.ranks.record(id, {
        answered: 1,
        seconds: since?.seconds,
        generated: since?.generatedTokens,
        prompted: since?.promptTokens,
        queried: since?.prefixQueries,
        hit: since?.prefixHits,
        running: reading.running,
        waiting: reading.waiting,
        kvCacheUse: reading.kvCacheUse,
      });
    }
  }

  #linesOf(target: MetricsTarget): readonly RankLine[] {
    return this.#rankLines
      .values()
      .filter((line) => line.target.id === target.id)
      .toArray();
  }

  /** Those of which nothing is left in the kept time. */
  #forgetOld(): void {
    for (const id of this.#rankLines.keys()) {
      if (this.ranks.knows(id, 'answered')) continue;
      this.ranks.forget(id);
      this.#rankLines.delete(id);
      this.#counted.delete(id);
    }
    for (const id of this.#pickerLines.keys()) {
      if (this.pickers.knows(id, 'answered')) continue;
      this.pickers.forget(id);
      this.#pickerLines.delete(id);
    }
  }

  #podFigures(scrapes: readonly Scrape[], time: number): PodFigures {
    const failures: ScrapeFailure[] = [];
    const ranks: RankFigures[] = [];
    let picker: PickerReading | undefined;
    let route: RouteName | undefined;
    for (const scrape of scrapes) {
      if ('failure' in scrape) {
        failures.push(scrape.failure);
        continue;
      }
      route ??= scrape.route;
      if (scrape.target.kind === 'picker') picker = pickerReading(scrape.samples);
      else
        ranks.push(
          ...this.#linesOf(scrape.target)
            .filter(({ id }) => this.ranks.value(id, 'answered', this.ranks.length - 1) === 1)
            .map((line) => this.#rankFigures(line, time)),
        );
    }
    return { ranks, picker, failures, route };
  }

  #rankFigures({ id, target, engine }: RankLine, time: number): RankFigures {
    const { ranks } = this;
    const latest = (column: RankColumn): number | undefined => known(ranks.value(id, column, ranks.length - 1));
    // Half a round less, so that the rounds that are taken in cover the window and no more.
    const since = (windowMs: number): number => time - Math.max(windowMs, this.#intervalMs) + this.#intervalMs / 2;
    const rate = (column: RankColumn): number | undefined =>
      known(ranks.sum(id, column, since(RATE_WINDOW_MS)) / ranks.sum(id, 'seconds', since(RATE_WINDOW_MS), column));
    return {
      port: target.port,
      engine,
      running: latest('running'),
      waiting: latest('waiting'),
      kvCacheUse: latest('kvCacheUse'),
      generationRate: rate('generated'),
      promptRate: rate('prompted'),
      prefixQueries: known(ranks.sum(id, 'queried', since(PREFIX_WINDOW_MS), 'hit')),
      prefixHits: known(ranks.sum(id, 'hit', since(PREFIX_WINDOW_MS), 'queried')),
    };
  }
}

function known(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
