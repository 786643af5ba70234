import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { WorkbenchError } from '../../../../src/base/errors.ts';
import { LiveBook } from '../../../../src/inventory/live/book.ts';
import { chartOf } from '../../../../src/inventory/live/chart.ts';
import { readMetrics } from '../../../../src/inventory/live/prometheus-text.ts';
import type { Scrape } from '../../../../src/inventory/live/scraper.ts';
import { totalsOf } from '../../../../src/inventory/live/totals.ts';
import type { MetricsTarget, RankFigures } from '../../../../src/inventory/live/types.ts';

const INTERVAL = 5000;

function target(changes: Partial<MetricsTarget> = {}): MetricsTarget {
  const pod = changes.pod ?? 'decode-0';
  const port = changes.port ?? 8200;
  return {
    id: `ns/${pod}:${port}`,
    podKey: `ns/${pod}`,
    namespace: 'ns',
    pod,
    uid: `uid-${pod}`,
    restarts: 0,
    port,
    kind: 'server',
    deployment: 'wide-ep',
    role: 'decode',
    group: 0,
    ...changes,
  };
}

/** What an engine has counted: generated tokens, prefix queries and hits. */
interface Counts {
  readonly tokens: number;
  readonly queries?: number;
  readonly hits?: number;
  readonly running?: number;
  readonly kv?: number;
}

function answer(of: MetricsTarget, at: number, engines: Readonly<Record<string, Counts>>): Scrape {
  const lines = Object.entries(engines).flatMap(([engine, { tokens, queries = 0, hits = 0, running = 0, kv = 0 }]) => [
    `vllm:generation_tokens_total{engine="${engine}"} ${tokens}`,
    `vllm:prefix_cache_queries_total{engine="${engine}"} ${queries}`,
    `vllm:prefix_cache_hits_total{engine="${engine}"} ${hits}`,
    `vllm:num_requests_running{engine="${engine}"} ${running}`,
    `vllm:kv_cache_usage_perc{engine="${engine}"} ${kv}`,
  ]);
  return { target: of, samples: readMetrics(lines.join('\n')).samples, at, route: 'api-proxy' };
}

function failure(of: MetricsTarget): Scrape {
  return {
    target: of,
    failure: {
      port: of.port,
      error: new WorkbenchError({ code: 'timeout', message: 'no answer' }),
      since: 0,
      nextAt: 0,
    },
  };
}

/** Enters rounds 5 s apart; a scrape's own time is the round's. */
class Rounds {
  readonly book = new LiveBook(INTERVAL);
  now = 0;

  round(...scrapes: readonly ((at: number) => Scrape)[]): this {
    this.book.enter(
      scrapes.map((scrape) => scrape(this.now)),
      this.now,
    );
    this.now += INTERVAL;
    return this;
  }

  ranks(pod = 'decode-0'): readonly RankFigures[] {
    return this.book.pods.get(`ns/${pod}`)?.ranks ?? [];
  }

  rates(lines: 'rank' | 'role' = 'rank'): readonly (readonly (number | null)[])[] {
    return chartOf(this.book, lines).lines.map((line) => line.figures.generationRate);
  }
}

const one =
  (counts: Counts, changes: Partial<MetricsTarget> = {}) =>
  (at: number): Scrape =>
    answer(target(changes), at, { 0: counts });

