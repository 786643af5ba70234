/** A Prometheus histogram: counts of the buckets, not cumulated. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number, times = 1): void {
    let index = 0;
    while (index < this.bounds.length && value > (this.bounds[index] ?? Infinity)) index += 1;
    this.counts[index] = (this.counts[index] ?? 0) + times;
    this.sum += value * times;
    this.count += times;
  }
}

const TTFT = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640, 2560,
];
const ITL = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80];
/** Seconds of one KV transfer. */
const TRANSFER = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 5];
/** Bytes of one KV transfer. */
const TRANSFER_BYTES = [1e5, 1e6, 1e7, 1e8, 1e9, 1e10];
const REQUEST = [0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 5, 10, 15, 20, 30, 40, 50, 60, 120, 240, 480, 960, 1920, 7680];

export type FinishReason = 'stop' | 'length' | 'abort';

/** What one engine counts since its start. Seconds, tokens, requests. */
export class EngineMetrics {
  promptTokens = 0;
  generationTokens = 0;
  preemptions = 0;
  prefixQueries = 0;
  prefixHits = 0;
  externalQueries = 0;
  externalHits = 0;
  readonly finished: Record<FinishReason, number> = { stop: 0, length: 0, abort: 0 };
  readonly timeToFirstToken = new Histogram(TTFT);
  readonly interTokenLatency = new Histogram(ITL);
  readonly endToEnd = new Histogram(REQUEST);
  readonly queueTime = new Histogram(REQUEST);
  readonly prefillTime = new Histogram(REQUEST);
  readonly decodeTime = new Histogram(REQUEST);
  readonly transferTime = new Histogram(TRANSFER);
  readonly transferBytes = new Histogram(TRANSFER_BYTES);
}
