import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { Groups } from '../../../src/inventory/groups.ts';
import { differingKeys, LayeredMap } from '../../../src/inventory/layered-map.ts';

interface Item {
  readonly group: string | undefined;
}

const key = fc.integer({ min: 0, max: 150 }).map(String);
const item = fc.record({ group: fc.constantFrom('a', 'b', 'c', undefined) });
const first = fc.dictionary(key, item);
/** Long enough to merge a layer into a base of its own. */
const steps = fc.array(fc.dictionary(key, fc.option(item, { nil: undefined })), { maxLength: 40 });

function afterEach(
  start: Readonly<Record<string, Item>>,
  changes: readonly Readonly<Record<string, Item | undefined>>[],
): readonly LayeredMap<string, Item>[] {
  const maps = [LayeredMap.of(new Map(Object.entries(start)))];
  for (const change of changes)
    maps.push((maps.at(-1) ?? LayeredMap.of<string, Item>()).with(new Map(Object.entries(change))));
  return maps;
}

function grouped(values: ReadonlyMap<string, Item>): Readonly<Record<string, readonly Item[]>> {
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
  return Object.fromEntries(
    Map.groupBy(sorted, ({ group }) => group ?? '')
      .entries()
      .filter(([group]) => group !== ''),
  );
}

describe('groups of values', () => {
  it('are what grouping them anew gives, whatever was grouped before', () => {
    fc.assert(
      fc.property(first, steps, fc.array(fc.nat()), (start, changes, order) => {
        const maps = afterEach(start, changes);
        const groups = new Groups<Item>(({ group }) => group);
        for (const map of [...maps, ...order.map((place) => maps[place % maps.length] ?? new Map<string, Item>())]) {
          assert.deepEqual(Object.fromEntries(groups.of(map)), grouped(map));
        }
        assert.deepEqual(Object.fromEntries(groups.of(new Map())), {});
      }),
    );
  });

  it('keep the list of a group in which nothing changed', () => {
    const [a, b] = [{ group: 'a' }, { group: 'b' }];
    const map = LayeredMap.of(
      new Map([
        ['1', a],
        ['2', b],
      ]),
    );
    const groups = new Groups<Item>(({ group }) => group);
    const before = new Map(groups.of(map));
    const after = groups.of(map.with(new Map([['3', { group: 'b' }]])));
    assert.equal(after.get('a'), before.get('a'));
    assert.equal(after.get('b')?.length, 2);
    // Also where everything has been listed again.
    assert.equal(
      groups
        .of(
          LayeredMap.of(
            new Map([
              ['1', a],
              ['3', b],
            ]),
          ),
        )
        .get('a'),
      before.get('a'),
    );
  });
});

describe('what differs between two layered maps', () => {
  it('is named exactly, or not told', () => {
    let told = 0;
    fc.assert(
      fc.property(first, steps, (start, changes) => {
        const maps = afterEach(start, changes);
        maps.forEach((after, place) => {
          const before = maps[place - 1] ?? after;
          const keys = differingKeys(before, after);
          assert.ok(keys, 'a map and its successor');
          told += keys.size;
          assert.deepEqual(
            new Set(keys),
            new Set([...before.keys(), ...after.keys()].filter((name) => before.get(name) !== after.get(name))),
          );
        });
      }),
    );
    assert.ok(told > 0);
    assert.equal(differingKeys(LayeredMap.of(new Map([['1', 1]])), LayeredMap.of(new Map([['1', 1]]))), undefined);
  });
});
