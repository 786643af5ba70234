import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { LayeredMap } from '../../../src/inventory/layered-map.ts';

describe('a layered map', () => {
  it('is what a map is after the same changes, and what it was stays as it was', () => {
    const key = fc.integer({ min: 0, max: 120 });
    const changes = fc.array(fc.dictionary(key.map(String), fc.option(fc.integer(), { nil: undefined })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.dictionary(key.map(String), fc.integer()), changes, (first, steps) => {
        const plain = new Map(Object.entries(first));
        let layered = LayeredMap.of(new Map(plain));
        for (const step of steps) {
          const before = layered;
          const frozen = [...before];
          for (const [name, value] of Object.entries(step)) {
            if (value === undefined) plain.delete(name);
            else plain.set(name, value);
          }
          layered = before.with(new Map(Object.entries(step)));
          assert.deepEqual([...before], frozen);
          assert.equal(layered.size, plain.size);
          assert.deepEqual(new Map(layered), plain);
          assert.deepEqual(new Set(layered.keys()), new Set(plain.keys()));
          assert.deepEqual(
            layered
              .values()
              .toArray()
              .toSorted((a, b) => a - b),
            [...plain.values()].toSorted((a, b) => a - b),
          );
          for (let name = 0; name <= 120; name += 1) {
            assert.equal(layered.get(String(name)), plain.get(String(name)));
            assert.equal(layered.has(String(name)), plain.has(String(name)));
          }
        }
      }),
    );
  });

  it('keeps entries in their place and adds new ones at the end', () => {
    const map = LayeredMap.of(
      new Map([
        ['a', 1],
        ['b', 2],
        ['c', 3],
      ]),
    ).with(
      new Map([
        ['d', 4],
        ['b', 5],
        ['a', undefined],
      ]),
    );
    assert.deepEqual(
      [...map],
      [
        ['b', 5],
        ['c', 3],
        ['d', 4],
      ],
    );
  });
});
