import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { EngineRank } from '../../../src/demo/programs/engine/engine-rank.ts';
import { KvCache } from '../../../src/demo/programs/engine/kv-cache.ts';
import { modelShape } from '../../../src/demo/programs/engine/model-shape.ts';
import { PerformanceModel, type Placement } from '../../../src/demo/programs/engine/performance.ts';
import type { GenerationRequest, TokenBatch } from '../../../src/demo/programs/engine/request.ts';
import { seededRandom } from '../../../src/demo/random.ts';
import { StepLoop } from '../../../src/demo/programs/engine/step-loop.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const ALONE: Placement = {
  tensorParallel: 1,
  expertParallel: 1,
  multiNode: false,
  gpuMemoryUtilization: 0.9,
  kvCacheFp8: false,
  enforceEager: false,
};

interface Setup {
  readonly clock: ManualClock;
  readonly loop: StepLoop;
  readonly ranks: readonly EngineRank[];
}

function setup(
  options: {
    readonly model?: string;
    readonly placement?: Partial<Placement>;
    readonly blocks?: number;
    readonly maxNumSeqs?: number;
    readonly budget?: number;
    readonly ranks?: number;
  } = {},
): Setup {
  const clock = new ManualClock();
  const loop = new StepLoop(clock, seededRandom(1));
  const performance = new PerformanceModel(modelShape(options.model ?? 'Qwen/Qwen3-0.6B'), {
    ...ALONE,
    ...options.placement,
  });
  const ranks = Array.from({ length: options.ranks ?? 1 }, (_, index) => {
    const rank = new EngineRank(index, new KvCache(options.blocks ?? 10_000, 16, true), performance, {
      maxNumSeqs: options.maxNumSeqs ?? 256,
      maxNumBatchedTokens: options.budget ?? 8192,
    });
    loop.join(rank);
    return rank;
  });
  return { clock, loop, ranks };
}

function request(fields: Partial<GenerationRequest> = {}): {
  readonly request: GenerationRequest;
  readonly batches: TokenBatch[];
} {
  const batches: TokenBatch[] = [];
  return {
    batches,
    request: {
      promptTokens: 32,
      blockHashes: [],
      maxTokens: 8,
      naturalLength: undefined,
      remotePrefill: false,
      onTokens: (batch) => batches.push(batch),
      ...fields,
    },
  };
}

function run(system: Setup, requests: readonly GenerationRequest[], ms = 120_000): void {
  for (const [index, each] of requests.entries())
    system.ranks[index % system.ranks.length]?.add(each, system.clock.monotonic());
  system.loop.wake();
  system.clock.advance(ms);
}

