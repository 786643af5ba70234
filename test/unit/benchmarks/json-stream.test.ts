import assert from 'node:assert/strict';
import { assert as check, constantFrom, integer, jsonValue, property, string } from 'fast-check';
import { isWorkbenchError } from '../../../src/base/errors.ts';
import { JsonStream, type LeftOut, type Shape } from '../../../src/benchmarks/readers/json-stream.ts';

function read(text: string, shape: Shape = 'keep', chunkSize = Number.POSITIVE_INFINITY): unknown[] {
  const documents: unknown[] = [];
  const stream = new JsonStream(shape, (document) => documents.push(document));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunkSize) {
    // The stream must not hold on to a chunk's memory.
    const chunk = Buffer.from(bytes.subarray(at, at + chunkSize));
    stream.push(chunk);
    chunk.fill(0);
  }
  stream.end();
  return documents;
}

/** A text that is long, in pieces of 64 kB: `middle` so many MB. */
function readLong(
  before: string,
  middle: string,
  megabytes: number,
  after: string,
): { readonly documents: unknown[]; readonly leftOut: LeftOut } {
  const documents: unknown[] = [];
  const stream = new JsonStream('keep', (document) => documents.push(document));
  const piece = Buffer.from(middle.repeat(65_536 / middle.length));
  stream.push(Buffer.from(before));
  for (let count = megabytes * 16; count > 0; count -= 1) stream.push(piece);
  stream.push(Buffer.from(after));
  stream.end();
  return { documents, leftOut: stream.leftOut };
}

function codeOf(text: string, shape?: Shape): string {
  try {
    read(text, shape);
  } catch (error) {
    return isWorkbenchError(error) ? error.code : String(error);
  }
  return 'read';
}

