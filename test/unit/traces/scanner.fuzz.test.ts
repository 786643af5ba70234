import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KinetoScanner } from '../../../src/traces/kineto/wasm-scanner.ts';
import { summarise } from '../../../src/traces/summary/summarise.ts';
import { scannerDist } from '../../support/scanner.ts';
import { Dice, oddTrace } from '../../support/trace-fuzz.ts';
import { referenceSummary } from '../../support/trace-reference.ts';

describe('scanner against a plain reader', function () {
  this.timeout(120_000);
  let module: WebAssembly.Module;

  before(async () => {
    module = await WebAssembly.compile(await readFile(join(await scannerDist(), 'kineto.wasm')));
  });

  function scan(text: Buffer, nextChunk: () => number): Record<string, unknown> {
    const scanner = new KinetoScanner(module);
    for (let from = 0; from < text.length;) {
      const to = Math.min(text.length, from + nextChunk());
      assert.equal(scanner.push(text.subarray(from, to)), true);
      from = to;
    }
    assert.equal(scanner.finish(), 'complete');
    return { ...summarise('odd.json', text.length, scanner.result()) };
  }

  for (const [title, traces, chunks] of [
    ['in one chunk', 150, () => () => Number.MAX_SAFE_INTEGER],
    ['byte by byte', 25, () => () => 1],
    [
      'in chunks of 1 to 200 bytes',
      150,
      (seed: number) => {
        const dice = new Dice(seed);
        return () => dice.integer(1, 200);
      },
    ],
  ] as const) {
    it(`reads ${traces} odd traces exactly, ${title}`, () => {
      for (let seed = 1; seed <= traces; seed++) {
        const text = oddTrace(seed);
        const summary = scan(Buffer.from(text), chunks(seed));
        for (const [figure, expected] of Object.entries(referenceSummary(text)))
          assert.deepEqual(summary[figure], expected, `seed ${seed}: ${figure}`);
        assert.deepEqual(summary['warnings'], [], `seed ${seed}`);
        assert.equal((summary['meta'] as { rank: number }).rank, seed);
        assert.equal((summary['meta'] as { baseTimeNanoseconds: bigint }).baseTimeNanoseconds, 1735632360000000001n);
      }
    });
  }
});
