import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { mochaOutcome, said, total, type Outcome } from '../../../scripts/lib/outcome.ts';

describe('what a suite came to', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outcome-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function run(text: string): Promise<Outcome> {
    const file = join(folder, 'case.cjs');
    await writeFile(file, text);
    const { stdout, exitCode } = await execa('mocha', ['--no-config', file], {
      preferLocal: true,
      reject: false,
      env: { FORCE_COLOR: '1' },
    });
    return mochaOutcome(stdout, exitCode ?? 1);
  }

  it('is read off real mocha: counts, and what failed in its own words', async () => {
    const outcome = await run(`describe('a room', () => {
      it('holds', () => {});
      it('waits');
      it('breaks', () => { throw new Error('the door is gone'); });
    });`);
    assert.deepEqual([outcome.passed, outcome.failed, outcome.skipped], [1, 1, 1]);
    assert.equal(outcome.failures.length, 1);
    assert.match(outcome.failures[0] ?? '', /^1 failing\n[^]*1\) a room\n\s+breaks:\n[^]*the door is gone/);
  });

  it('is no failure where nothing failed', async () => {
    const outcome = await run(`it('holds', () => {});`);
    assert.deepEqual(outcome, { passed: 1, failed: 0, skipped: 0, failures: [] });
  });

  it('is a failure where mocha ended before its closing lines, or with a code that no test explains', async () => {
    for (const code of [0, 3]) {
      const ended = await run(`it('holds', () => {}); it('ends it all', () => process.exit(${code}));`);
      assert.equal(ended.failed, 1);
      assert.deepEqual(ended.failures, [`ended with ${code} without mocha's closing lines`]);
    }
    assert.deepEqual(mochaOutcome('\n  1 passing (2ms)\n', 7).failures, ['ended with 7 beside 1 tests that passed']);
  });

  it('adds up', () => {
    const all = total([
      { passed: 2, failed: 0, skipped: 1, failures: [] },
      { passed: 3, failed: 1, skipped: 0, failures: ['why'] },
    ]);
    assert.equal(said(all), '5 passed, 1 failed, 1 skipped');
    assert.deepEqual(all.failures, ['why']);
  });
});
