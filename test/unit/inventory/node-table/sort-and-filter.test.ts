import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parseNodeFilter, type FilterColumn } from '../../../../src/inventory/node-table/filter.ts';
import { sortNodes } from '../../../../src/inventory/node-table/sort.ts';
import type { NodeRow } from '../../../../src/inventory/node-table/types.ts';
import { row } from './support.ts';

const names = (rows: readonly NodeRow[]): string => rows.map(({ name }) => name).join(' ');

describe('node table: order', () => {
  const rows = [
    row('n10', { free: 8, type: 'b' }),
    row('n2', { free: 10, type: null }),
    row('n1', { free: null, type: 'a' }),
    row('n3', { free: 8, type: 'B2' }),
  ];

  it('counts as people do and leaves equal ones in the order of their names', () => {
    assert.equal(names(sortNodes(rows, { by: 'name', descending: false })), 'n1 n2 n3 n10');
    assert.equal(names(sortNodes(rows, { by: 'free', descending: true })), 'n2 n3 n10 n1');
  });

  it('puts the unknown last in either direction', () => {
    assert.equal(names(sortNodes(rows, { by: 'free', descending: false })), 'n3 n10 n2 n1');
    assert.equal(names(sortNodes(rows, { by: 'type', descending: true })), 'n3 n10 n1 n2');
  });

  it('is a total order: any shuffle sorts to the same', () => {
    const value = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 9 }), fc.constantFrom('a', 'A', 'b2', 'b10'));
    const table = fc.uniqueArray(fc.record({ name: fc.stringMatching(/^n\d{1,3}$/), value }), {
      selector: ({ name }) => Number(name.slice(1)),
      maxLength: 12,
    });
    fc.assert(
      fc.property(table, fc.boolean(), fc.infiniteStream(fc.nat()), (made, descending, shuffle) => {
        const originals = made.map(({ name, value }) => row(name, { value }));
        const keys = new Map(originals.map((each) => [each, shuffle.next().value]));
        const shuffled = originals.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
        assert.deepEqual(
          names(sortNodes(shuffled, { by: 'value', descending })),
          names(sortNodes(originals, { by: 'value', descending })),
        );
      }),
    );
  });
});

describe('node table: filter', () => {
  const known: readonly FilterColumn[] = [
    { id: 'name', title: 'Name' },
    { id: 'free', title: 'Free' },
    { id: 'product', title: 'GPU' },
    { id: 'state', title: 'State' },
    { id: 'label:a.b/rack', title: 'rack' },
  ];
  const rows = [
    row('g1', { free: 8, product: 'H200', state: 'production', 'label:a.b/rack': 'r12' }),
    row('g2', { free: 0, product: 'H200', state: 'triage', 'label:a.b/rack': 'r13' }),
    row('b10', { free: 10, product: 'B200', state: null, 'label:a.b/rack': null }),
    row('cpu', { free: null, product: null, state: 'production', 'label:a.b/rack': 'r12' }),
  ];
  const found = (filter: string, shown: readonly string[] = ['name', 'product']): string =>
    names(rows.filter(parseNodeFilter(filter, known, shown)));

  for (const [filter, expected] of [
    ['', 'g1 g2 b10 cpu'],
    ['  ', 'g1 g2 b10 cpu'],
    ['200', 'g1 g2 b10'],
    ['H200 g2', 'g2'],
    ['production', ''],
    ['state:prod', 'g1 cpu'],
    ['free>0', 'g1 b10'],
    ['free>=8 gpu:h2', 'g1'],
    ['free<10', 'g1 g2'],
    ['free=0', 'g2'],
    ['free!=0', 'g1 b10 cpu'],
    ['state!=triage', 'g1 b10 cpu'],
    ['state=PRODUCTION', 'g1 cpu'],
    ['-h200', 'b10 cpu'],
    ['-free>0', 'g2 cpu'],
    ['rack:r12', 'g1 cpu'],
    ['a.b/rack=r13', 'g2'],
    ['none:x', ''],
    ['-', ''],
    ['"g1 x"', ''],
  ] as const) {
    it(`"${filter}" finds ${expected || 'nothing'}`, () => assert.equal(found(filter), expected));
  }

  it('takes quotes for text with spaces, in a column too', () => {
    const taken = [row('n', { state: 'in use' }), row('m', { state: 'use' })];
    assert.equal(names(taken.filter(parseNodeFilter('state:"in use"', known, []))), 'n');
    assert.equal(names(taken.filter(parseNodeFilter('"in us', known, ['state']))), 'n');
  });

  it('never throws, and an added term never finds more', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (first, second) => {
        const one = rows.filter(parseNodeFilter(`"${first.replaceAll('"', '')}"`, known, ['name']));
        const both = rows.filter(parseNodeFilter(`"${first.replaceAll('"', '')}" ${second}`, known, ['name']));
        assert.ok(both.every((each) => one.includes(each)));
      }),
    );
  });
});
