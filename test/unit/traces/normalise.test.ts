import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { readTrace } from '../../../src/traces/summary/read-trace.ts';
import { LANES } from '../../../src/traces/perfetto/lanes.ts';
import { TraceNormaliser, type NormalisePlan } from '../../../src/traces/perfetto/normalise.ts';
import { planFor } from '../../../src/traces/perfetto/plan.ts';
import { scannerDist } from '../../support/scanner.ts';
import { Dice } from '../../support/trace-fuzz.ts';
import { nanosecondsOf } from '../../support/trace-reference.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/traces/', import.meta.url));
const nothing: NormalisePlan = { baseMicroseconds: 0, gpuNames: new Map(), liftCrossing: false };

interface Event {
  readonly ph: string;
  readonly cat?: string;
  readonly name: string;
  readonly pid: unknown;
  readonly tid: unknown;
  readonly ts: string;
  readonly dur?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

function normalise(text: Buffer, plan: NormalisePlan, chunk = () => 65536): Buffer {
  const normaliser = new TraceNormaliser(plan);
  const parts: string[] = [];
  for (let from = 0; from < text.length;) {
    const to = Math.min(text.length, from + chunk());
    parts.push(normaliser.push(text.toString('latin1', from, to)));
    from = to;
  }
  return Buffer.from(parts.join('') + normaliser.end(), 'latin1');
}

/** Events with their times as they are written. */
function eventsOf(text: Buffer): readonly Event[] {
  const parse = JSON.parse as (
    json: string,
    reviver: (key: string, value: unknown, context: { source: string }) => unknown,
  ) => { traceEvents: Event[] };
  return parse(text.toString(), (key, value, { source }) =>
    typeof value === 'number' && (key === 'ts' || key === 'dur') ? source : value,
  ).traceEvents;
}

/** Slices that start inside one of their thread and end behind it: Perfetto drops them. */
function crossings(events: readonly Event[]): number {
  let count = 0;
  const slices = events.filter((event) => event.ph === 'X' && typeof event.pid === 'number' && event.pid < 16);
  for (const thread of Map.groupBy(slices, (event) => JSON.stringify([event.pid, event.tid])).values()) {
    const open: bigint[] = [];
    const timed = thread.map(
      (event) => [nanosecondsOf(event.ts), nanosecondsOf(event.ts) + nanosecondsOf(event.dur)] as const,
    );
    for (const [start, end] of timed.toSorted((a, b) => Number(a[0] - b[0]))) {
      while ((open.at(-1) ?? start + 1n) <= start) open.pop();
      if (end > (open.at(-1) ?? end)) count++;
      else open.push(end);
    }
  }
  return count;
}

describe('normalising a trace for Perfetto', () => {
  let module: WebAssembly.Module;

  before(async () => {
    module = await WebAssembly.compile(await readFile(join(await scannerDist(), 'kineto.wasm')));
  });

  it('lifts crossing slices to lanes beside their stream and keeps all else', async () => {
    const path = join(fixtures, 'b200_eager.json.gz');
    const original = gunzipSync(await readFile(path));
    const plan = planFor(await readTrace(path, module), 'decode-0');
    assert.equal(plan.liftCrossing, true);
    const before = eventsOf(original);
    const after = eventsOf(normalise(original, plan));
    assert.ok(crossings(before) > 10);
    assert.equal(crossings(after), 0);
    const added = after.filter((event) => event.ph === 'M' && event.ts === '0');
    assert.deepEqual(
      new Set(added.map((event) => event.args?.['name'])),
      new Set(['GPU 0 \u00B7 rank 0 \u00B7 decode-0', 'stream 7 (overlapping)']),
    );
    assert.equal(added.length, 2);
    assert.equal(after.length, before.length + added.length);
    const kept = after.filter((event) => !added.includes(event));
    for (const [index, event] of kept.entries()) {
      const was = before[index]!;
      assert.equal(event.name, was.name);
      assert.equal(nanosecondsOf(event.ts), nanosecondsOf(was.ts) - BigInt(plan.baseMicroseconds) * 1000n);
      assert.equal(event.dur, was.dur);
      if (typeof was.pid === 'number' && plan.gpuNames.has(String(was.pid)) && typeof was.tid === 'number')
        assert.equal(Math.floor(Number(event.tid) / LANES), was.tid);
      else assert.equal(event.tid, was.tid);
      if (event.ph === 'X') assert.deepEqual(event.args, was.args);
    }
  });

  it('keeps a flow at the slice that was lifted', () => {
    const events = [
      '{"ph":"X","cat":"kernel","name":"a","pid":0,"tid":7,"ts":1.000,"dur":5.000}',
      '{"ph":"X","cat":"kernel","name":"b","pid":0,"tid":7,"ts":4.000,"dur":5.000}',
      '{"ph":"f","id":9,"pid":0,"tid":7,"ts":4.000,"cat":"ac2g","name":"ac2g","bp":"e"}',
      '{"ph":"f","id":8,"pid":0,"tid":7,"ts":1.000,"cat":"ac2g","name":"ac2g","bp":"e"}',
    ];
    const text = Buffer.from(`{"traceEvents": [${events.join(',\n')}], "traceName": "t"}`);
    const after = eventsOf(normalise(text, { ...nothing, gpuNames: new Map([['0', 'GPU 0']]), liftCrossing: true }));
    assert.deepEqual(
      after.map((event) => [event.ph, event.name, event.tid]),
      [
        ['X', 'a', 112],
        ['M', 'process_name', undefined],
        ['X', 'b', 113],
        ['M', 'thread_name', 113],
        ['f', 'ac2g', 113],
        ['f', 'ac2g', 112],
      ],
    );
  });

  it('rebases epoch times without losing a digit', () => {
    const text = Buffer.from(
      '{"traceEvents": [{"ts": 1712195495502094.565, "ph": "X"}, {"ts": 1712195495502093.999, "ph":"i"}, {"ts": 1712195495502095, "ph":"i"}, {"ts": "x", "ph":"i"}]}',
    );
    const after = normalise(text, { ...nothing, baseMicroseconds: 1712195495502094 }).toString();
    assert.equal(
      after,
      '{"traceEvents": [{"ts": 0.565, "ph": "X"}, {"ts": -0.001, "ph":"i"}, {"ts": 1.000, "ph":"i"}, {"ts": "x", "ph":"i"}]}',
    );
  });

  it('gives the same text whatever the chunks are, and the very same bytes when nothing is to change', async () => {
    const path = join(fixtures, 'vllm_decode_full.json.gz');
    const original = gunzipSync(await readFile(path));
    const plan = planFor(await readTrace(path, module), undefined);
    const whole = normalise(original, plan, () => original.length);
    const dice = new Dice(3);
    assert.ok(whole.equals(normalise(original, plan, () => dice.integer(1, 5000))));
    assert.ok(original.equals(normalise(original, nothing, () => dice.integer(1, 5000))));
  });

  it('passes on what it does not understand', () => {
    for (const text of ['', 'plain text', '{"a": 1}', '{"traceEvents": [1, 2', '{"traceEvents": [{"ph": X}]}']) {
      assert.equal(normalise(Buffer.from(text), { ...nothing, baseMicroseconds: 5 }, () => 3).toString(), text);
    }
  });
});