describe('JsonStream', () => {
  it('reads any JSON as JSON.parse does, whatever the chunks', () => {
    check(
      property(
        jsonValue({ stringUnit: 'binary' }),
        integer({ min: 1, max: 9 }),
        constantFrom(undefined, 1),
        (value, chunkSize, indent) => {
          // `__proto__` is left out on purpose, and -0 is written as 0.
          const text = JSON.stringify(
            value,
            (key, inner: unknown) => (key === '__proto__' ? undefined : inner),
            indent,
          );
          assert.deepEqual(read(text, 'keep', chunkSize), [JSON.parse(text)]);
        },
      ),
    );
  });

  it('drops any value without touching its neighbours', () => {
    check(
      property(jsonValue(), integer({ min: 1, max: 9 }), (dropped, chunkSize) => {
        const text = JSON.stringify({ before: 1, dropped, list: [dropped, dropped], after: ['x'] });
        const shape: Shape = { '*': 'keep', dropped: 'drop', list: { '*': 'drop' } };
        assert.deepEqual(read(text, shape, chunkSize), [{ before: 1, list: [], after: ['x'] }]);
      }),
    );
  });

  it('finds the end of long strings full of escapes, wherever chunks are cut', () => {
    const escapes = string({ unit: constantFrom('\\', '"', 'x', 'xxxxxxxxxxxxxxxxxxxxxxxx'), maxLength: 60 });
    check(
      property(escapes, escapes, integer({ min: 1, max: 200 }), (one, other, chunkSize) => {
        const text = JSON.stringify({ one, list: [other], kept: other });
        assert.deepEqual(read(text, { kept: 'keep' }, chunkSize), [{ kept: other }]);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps named keys and array items by shape', () => {
    const shape: Shape = { runs: { '*': { ms: 'keep' } } };
    assert.deepEqual(
      read('{"other":[1,{"ms":2}],"runs":[{"ms":3,"text":"a\\"b"},{"text":"\\\\","ms":null}]}', shape, 3),
      [{ runs: [{ ms: 3 }, { ms: null }] }],
    );
  });

  it('reads what Python writes and JSON has no word for', () => {
    assert.deepEqual(read('{"a":NaN,"b":Infinity,"c":-Infinity}'), [{ a: Number.NaN, b: Infinity, c: -Infinity }]);
  });

  it('answers JSON lines document by document', () => {
    assert.deepEqual(read('{"a":1}\n{"a":2}\n\n[3]\n', 'keep', 4), [{ a: 1 }, { a: 2 }, [3]]);
  });

  it('does not let a key change the prototype', () => {
    const [document] = read('{"__proto__":{"polluted":true},"a":1}');
    assert.equal(Object.getPrototypeOf(document), Object.prototype);
    assert.deepEqual(document, { a: 1 });
  });

  it('calls every prefix of a document cut, and never anything else', () => {
    const text = '{"a": [1.5, "x\\n", {"b": null}], "c": {"d": true}, "drop": {"e": ["}", "\\\\"]}}';
    for (let length = 1; length < text.length; length += 1) {
      assert.equal(codeOf(text.slice(0, length)), 'json-cut', text.slice(0, length));
      assert.equal(codeOf(text.slice(0, length), { '*': 'keep', drop: 'drop' }), 'json-cut', text.slice(0, length));
    }
  });

  it('names what is no JSON, with the offset', () => {
    for (const text of [
      '{"a" 1}',
      '{a: 1}',
      '[1 2]',
      '[1,]',
      '{"a":1,}',
      '{"a":01}',
      '{"a":tru}',
      '["\u0001\\n"]',
      '{]',
      '[}',
      '{"a":}',
    ])
      assert.equal(codeOf(text), 'json-invalid', text);
    assert.equal(codeOf('{"a":,"b":1}', 'drop'), 'read', 'dropped parts are only checked for brackets and strings');
    assert.equal(codeOf('{"a":,"b":1}', { a: 'drop' }), 'json-invalid');
    assert.throws(() => read('{"abc": }', 'keep', 2), /byte 8/);
  });

  it('leaves out what is nested deeper than 64 levels, and says how often', () => {
    const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}1${']'.repeat(levels)}`);
    const deep = (levels: number): string => JSON.stringify({ before: 1, part: nested(levels), after: 2 });
    const stream = (text: string): { readonly read: unknown; readonly leftOut: LeftOut } => {
      let document: unknown;
      const reader = new JsonStream('keep', (built) => (document = built));
      reader.push(Buffer.from(text));
      reader.end();
      return { read: document, leftOut: reader.leftOut };
    };
    assert.deepEqual(stream(deep(63)), {
      read: { before: 1, part: nested(63), after: 2 },
      leftOut: { deep: 0, long: 0 },
    });
    const { read: cut, leftOut } = stream(deep(64));
    assert.deepEqual(leftOut, { deep: 1, long: 0 });
    assert.equal(JSON.stringify(cut), `{"before":1,"part":${'['.repeat(63)}${']'.repeat(63)},"after":2}`);
  });

  it('leaves out strings and keys longer than 1 MB, and says how many', () => {
    for (const content of ['x', String.raw`\"`, String.raw`\\`, '[{]}'.repeat(8)]) {
      const long = readLong('{"a":1,"long":"', content, 2, '","list":["b"]}');
      assert.deepEqual(long, { documents: [{ a: 1, list: ['b'] }], leftOut: { deep: 0, long: 1 } }, content);
      const key = readLong('{"a":1,"', content, 2, '":[2],"b":3}');
      assert.deepEqual(key, { documents: [{ a: 1, b: 3 }], leftOut: { deep: 0, long: 1 } }, content);
    }
    const kept = readLong('{"a":"', 'x', 1, '"}');
    assert.deepEqual(kept, { documents: [{ a: 'x'.repeat(1 << 20) }], leftOut: { deep: 0, long: 0 } });
  });

  it('ends at a number that does not', () => {
    assert.throws(() => readLong('{"a":', '1', 1, '}'), { code: 'json-invalid', message: /byte 5$/ });
  });
});
