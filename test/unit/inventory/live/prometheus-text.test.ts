import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { MetricsReader, readMetrics, type Sample } from '../../../../src/inventory/live/prometheus-text.ts';

const LIMITS = { characters: 10_000, lineCharacters: 200, samples: 50 };

/** As plain data: labels have no prototype. */
function plain({ samples }: { readonly samples: readonly Sample[] }): readonly unknown[] {
  return samples.map(({ name, labels, value }) => ({ name, labels: { ...labels }, value }));
}

describe('Prometheus text', () => {
  it('reads names, labels, values and timestamps of both formats', () => {
    const page = readMetrics(
      [
        '# HELP vllm:num_requests_running Number of requests.',
        '# TYPE vllm:num_requests_running gauge',
        'vllm:num_requests_running{engine="0",model_name="m"} 12.0',
        'plain 3',
        'spaced { a = "1" , b="2", } 4.5e3 1700000000123',
        'negative{} -.5',
        'exemplar_bucket{le="1"} 7 1700000000.123 # {trace_id="abc"} 0.5',
        'tabbed\t9',
        'windows{a="b"} 1\r',
        '# EOF',
      ].join('\n'),
    );
    assert.deepEqual(plain(page), [
      { name: 'vllm:num_requests_running', labels: { engine: '0', model_name: 'm' }, value: 12 },
      { name: 'plain', labels: {}, value: 3 },
      { name: 'spaced', labels: { a: '1', b: '2' }, value: 4500 },
      { name: 'negative', labels: {}, value: -0.5 },
      { name: 'exemplar_bucket', labels: { le: '1' }, value: 7 },
      { name: 'tabbed', labels: {}, value: 9 },
      { name: 'windows', labels: { a: 'b' }, value: 1 },
    ]);
    assert.deepEqual([page.skippedLines, page.cut], [0, false]);
  });

  it('takes escapes back and knows NaN and the infinities', () => {
    const page = readMetrics(
      String.raw`a{path="C:\\dir\\",quote="say \"hi\", {}",line="one\ntwo"} NaN` + '\nb +Inf\nc -Inf\nd Inf\n',
    );
    assert.deepEqual(plain(page), [
      { name: 'a', labels: { path: 'C:\\dir\\', quote: 'say "hi", {}', line: 'one\ntwo' }, value: NaN },
      { name: 'b', labels: {}, value: Infinity },
      { name: 'c', labels: {}, value: -Infinity },
      { name: 'd', labels: {}, value: Infinity },
    ]);
  });

  it('passes over what is no sample and keeps the rest', () => {
    const page = readMetrics(
      [
        'good 1',
        'no value',
        'x{a="open} 1',
        'y{a=b} 1',
        'z{a="1"} twelve',
        '<html>',
        'glued5',
        'hex 0x10',
        'also_good 2',
      ].join('\n'),
    );
    assert.deepEqual(
      page.samples.map(({ name }) => name),
      ['good', 'also_good'],
    );
    assert.equal(page.skippedLines, 7);
  });

  it('reads no name that is not wanted, however its labels look', () => {
    const page = readMetrics('a{broken 1\nb 2\n', (name) => name === 'b');
    assert.deepEqual([page.samples.length, page.skippedLines], [1, 0]);
  });

  it('bounds what a page may cost', () => {
    const long = readMetrics(`${'x'.repeat(500)} 1\nshort 2\n`, undefined, LIMITS);
    assert.deepEqual([long.samples.map(({ name }) => name), long.skippedLines, long.cut], [['short'], 1, false]);
    const endless = new MetricsReader(undefined, LIMITS);
    let pieces = 0;
    while (endless.push('x'.repeat(900))) pieces += 1;
    assert.ok(pieces <= 11);
    assert.deepEqual(endless.end(), { samples: [], skippedLines: 0, cut: true });
    const many = readMetrics(Array.from({ length: 80 }, (_, index) => `m${index} 1`).join('\n'), undefined, LIMITS);
    assert.deepEqual([many.samples.length, many.cut], [50, true]);
    assert.deepEqual(
      readMetrics('__proto__{__proto__="x",constructor="y"} 1').samples.map(({ labels }) => Object.keys(labels)),
      [['__proto__', 'constructor']],
    );
  });

  it('reads what it is given in any pieces as in one', () => {
    fc.assert(
      fc.property(fc.array(line(), { maxLength: 20 }), fc.array(fc.nat(400), { maxLength: 8 }), (lines, cuts) => {
        const text = lines.join('\n');
        const reader = new MetricsReader();
        let from = 0;
        for (const cut of cuts.toSorted((a, b) => a - b)) {
          reader.push(text.slice(from, Math.max(from, cut)));
          from = Math.max(from, cut);
        }
        reader.push(text.slice(from));
        assert.deepEqual(reader.end(), readMetrics(text));
      }),
    );
  });

  it('gives back what a well-formed page says', () => {
    const labels = fc.dictionary(fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/), fc.string(), {
      maxKeys: 4,
      noNullPrototype: true,
    });
    const value = fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.constantFrom(NaN, Infinity, -Infinity));
    const sample = fc.record(
      { name: fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,12}$/), labels, value },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 10 }), (samples) => {
        const page = readMetrics(samples.map(written).join('\n'));
        assert.equal(page.skippedLines, 0);
        assert.deepEqual(plain(page), samples);
      }),
    );
  });

  it('never throws, never runs away', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(line(), fc.string({ unit: 'binary' })), { maxLength: 20 }), (lines) => {
        const page = readMetrics(lines.join('\n'), undefined, LIMITS);
        assert.ok(page.samples.length <= LIMITS.samples);
      }),
    );
  });
});

/** Lines near enough to the format to go wrong late. */
function line(): fc.Arbitrary<string> {
  const token = fc.constantFrom(
    'a',
    'vllm:x_total',
    '{',
    '}',
    '"',
    '\\',
    '\\n',
    ',',
    '=',
    ' ',
    '\t',
    '1',
    '-1e5',
    'NaN',
    '+Inf',
    '#',
    '# {',
    'é',
    '\r',
    '_',
    '0.5',
    '1700000000',
  );
  return fc.array(token, { maxLength: 25 }).map((tokens) => tokens.join(''));
}

function written({
  name,
  labels,
  value,
}: {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}): string {
  const pairs = Object.entries(labels).map(
    ([label, text]) => `${label}="${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  const number = Number.isNaN(value)
    ? 'NaN'
    : value === Infinity
      ? '+Inf'
      : value === -Infinity
        ? '-Inf'
        : Object.is(value, -0)
          ? '-0'
          : String(value);
  return `${name}{${pairs.join(',')}} ${number}`;
}
