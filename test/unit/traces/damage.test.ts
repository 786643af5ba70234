import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { KinetoScanner } from '../../../src/traces/kineto/wasm-scanner.ts';
import { TraceNormaliser } from '../../../src/traces/perfetto/normalise.ts';
import { summarise } from '../../../src/traces/summary/summarise.ts';
import { scannerDist } from '../../support/scanner.ts';
import { Dice, oddTrace } from '../../support/trace-fuzz.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/traces/', import.meta.url));
const BYTES = ['"', '\\', '{', '}', '[', ']', ',', ':', '0', 'e', '-', '.', ' ', '\0', '\u00FF'].map((text) =>
  text.charCodeAt(0),
);

/** A few bytes changed, a piece cut out, or one put in twice. */
function damage(text: Buffer, dice: Dice): Buffer {
  const damaged = Buffer.from(text);
  for (let count = dice.integer(1, 6); count > 0; count--)
    damaged[dice.integer(0, damaged.length - 1)] = dice.pick(BYTES);
  const from = dice.integer(0, damaged.length - 1);
  const to = Math.min(damaged.length, from + dice.integer(0, 300));
  const kind = dice.next();
  if (kind < 0.3) return Buffer.concat([damaged.subarray(0, from), damaged.subarray(to)]);
  if (kind < 0.6) return Buffer.concat([damaged.subarray(0, to), damaged.subarray(from)]);
  return damaged;
}

describe('damaged traces', function () {
  this.timeout(120_000);
  let module: WebAssembly.Module;
  let real: Buffer;

  before(async () => {
    module = await WebAssembly.compile(await readFile(join(await scannerDist(), 'kineto.wasm')));
    real = gunzipSync(await readFile(join(fixtures, 'triton_example.json.gz')));
  });

  function scan(text: Buffer, chunk: number): { readonly end: string; readonly summary: unknown } {
    const scanner = new KinetoScanner(module);
    for (let from = 0; from < text.length && scanner.push(text.subarray(from, from + chunk));) from += chunk;
    const end = scanner.finish();
    return { end, summary: end === 'complete' ? summarise('damaged.json', text.length, scanner.result()) : undefined };
  }

  it('never break the reader, and it says the same whatever the chunks are', () => {
    const seen = new Map<string, number>();
    for (let seed = 1; seed <= 150; seed++) {
      const dice = new Dice(seed);
      const text = damage(seed % 4 === 0 ? real : Buffer.from(oddTrace(seed)), dice);
      const whole = scan(text, text.length);
      const { end } = whole;
      assert.deepEqual(scan(text, dice.integer(1, 100)), whole, `seed ${seed}`);
      seen.set(end, (seen.get(end) ?? 0) + 1);
    }
    assert.ok(
      (seen.get('complete') ?? 0) > 50 && (seen.get('cut') ?? 0) > 0 && (seen.get('invalid') ?? 0) > 5,
      JSON.stringify([...seen]),
    );
  });

  it('never break the normaliser', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const dice = new Dice(seed);
      const text = damage(Buffer.from(oddTrace(seed)), dice).toString('latin1');
      const normaliser = new TraceNormaliser({ baseMicroseconds: 0, gpuNames: new Map(), liftCrossing: true });
      let output = '';
      for (let from = 0; from < text.length;) {
        const to = from + dice.integer(1, 400);
        output += normaliser.push(text.slice(from, to));
        from = to;
      }
      assert.equal(output + normaliser.end(), text, `seed ${seed}`);
    }
  });
});
