import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { parseExactJson, stringifyExactJson } from '../../../src/traces/exact-json.ts';
import { readTrace } from '../../../src/traces/summary/read-trace.ts';
import type { TraceSummary } from '../../../src/traces/types.ts';
import { scannerDist } from '../../support/scanner.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/traces/', import.meta.url));

describe('trace summary', () => {
  let module: WebAssembly.Module;
  let folder: string;

  before(async () => {
    module = await WebAssembly.compile(await readFile(join(await scannerDist(), 'kineto.wasm')));
    folder = await mkdtemp(join(tmpdir(), 'llmdw-summary-'));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  async function summaryOf(name: string, content: string | Buffer): Promise<TraceSummary> {
    await writeFile(join(folder, name), content);
    return readTrace(join(folder, name), module);
  }

  it('gives the exact figures of real traces', async () => {
    const expected = parseExactJson(await readFile(join(fixtures, 'expected.json'), 'utf8')) as Record<
      string,
      Record<string, unknown>
    >;
    assert.ok(Object.keys(expected).length >= 8);
    for (const [name, figures] of Object.entries(expected)) {
      // As it is printed: a bigint must come out as the plain integer that it is.
      const summary = parseExactJson(stringifyExactJson(await readTrace(join(fixtures, name), module))) as Record<
        string,
        unknown
      >;
      for (const [figure, value] of Object.entries(figures))
        assert.deepEqual(summary[figure] ?? null, value, `${name}: ${figure}`);
    }
  });

  it('prints epoch nanoseconds above 2^53 as plain integers', async () => {
    const summary = await summaryOf(
      'epoch.json',
      '{"traceEvents":[{"ph":"X","cat":"user_annotation","name":"ProfilerStep#1","pid":1,"tid":1,"ts":1712195495502094.565,"dur":1.001}]}',
    );
    assert.equal(summary.first_ts_ns, 1712195495502094565n);
    assert.match(stringifyExactJson(summary), /"ts_ns":1712195495502094565,"dur_ns":1001\}/);
  });

  it('leaves a row with a broken clock out of the balance, and says so', async () => {
    const kernel = (ts: string): string =>
      `{"ph":"X","cat":"kernel","name":"k","pid":0,"tid":7,"ts":${ts},"dur":2,"args":{"device":0,"stream":7}}`;
    const summary = await summaryOf(
      'clock.json',
      `{"traceEvents":[${[kernel('0'), kernel('1712195495502094.000'), kernel('1712195495502099.000'), kernel('99999999999999999999')].join(',')}]}`,
    );
    assert.equal(summary.devices['0']?.span_ns, 7000);
    assert.equal(summary.kernels[0]?.count, 2);
    assert.equal(summary.events, 4);
    assert.deepEqual(
      summary.warnings.map((warning) => warning.code),
      ['times-unusable'],
    );
  });

  it('goes on behind events that are no JSON, and says what it skipped', async () => {
    const kernel =
      '{"ph": "X", "cat": "kernel", "name": "k", "pid": 0, "tid": 7, "ts": 1.000, "dur": 2.000, "args": {"device": 0, "stream": 7}}';
    const odd = '{"ph": "X", "cat": "cpu_op", "name": "say "hi"", "pid": 1, "tid": 1, "ts": 1, "dur": 1}';
    const summary = await summaryOf('odd.json', `{"traceEvents":[${[kernel, odd, kernel, '17', kernel].join(',\n')}]}`);
    assert.equal(summary.kernels[0]?.count, 3);
    assert.deepEqual(
      summary.warnings.map((warning) => warning.code),
      ['events-skipped'],
    );
    const oddLast = await summaryOf('odd.json', `{"traceEvents":[${kernel},${odd}], "distributedInfo": {"rank": 4}}`);
    assert.equal(oddLast.kernels[0]?.count, 1);
    assert.equal(oddLast.meta.rank, 4);
  });

  it('reads a trace in several gzip members, and one with bad UTF-8 in a name', async () => {
    const text = Buffer.from(
      '{"traceEvents":[{"ph":"X","cat":"kernel","name":"bad\u00FFname","pid":0,"tid":7,"ts":1,"dur":2}], "distributedInfo": {"rank": 3}}',
      'latin1',
    );
    const summary = await summaryOf(
      'members.json.gz',
      Buffer.concat([gzipSync(text.subarray(0, 50)), gzipSync(text.subarray(50))]),
    );
    assert.equal(summary.meta.rank, 3);
    assert.equal(summary.kernels[0]?.name, 'bad\uFFFDname');
    assert.deepEqual(
      summary.warnings.map((warning) => warning.code),
      ['text-invalid'],
    );
  });

  const event = '{"ph":"X","cat":"cpu_op","name":"x","pid":1,"tid":1,"ts":1,"dur":1}';
  const whole = `{"traceEvents":[${event},${event}],"traceName":"t"}`;
  const unreadable: readonly (readonly [title: string, code: string, content: string | Buffer])[] = [
    ['an empty file', 'file-empty', ''],
    ['a cut gzip', 'gzip-cut', gzipSync(whole).subarray(0, 60)],
    ['a gzip without its trailer', 'gzip-cut', gzipSync(whole).subarray(0, -8)],
    ['a damaged gzip', 'gzip-invalid', Buffer.concat([gzipSync(whole).subarray(0, -8), Buffer.alloc(8, 7)])],
    ['plain text', 'json-invalid', 'INFO 11-23 engine started\n'],
    ['white space', 'json-invalid', ' \n\n'],
    ['JSON lines', 'json-invalid', '{"a":1}\n{"a":2}\n'],
    ['an object with a word for a value', 'json-invalid', '{"a": yes sir}'],
    ['JSON cut in the events', 'json-cut', whole.slice(0, 60)],
    ['JSON cut between two events', 'json-cut', whole.slice(0, whole.indexOf('},') + 2)],
    ['JSON cut before the events', 'json-cut', '{"schemaVersion": 1, "deviceProperties": [{"id"'],
    ['JSON cut behind the events', 'json-cut', `${whole.slice(0, whole.indexOf(']') + 1)},"trace`],
    ['JSON cut at the last brace', 'json-cut', whole.slice(0, -1)],
    ["another tool's object", 'format-unknown', '{"benchmarks": [{"a": 1}], "n": {"traceEvents": []}}'],
    ["another tool's array", 'format-unknown', '[{"a": 1}]'],
    ['a number', 'format-unknown', '42'],
  ];
  for (const [title, code, content] of unreadable) {
    it(`says ${code} for ${title}, and what to do`, async () => {
      await assert.rejects(summaryOf('unreadable.json', content), (error) => {
        assert.ok(isWorkbenchError(error));
        assert.equal(error.code, code);
        assert.match(error.message, /unreadable\.json/);
        assert.ok(error.hint);
        return true;
      });
    });
  }

  it('knows no rank where none can be: beyond all figures, below zero, a half, a text', async () => {
    for (const rank of ['1e400', '-1e400', '99999999999999999999', '-1', '1.5', '"3"', 'null', '{"__proto__":1}']) {
      const { meta } = await summaryOf(
        'rank.json',
        `{"distributedInfo":{"rank":${rank},"world_size":${rank}},"traceEvents":[{"ph":"X","name":"k","pid":0,"tid":7,"ts":1,"dur":2}]}`,
      );
      assert.deepEqual([meta.rank, meta.world_size], [null, null], rank);
    }
  });

  it('says file-missing and file-is-directory', async () => {
    await assert.rejects(readTrace(join(folder, 'nothing.json'), module), (error) =>
      isWorkbenchError(error, 'file-missing'),
    );
    await assert.rejects(readTrace(folder, module), (error) => isWorkbenchError(error, 'file-is-directory'));
  });

  it('finds a real trace cut anywhere to be cut', async () => {
    const text = gunzipSync(await readFile(join(fixtures, 'base.json.gz')))
      .toString()
      .trimEnd();
    for (let length = 1; length < text.length; length += 397) {
      await assert.rejects(
        summaryOf('cut.json', text.slice(0, length)),
        (error) => isWorkbenchError(error, 'json-cut'),
        `cut at ${length}`,
      );
    }
  });
});
