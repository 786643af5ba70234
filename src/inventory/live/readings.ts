import { ENGINE_METRICS, PICKER_METRICS } from './metric-names.ts';
import type { Sample } from './prometheus-text.ts';

/** What one engine said at one moment; undefined is what its page does not tell. Counters run since its start. */
export interface EngineReading {
  /** The `engine` label: the data-parallel rank. */
  readonly engine: string;
  readonly running: number | undefined;
  readonly waiting: number | undefined;
  /** 0 to 1. */
  readonly kvCacheUse: number | undefined;
  readonly generatedTokens: number | undefined;
  readonly promptTokens: number | undefined;
  /** Prompt tokens that were looked up in the prefix cache, and those found there. */
  readonly prefixQueries: number | undefined;
  readonly prefixHits: number | undefined;
}

/** What an endpoint picker said at one moment. */
export interface PickerReading {
  /** Requests that the picker holds back; undefined without flow control. */
  readonly held: number | undefined;
  /** Requests that wait at the endpoints, as the picker last saw them. */
  readonly queuedAtEndpoints: number | undefined;
  /** The same, a mean over the endpoints; for pickers that tell no more. */
  readonly averageQueue: number | undefined;
  readonly running: number | undefined;
  readonly readyEndpoints: number | undefined;
}

/** Servers without data parallelism of old releases name no engine. */
const ONLY_ENGINE = '0';

type Values = readonly number[];

/** A reading an engine, in the order of their ranks. Series of one engine that differ in other labels (the model's name) are added up. */
export function engineReadings(samples: readonly Sample[]): readonly EngineReading[] {
  const page = new Page(samples);
  const prefix = ENGINE_METRICS.prefix.find(({ queries, hits }) => page.has(queries) && page.has(hits));
  const figures = {
    running: byEngine(page.newest(ENGINE_METRICS.running), sum),
    waiting: byEngine(page.newest(ENGINE_METRICS.waiting), sum),
    // One engine has one cache, however many names its model is served under.
    kvCacheUse: byEngine(page.newest(ENGINE_METRICS.kvCacheUse), (values) => Math.max(...values)),
    generatedTokens: byEngine(page.newest(ENGINE_METRICS.generatedTokens), sum),
    promptTokens: byEngine(page.newest(ENGINE_METRICS.promptTokens), sum),
    prefixQueries: byEngine(prefix === undefined ? [] : page.newest([prefix.queries]), sum),
    prefixHits: byEngine(prefix === undefined ? [] : page.newest([prefix.hits]), sum),
  };
  const engines = new Set(Object.values(figures).flatMap((found) => found.keys().toArray()));
  return [...engines]
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((engine) => ({
      engine,
      running: figures.running.get(engine),
      waiting: figures.waiting.get(engine),
      kvCacheUse: figures.kvCacheUse.get(engine),
      generatedTokens: figures.generatedTokens.get(engine),
      promptTokens: figures.promptTokens.get(engine),
      prefixQueries: figures.prefixQueries.get(engine),
      prefixHits: figures.prefixHits.get(engine),
    }));
}

/** Undefined when the page is not that of an endpoint picker. */
export function pickerReading(samples: readonly Sample[]): PickerReading | undefined {
  const page = new Page(samples);
  const values = (names: readonly string[]): Values => page.newest(names).map(({ value }) => value);
  const total = (names: readonly string[]): number | undefined =>
    values(names).length === 0 ? undefined : sum(values(names));
  const averages = values(PICKER_METRICS.averageQueue);
  const reading = {
    held: total(PICKER_METRICS.held),
    queuedAtEndpoints: total(PICKER_METRICS.queuedAtEndpoints),
    // Averages cannot be added: of several pools the fullest one.
    averageQueue: averages.length === 0 ? undefined : Math.max(...averages),
    running: total(PICKER_METRICS.running),
    readyEndpoints: total(PICKER_METRICS.readyEndpoints),
  };
  return Object.values(reading).some((value) => value !== undefined) ? reading : undefined;
}

/** The samples that can be counted with: NaN is how an exporter says that it does not know. */
class Page {
  readonly #byName: ReadonlyMap<string, readonly Sample[]>;

  constructor(samples: readonly Sample[]) {
    this.#byName = Map.groupBy(
      samples.filter(({ value }) => Number.isFinite(value) && value >= 0),
      ({ name }) => name,
    );
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  /** All series of the first name that the page has. */
  newest(names: readonly string[]): readonly Sample[] {
    return names.map((name) => this.#byName.get(name)).find((found) => found !== undefined) ?? [];
  }
}

function byEngine(samples: readonly Sample[], combine: (values: Values) => number): ReadonlyMap<string, number> {
  const grouped = Map.groupBy(samples, ({ labels }) => labels['engine'] ?? ONLY_ENGINE);
  return new Map(grouped.entries().map(([engine, found]) => [engine, combine(found.map(({ value }) => value))]));
}

function sum(values: Values): number {
  return values.reduce((total, value) => total + value, 0);
}
