import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { OutputProgress } from '../../../src/benchmarks/running/progress.ts';

describe('progress of a run', () => {
  it('reads the bar that vllm bench draws', async () => {
    const output = await readFile(new URL('../../fixtures/benchmarks/vllm-bench.txt', import.meta.url), 'utf8');
    const cut = output.slice(0, output.indexOf('18/40') + 40);
    assert.deepEqual(new OutputProgress().read(Buffer.from(cut), '1/1 concurrency 4'), {
      message: 'concurrency 4 · 18 of 40 requests · 31.4 req/s',
      fraction: 18 / 40,
    });
  });

  it('counts steps, and starts each at nothing', () => {
    const progress = new OutputProgress();
    assert.deepEqual(
      progress.read(Buffer.from('# 1/2 concurrency 4\n 50%|## | 8/16 [00:01<00:01,  8.00it/s]'), '1/2 concurrency 4'),
      { message: 'concurrency 4 (1 of 2) · 8 of 16 requests · 8.0 req/s', fraction: 0.25 },
    );
    assert.deepEqual(progress.read(Buffer.from('\n# 2/2 concurrency 8\n'), '2/2 concurrency 8'), {
      message: 'concurrency 8 (2 of 2)',
      fraction: 0.5,
    });
    assert.deepEqual(progress.read(Buffer.from(' 25%|# | 8/32 [00:16<00:48,  2.00s/it]'), '2/2 concurrency 8'), {
      message: 'concurrency 8 (2 of 2) · 8 of 32 requests · 0.5 req/s',
      fraction: 0.625,
    });
  });

  it('knows nothing before the first step', () => {
    assert.deepEqual(new OutputProgress().read(Buffer.alloc(0), ''), { message: 'starting' });
  });
});
