import assert from 'node:assert/strict';
import { join } from 'node:path';
import { formatAggregate, formatResults } from '../../../src/benchmarks/format.ts';
import { sourceResults } from '../../support/results.ts';

const FIXTURES = new URL('../../fixtures/benchmarks/', import.meta.url).pathname;
const { signal } = new AbortController();

describe('tables for people', function () {
  this.timeout(30_000);
  const { results, readers } = sourceResults();
  after(() => readers.dispose());

  it('results: a line a load level, a dash for what is not known', async () => {
    const lines = formatResults(await results.read([join(FIXTURES, 'vllm-bench-appended.json')], signal)).split('\n');
    assert.match(lines[0] ?? '', /vllm-bench-appended\.json: vllm-bench$/);
    assert.match(lines[2] ?? '', /^concurrency 4 +20 +0 +30\.83 +493\.3 +1486\.2 +41\.7 \/ 61\.8 .* -$/);
    assert.match(lines[3] ?? '', /^50\/s +19 +1 /);
    const width = lines[1]?.length;
    assert.equal(lines[2]?.length, width, 'columns line up');
  });

  it('aggregate: every figure says what it is, workers on demand', async () => {
    const { aggregate: report } = await results.workers(4, join(FIXTURES, 'parallel-0.3.1'), {
      useTotal: false,
      signal,
    });
    const text = formatAggregate(report, { details: true, useTotal: false });
    assert.match(text, /^worker +ok +errored/);
    assert.match(text, /\n3 +58 +2 +0 +1392 +326\.95 +338\.23 +1\.38 +5\.64\n/);
    assert.match(text, /sum of the workers' means \(successful requests\) +1322\.00 tok\/s/);
    assert.match(text, /tokens \/ union of windows +979\.55 tok\/s over 5\.64 s/);
    assert.match(text, /p99 213\.38 ms \(merged from raw samples\)/);
    assert.match(text, /warning: all workers ran together for 48 %/);
    assert.doesNotMatch(formatAggregate(report, { details: false, useTotal: true }), /^worker/);
    assert.match(formatAggregate(report, { details: false, useTotal: true }), /\(all requests\)/);
  });
});