describe('engine', () => {
  it('generates exactly what was asked, one token a step', () => {
    const system = setup();
    const { request: asked, batches } = request();
    run(system, [asked]);
    assert.equal(
      batches.reduce((sum, batch) => sum + batch.count, 0),
      8,
    );
    assert.equal(batches.length, 8);
    assert.equal(batches.at(-1)?.finish, 'length');
    assert.equal(system.clock.waiting, 0, 'an idle engine has no timer');
  });

  it('ends where the model would end of its own', () => {
    const { request: asked, batches } = request({ maxTokens: 100, naturalLength: 5 });
    run(setup(), [asked]);
    assert.deepEqual([batches.length, batches.at(-1)?.finish], [5, 'stop']);
  });

  it('books every token and frees every block, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            promptTokens: fc.integer({ min: 1, max: 400 }),
            maxTokens: fc.integer({ min: 1, max: 60 }),
            remotePrefill: fc.boolean(),
          }),
          { minLength: 1, maxLength: 40 },
        ),
        fc.integer({ min: 30, max: 80 }),
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 64, max: 512 }),
        (shapes, blocks, maxNumSeqs, budget) => {
          const system = setup({ blocks, maxNumSeqs, budget });
          const all = shapes.map((shape) => request(shape));
          run(
            system,
            all.map((each) => each.request),
          );
          const [rank] = system.ranks;
          all.forEach(({ batches }, index) => {
            assert.equal(
              batches.reduce((sum, batch) => sum + batch.count, 0),
              shapes[index]?.maxTokens,
            );
            assert.equal(batches.filter((batch) => batch.finish !== undefined).length, 1);
          });
          assert.equal(
            rank?.metrics.generationTokens,
            shapes.reduce((sum, shape) => sum + shape.maxTokens, 0),
          );
          assert.equal(rank?.metrics.finished.length, shapes.length);
          assert.equal(rank?.cache.usage, 0);
          assert.equal((rank?.running ?? 0) + (rank?.waiting ?? 0), 0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('preempts the youngest when the cache is full, and computes it anew', () => {
    const system = setup({ blocks: 12 });
    const both = [request({ promptTokens: 60, maxTokens: 60 }), request({ promptTokens: 60, maxTokens: 60 })];
    run(
      system,
      both.map((each) => each.request),
    );
    assert.ok((system.ranks[0]?.metrics.preemptions ?? 0) > 0);
    for (const { batches } of both) assert.equal(batches.at(-1)?.finish, 'length');
  });

  it('splits a long prompt into chunks of the token budget', () => {
    const system = setup({ budget: 100 });
    const steps: number[] = [];
    system.loop.observe((step) => steps.push(step.plans.get(0)?.tokens ?? 0));
    run(system, [request({ promptTokens: 250, maxTokens: 2 }).request]);
    assert.deepEqual(steps, [100, 100, 50, 1]);
  });

  it('computes less of a prompt whose beginning is cached', () => {
    const system = setup();
    const hashes = Array.from({ length: 60 }, (_, index) => index + 1);
    const first = request({ promptTokens: 1000, blockHashes: hashes, maxTokens: 1 });
    const second = request({ promptTokens: 1000, blockHashes: hashes, maxTokens: 1 });
    run(system, [first.request]);
    run(system, [second.request]);
    assert.deepEqual([system.ranks[0]?.metrics.prefixQueries, system.ranks[0]?.metrics.prefixHits], [2000, 960]);
  });

  it('waits for the KV transfer of a remote prefill, then decodes at once', () => {
    const system = setup({ model: 'meta-llama/Llama-3.1-70B-Instruct-FP8' });
    const remote = request({ promptTokens: 8000, maxTokens: 2, remotePrefill: true });
    run(system, [remote.request], 5);
    assert.equal(remote.batches.length, 0);
    system.clock.advance(1000);
    assert.equal(remote.batches.length, 2);
    assert.equal(system.ranks[0]?.metrics.transferTime.count, 1);
  });

  it('drops an aborted request and frees its blocks', () => {
    const system = setup();
    const [rank] = system.ranks;
    const { request: asked, batches } = request({ maxTokens: 10_000 });
    const active = rank?.add(asked, 0);
    system.loop.wake();
    system.clock.advance(100);
    const before = batches.length;
    assert.ok(active && rank);
    rank.abort(active);
    system.clock.advance(100);
    assert.equal(batches.length, before);
    assert.equal(rank.cache.usage, 0);
    assert.equal(rank.metrics.finished.abort, 1);
  });

  it('hands over in one batch what a stalled event loop let pile up', () => {
    const system = setup();
    const { request: asked, batches } = request({ maxTokens: 200 });
    system.ranks[0]?.add(asked, 0);
    system.loop.wake();
    system.clock.advance(20);
    const before = batches.length;
    system.clock.stall(100);
    assert.equal(batches.length, before + 1);
    assert.ok((batches.at(-1)?.count ?? 0) > 10);
  });

  it('steps a group in lock step and stands still while it is held', () => {
    const system = setup({ ranks: 4, model: 'deepseek-ai/DeepSeek-R1', placement: { expertParallel: 4 } });
    const steps: number[] = [];
    system.loop.observe((step) => steps.push(step.plans.size));
    const held = system.loop.hold();
    run(system, [request().request], 1000);
    assert.deepEqual(steps, []);
    held.dispose();
    system.clock.advance(1000);
    assert.equal(steps.length, 8);
    assert.ok(steps.every((ranks) => ranks === 4));
  });

  it('is repeatable', () => {
    const timeline = (): readonly number[] => {
      const system = setup();
      const ends: number[] = [];
      system.loop.observe((step) => ends.push(step.startedAt + step.durationMs));
      run(system, [request({ maxTokens: 50 }).request, request({ maxTokens: 30 }).request]);
      return ends;
    };
    assert.deepEqual(timeline(), timeline());
  });
});

describe('performance model', () => {
  const decode = (model: string, placement: Partial<Placement>, batch: number): number => {
    const performance = new PerformanceModel(modelShape(model), { ...ALONE, ...placement });
    return (
      performance.computeMs({ sequences: batch, tokens: batch, contextTokens: batch * 1000 }, batch) +
      performance.exchangeMs(batch)
    );
  };

  it('slows with the batch, but less than in proportion', () => {
    for (const model of ['Qwen/Qwen3-0.6B', 'meta-llama/Llama-3.3-70B', 'deepseek-ai/DeepSeek-R1']) {
      const [one, many] = [decode(model, { tensorParallel: 8 }, 1), decode(model, { tensorParallel: 8 }, 64)];
      assert.ok(many > one && many < one * 32, `${model}: ${one} ms, ${many} ms`);
    }
  });
  it('gets faster with tensor parallelism', () => {
    assert.ok(
      decode('meta-llama/Llama-3.3-70B', { tensorParallel: 4 }, 8) <
        decode('meta-llama/Llama-3.3-70B', { tensorParallel: 2 }, 8),
    );
  });
  it('pays for experts across nodes', () => {
    const near = decode('deepseek-ai/DeepSeek-R1', { expertParallel: 16 }, 32);
    const far = decode('deepseek-ai/DeepSeek-R1', { expertParallel: 16, multiNode: true }, 32);
    assert.ok(far > near);
  });
  it('knows when a model does not fit', () => {
    const fits = (model: string, tensorParallel: number): boolean =>
      new PerformanceModel(modelShape(model), { ...ALONE, tensorParallel }).kvCacheBytes > 0;
    assert.equal(fits('meta-llama/Llama-3.3-70B', 1), false);
    assert.equal(fits('meta-llama/Llama-3.3-70B', 2), true);
    assert.equal(fits('deepseek-ai/DeepSeek-R1', 4), false);
    assert.equal(fits('deepseek-ai/DeepSeek-R1', 8), true);
  });
  it('reads sizes from names it does not know', () => {
    assert.equal(modelShape('acme/Foo-13b-chat').parameters, 13e9);
    assert.equal(modelShape('acme/Foo-13b-FP8').bytesPerParameter, 1);
    assert.equal(modelShape('acme/nameless').parameters, 8e9);
  });
});
