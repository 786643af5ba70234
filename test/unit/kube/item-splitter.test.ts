import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { ItemSplitter } from '../../../src/kube/http/item-splitter.ts';

/** A list's items and the rest of it, read in pieces cut at the given shares of the text. */
function split(
  text: string,
  cuts: readonly number[] = [],
): { readonly items: readonly unknown[]; readonly rest: unknown } {
  const bytes = Buffer.from(text);
  const ends = [...cuts.map((cut) => Math.floor(cut * bytes.length)), bytes.length].toSorted((a, b) => a - b);
  const splitter = new ItemSplitter();
  let from = 0;
  const items = ends.flatMap((end) => {
    const found = splitter.push(bytes.subarray(from, end));
    from = end;
    return found;
  });
  assert.ok(splitter.complete);
  return { items: items.map((item) => JSON.parse(item) as unknown), rest: JSON.parse(splitter.rest()) };
}

const pod = {
  metadata: {
    name: 'a "b" {c} [d] \\',
    managedFields: [{ manager: 'x', fieldsV1: { 'f:a': { ']': [] } } }],
    labels: { managedFields: '[' },
  },
  spec: { items: [{ managedFields: [1] }] },
};
const without = { ...pod, metadata: { ...pod.metadata, managedFields: null } };

describe('the items of a list', () => {
  it('come one by one, without managed fields, and the list around them is whole', () => {
    const metadata = { resourceVersion: '7', continue: 'next' };
    for (const list of [
      { kind: 'PodList', metadata, items: [pod, pod] },
      { items: [pod, pod], kind: 'PodList', metadata },
    ]) {
      for (const text of [JSON.stringify(list), JSON.stringify(list, undefined, 2)]) {
        assert.deepEqual(split(text), { items: [without, without], rest: { ...list, items: [] } });
      }
    }
  });

  it('are none in an empty list and in one without items', () => {
    for (const items of [[], null])
      assert.deepEqual(split(JSON.stringify({ items, metadata: {} })), { items: [], rest: { items, metadata: {} } });
    assert.deepEqual(split('{"kind":"items","other":[{"a":1}]}'), {
      items: [],
      rest: { kind: 'items', other: [{ a: 1 }] },
    });
  });

  it('are the same wherever the stream is cut', () => {
    const text = JSON.stringify({
      kind: 'PodList',
      metadata: { resourceVersion: 'ü' },
      items: [pod, { metadata: { name: 'ö' } }, pod],
    });
    const cut = (managers: unknown): readonly unknown[] => [
      { ...pod, metadata: { ...pod.metadata, managedFields: managers } },
      { metadata: { name: 'ö' } },
      { ...pod, metadata: { ...pod.metadata, managedFields: managers } },
    ];
    const named = (items: readonly unknown[]): readonly unknown[] =>
      items.map(
        (item) =>
          JSON.parse(
            JSON.stringify(item, (key, value: unknown) =>
              key === 'managedFields' && Array.isArray(value) && value.length === 1 && typeof value[0] === 'object'
                ? null
                : value,
            ),
          ) as unknown,
      );
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }), (cuts) => {
        const found = split(text, cuts);
        // Managers whose key was cut in two are parsed after all.
        assert.deepEqual(named(found.items), cut(null));
        assert.deepEqual(found.rest, { kind: 'PodList', metadata: { resourceVersion: 'ü' }, items: [] });
      }),
    );
  });

  it('are those that JSON.parse finds, whatever is in them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
        (items, cuts) => {
          const text = JSON.stringify({ items });
          assert.deepEqual(split(text, cuts).items, (JSON.parse(text) as { items: unknown }).items);
        },
      ),
    );
  });

  it('are known not to be all when the stream ends early', () => {
    const text = JSON.stringify({ items: [pod] });
    for (let end = 0; end < text.length; end += 1) {
      const splitter = new ItemSplitter();
      splitter.push(Buffer.from(text.slice(0, end)));
      assert.equal(splitter.complete, false, text.slice(0, end));
    }
  });
});