describe('live book', () => {
  it('makes rates of counters, from the second answer on', () => {
    const rounds = new Rounds().round(one({ tokens: 1000 }));
    assert.equal(rounds.ranks()[0]?.generationRate, undefined);
    rounds.round(one({ tokens: 1500 })).round(one({ tokens: 3500 }));
    assert.equal(rounds.ranks()[0]?.generationRate, 250);
    assert.deepEqual(rounds.rates(), [[null, 100, 400]]);
  });

  it('counts an interval with a reset from zero, told by the counter or by the restart count', () => {
    const rounds = new Rounds()
      .round(one({ tokens: 1000 }))
      .round(one({ tokens: 300 }, { restarts: 1 }))
      .round(one({ tokens: 50 }));
    rounds.round(one({ tokens: 100 }, { restarts: 1 })).round(one({ tokens: 900 }, { restarts: 2 }));
    assert.deepEqual(rounds.rates(), [[null, 60, 10, 20, 180]]);
  });

  it('begins anew with a pod that took the place of another, and keeps its line', () => {
    const rounds = new Rounds()
      .round(one({ tokens: 10 }))
      .round(one({ tokens: 60 }))
      .round(one({ tokens: 5000 }, { uid: 'other' }))
      .round(one({ tokens: 5100 }, { uid: 'other' }));
    assert.deepEqual(rounds.rates(), [[null, 10, null, 20]]);
  });

  it('leaves a gap for a missed answer and spreads what follows over the true time', () => {
    const rounds = new Rounds()
      .round(one({ tokens: 0 }))
      .round(one({ tokens: 500 }))
      .round(() => failure(target()))
      .round(one({ tokens: 1500 }));
    assert.deepEqual(rounds.rates(), [[null, 100, null, 100]]);
    assert.equal(rounds.ranks()[0]?.generationRate, 100);
    rounds.round(() => failure(target()));
    assert.deepEqual([rounds.ranks(), rounds.book.pods.get('ns/decode-0')?.failures.length], [[], 1]);
  });

  it('says nothing of the time in which nobody looked', () => {
    const rounds = new Rounds().round(one({ tokens: 0 })).round(one({ tokens: 500 }));
    rounds.now += 180_000;
    rounds.round(one({ tokens: 90_000 })).round(one({ tokens: 91_000 }));
    assert.deepEqual(rounds.rates(), [[null, 100, null, 200]]);
    const { times, gapMs } = chartOf(rounds.book, 'rank');
    assert.ok((times[2] ?? 0) - (times[1] ?? 0) > gapMs);
  });

  it('takes the time between answers, not between rounds', () => {
    const rounds = new Rounds()
      .round(() => answer(target(), 100, { 0: { tokens: 0 } }))
      .round(() => answer(target(), 8100, { 0: { tokens: 800 } }));
    assert.deepEqual(rounds.rates(), [[null, 100]]);
  });

  it('tells prefix hits of the last minute, not since the start', () => {
    const rounds = new Rounds()
      .round(one({ tokens: 0, queries: 1e6, hits: 9e5 }))
      .round(one({ tokens: 0, queries: 1e6 + 200, hits: 9e5 + 50 }));
    assert.equal(totalsOf(rounds.ranks()).prefixHitRate, 0.25);
    for (let round = 0; round < 12; round += 1) rounds.round(one({ tokens: 0, queries: 1e6 + 200, hits: 9e5 + 50 }));
    assert.equal(totalsOf(rounds.ranks()).prefixHitRate, undefined);
  });

  it('adds ranks up: rates and requests as sums, caches as mean and peak, hits over all lookups', () => {
    const pod = (at: number, tokens: number, queries: number): Scrape =>
      answer(target(), at, {
        0: { tokens, running: 4, kv: 0.2, queries, hits: queries / 2 },
        1: { tokens: tokens * 3, running: 8, kv: 0.6 },
      });
    const rounds = new Rounds().round((at) => pod(at, 0, 0)).round((at) => pod(at, 500, 100));
    assert.deepEqual(totalsOf(rounds.ranks()), {
      ranks: 2,
      running: 12,
      waiting: undefined,
      kvCacheUse: 0.4,
      kvCachePeak: 0.6,
      generationRate: 400,
      promptRate: undefined,
      prefixHitRate: 0.5,
    });
    assert.deepEqual(rounds.rates('role'), [[null, 400]]);
  });

  it('draws no sum from which a rank is missing, and goes on without one that stays away', () => {
    const b = { pod: 'decode-1', group: 1 };
    const both = (tokens: number) => [one({ tokens }), one({ tokens }, b)] as const;
    const rounds = new Rounds().round(...both(0)).round(...both(500));
    for (let tokens = 1000; tokens <= 2000; tokens += 500) rounds.round(one({ tokens }), () => failure(target(b)));
    assert.deepEqual(rounds.rates('role'), [[null, 200, null, null, 100]]);
  });

  it('names lines by role, group and rank, and by place where that is not enough', () => {
    const label = (rounds: Rounds): readonly string[] => chartOf(rounds.book, 'rank').lines.map((line) => line.label);
    const ports = [8200, 8201].map((port) => (at: number) => answer(target({ port }), at, { 0: { tokens: 0 } }));
    assert.deepEqual(label(new Rounds().round(...ports)), ['decode-0:8200 dp 0', 'decode-0:8201 dp 0']);
    const groups = [
      one({ tokens: 0 }),
      one({ tokens: 0 }, { pod: 'decode-1', group: 1 }),
      one({ tokens: 0 }, { pod: 'prefill-0', role: 'prefill' }),
    ];
    assert.deepEqual(label(new Rounds().round(...groups)), ['decode 0 dp 0', 'decode 1 dp 0', 'prefill 0 dp 0']);
    assert.deepEqual(
      label(new Rounds().round(one({ tokens: 0 }), one({ tokens: 0 }, { pod: 'other-0', deployment: 'other' }))),
      ['other decode 0 dp 0', 'wide-ep decode 0 dp 0'],
    );
  });

  it('gives an endpoint picker a line of its own', () => {
    const of = target({ pod: 'epp', kind: 'picker', role: 'routing', port: 9090 });
    const rounds = new Rounds()
      .round((at) => ({
        target: of,
        samples: readMetrics('inference_pool_per_pod_queue_size{model_server_pod="a"} 3').samples,
        at,
        route: 'port-forward',
      }))
      .round(() => failure(of));
    const [line] = chartOf(rounds.book, 'role').lines;
    assert.deepEqual([line?.label, line?.figures.queue], ['endpoint picker', [3, null]]);
  });

  it('keeps 15 minutes, forgets what is older, and takes 0.8 MB for 64 ranks', () => {
    const rounds = new Rounds().round(one({ tokens: 0 }, { pod: 'gone' }));
    const engines = Object.fromEntries(Array.from({ length: 64 }, (_, engine) => [engine, { tokens: 0 }]));
    for (let round = 0; round < 181; round += 1) rounds.round((at) => answer(target(), at, engines));
    const chart = chartOf(rounds.book, 'rank');
    assert.deepEqual(
      [chart.lines.length, chart.times.length, (chart.times.at(-1) ?? 0) - (chart.times[0] ?? 0)],
      [64, 181, 900_000],
    );
    assert.ok(rounds.book.ranks.bytes < 0.85e6, `${rounds.book.ranks.bytes} bytes`);
  });

  it('loses and doubles no token, whatever answers are missed', () => {
    const step = fc.record({ tokens: fc.nat(1000), answered: fc.boolean(), restarts: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        // No two misses in a row: a longer silence is not counted, by intent.
        const kept = steps.map((each, index) => ({
          ...each,
          answered: each.answered || steps[index - 1]?.answered === false || index === 0,
        }));
        const rounds = new Rounds();
        let counter = 0;
        let restarts = 0;
        let expected = 0;
        let unseen = 0;
        let seenBefore = false;
        for (const { tokens, answered, restarts: restarted } of kept) {
          if (restarted) {
            restarts += 1;
            // What was counted after the last answer is lost with the server.
            unseen = 0;
            counter = 0;
          }
          counter += tokens;
          unseen += tokens;
          rounds.round(answered ? one({ tokens: counter }, { restarts }) : () => failure(target()));
          if (!answered) continue;
          if (seenBefore) expected += unseen;
          seenBefore = true;
          unseen = 0;
        }
        const total = rounds.book.rankLines.reduce(
          (sum, { id }) => sum + (rounds.book.ranks.sum(id, 'generated', -Infinity) || 0),
          0,
        );
        assert.equal(total, expected);
      }),
    );
  });
});
