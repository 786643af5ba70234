import assert from 'node:assert/strict';
import { arrange, arrangeInPlace, type Arrangement } from '../../../src/webview/node-table/arrange.ts';
import { columnWidths, moveColumn, shownColumns } from '../../../src/webview/node-table/columns.ts';
import { readMemory } from '../../../src/webview/node-table/memory.ts';
import { Selection } from '../../../src/webview/node-table/selection.ts';
import type { NodeRow } from '../../../src/inventory/node-table/types.ts';
import { row } from '../inventory/node-table/support.ts';

const names = (rows: readonly NodeRow[]): string => rows.map(({ name }) => name).join(' ');
const keyed = (rows: readonly NodeRow[]): ReadonlyMap<string, NodeRow> =>
  new Map(rows.map((each) => [each.name, each]));

describe('node table page: order of rows', () => {
  const byFree: Arrangement = {
    matches: (each) => Number(each.values['free']) > 0,
    sorting: { by: 'free', descending: true },
  };

  it('sorts what matches', () => {
    assert.equal(names(arrange([row('a', { free: 1 }), row('b', { free: 0 }), row('c', { free: 8 })], byFree)), 'c a');
  });

  it('leaves rows where they are while a hand is on them, takes out what no longer matches and puts new ones in their place', () => {
    const rows = keyed([
      row('a', { free: 9 }),
      row('b', { free: 0 }),
      row('c', { free: 8 }),
      row('d', { free: 2 }),
      row('new', { free: 5 }),
    ]);
    assert.equal(names(arrangeInPlace(['c', 'd', 'b', 'a', 'gone'], rows, byFree)), 'c new d a');
    assert.equal(names(arrangeInPlace([], rows, byFree)), 'a c new d');
  });
});

describe('node table page: selection', () => {
  const shown = ['a', 'b', 'c', 'd'];

  it('takes one, a range from the anchor, one more, all and none', () => {
    const selection = new Selection();
    selection.only('b');
    selection.extend('d', shown);
    assert.deepEqual([...selection.names], ['b', 'c', 'd']);
    selection.extend('a', shown);
    assert.deepEqual([...selection.names], ['a', 'b']);
    selection.toggle('d');
    selection.toggle('a');
    assert.deepEqual([...selection.names], ['b', 'd']);
    assert.equal(selection.focused, 'a');
    selection.all(shown);
    assert.equal(selection.names.size, 4);
    selection.clear();
    assert.equal(selection.names.size, 0);
  });

  it('begins a range at the top when its anchor is filtered away', () => {
    const selection = new Selection(['x'], 'x');
    selection.extend('b', shown);
    assert.deepEqual([...selection.names], ['a', 'b']);
  });
});

describe('node table page: columns', () => {
  const columns = ['name', 'free', 'ip'].map((id) => ({ id, width: null }));
  const ids = (moved: readonly { readonly id: string }[]): string => moved.map(({ id }) => id).join(' ');

  it('move before another one or to the end', () => {
    assert.equal(ids(moveColumn(columns, 'ip', 'name')), 'ip name free');
    assert.equal(ids(moveColumn(columns, 'name', undefined)), 'free ip name');
    assert.equal(ids(moveColumn(columns, 'name', 'name')), 'name free ip');
    assert.equal(ids(moveColumn(columns, 'none', 'name')), 'name free ip');
    assert.equal(ids(moveColumn(columns, 'name', 'none')), 'name free ip');
  });

  it('are as wide as their content within limits, or as chosen', () => {
    const shown = shownColumns({
      columns: [
        { id: 'name', width: null },
        { id: 'ip', width: 77 },
        { id: 'holders', width: null },
        { id: 'gone', width: null },
      ],
      sorting: { by: 'name', descending: false },
      filter: '',
    });
    const rows = [row('a-name-of-twenty-four-x', { holders: 'x'.repeat(400) })];
    const [name, ip, holders] = columnWidths(shown, rows, (text) => text.length * 10);
    assert.deepEqual([shown.length, name, ip, holders], [3, 252, 77, 340]);
  });
});

describe('node table page: what is kept across a reload', () => {
  it('is taken only in its own shape', () => {
    const kept = { top: 12, left: 0, selected: ['a'], focused: 'a' };
    assert.deepEqual(readMemory(kept), kept);
    assert.deepEqual(readMemory({ ...kept, focused: 7, selected: ['a', 7] }), { ...kept, focused: null });
    for (const other of [undefined, null, 7, {}, { ...kept, top: '12' }, { ...kept, selected: 'a' }])
      assert.equal(readMemory(other), undefined);
  });
});
