import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { lazyChildren, type Row } from '../../../src/host/trees/row.ts';
import { RowIndex, type RowElement } from '../../../src/host/trees/row-index.ts';

const leaf = (id: string, description = ''): Row => ({ id, label: id, description });
const parent = (id: string, children: readonly Row[], description = ''): Row => ({
  id,
  label: id,
  description,
  children,
  expand: 'expanded',
});

/** An index whose rows a view has opened to the last one. */
function opened(rows: readonly Row[]): RowIndex {
  const index = new RowIndex();
  index.show(rows);
  const open = (element: RowElement | undefined): void => index.children(element).forEach(open);
  open(undefined);
  return index;
}

/** Ids of what is refreshed. */
function changes(index: RowIndex, rows: readonly Row[]): 'root' | readonly string[] {
  const changed = index.show(rows);
  return changed === 'root' ? changed : changed.map(({ id }) => id);
}

describe('what a tree refreshes', () => {
  it('nothing when nothing shown changed', () => {
    assert.deepEqual(changes(opened([parent('a', [leaf('b')])]), [parent('a', [leaf('b')])]), []);
  });

  it('only the leaf that changed', () => {
    const index = opened([parent('a', [leaf('b', 'loading'), leaf('c')]), parent('d', [leaf('e')])]);
    assert.deepEqual(changes(index, [parent('a', [leaf('b', 'ready'), leaf('c')]), parent('d', [leaf('e')])]), ['b']);
  });

  it('the parent when a child comes or goes, without also naming what is below it', () => {
    assert.deepEqual(changes(opened([parent('a', [leaf('b', 'x')])]), [parent('a', [leaf('b', 'y'), leaf('c')])]), [
      'a',
    ]);
  });

  it('a row that gets its first children', () => {
    assert.deepEqual(changes(opened([leaf('a'), leaf('b')]), [parent('a', [leaf('c')]), leaf('b')]), ['a']);
  });

  it('the root when the top list itself changed', () => {
    assert.equal(changes(opened([leaf('a')]), [leaf('a'), leaf('b')]), 'root');
    assert.equal(changes(opened([leaf('a'), leaf('b')]), [leaf('b'), leaf('a')]), 'root');
  });

  it('a row whose tooltip changed only once somebody has read it, and not again before somebody does', () => {
    const told = (tooltip: string): readonly Row[] => [{ ...leaf('a'), tooltip }, leaf('b')];
    const index = opened(told('3 free'));
    assert.deepEqual(changes(index, told('2 free')), []);
    const [element] = index.children(undefined);
    assert.ok(element);
    assert.equal(index.tooltip(element), '2 free');
    assert.deepEqual(changes(index, told('2 free')), []);
    assert.deepEqual(changes(index, told('1 free')), ['a']);
    assert.deepEqual(changes(index, told('0 free')), []);
    assert.equal(index.tooltip(element), '0 free');
  });

  it('is silent exactly when both pictures are the same', () => {
    const rows = fc.uniqueArray(
      fc.record({ id: fc.constantFrom('a', 'b', 'c'), label: fc.string(), description: fc.string() }),
      { selector: (row) => row.id },
    );
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        const changed = changes(opened(before), after);
        assert.equal(changed !== 'root' && changed.length === 0, JSON.stringify(before) === JSON.stringify(after));
      }),
    );
  });
});

describe('what a tree does not look at', () => {
  const lazy = (id: string, made: string[], children: readonly Row[]): Row =>
    lazyChildren({ id, label: id, expand: 'collapsed' }, () => {
      made.push(id);
      return children;
    });

  it('children of a row that was never opened: they are not even made', () => {
    const made: string[] = [];
    const index = new RowIndex();
    index.show([lazy('a', made, [leaf('b')]), lazy('c', made, [leaf('d')])]);
    const [a] = index.children(undefined);
    assert.deepEqual(
      index.children(a).map(({ id }) => id),
      ['b'],
    );
    assert.deepEqual(changes(index, [lazy('a', made, [leaf('b', 'new')]), lazy('c', made, [leaf('d', 'new')])]), ['b']);
    assert.deepEqual(new Set(made), new Set(['a']));
  });

  it('a row that is the same object, whatever is below it', () => {
    const made: string[] = [];
    const row = lazy('a', made, [leaf('b')]);
    const index = opened([row, leaf('c')]);
    made.length = 0;
    assert.deepEqual(changes(index, [row, leaf('c', 'new')]), ['c']);
    assert.deepEqual(made, []);
  });
});

describe('the elements of a tree', () => {
  it('stay the same objects while their rows change, and know their place', () => {
    const index = opened([parent('a', [leaf('b')])]);
    const [a] = index.children(undefined);
    const [b] = index.children(a);
    index.show([parent('a', [leaf('b', 'new')], 'new')]);
    assert.equal(index.children(undefined)[0], a);
    assert.equal(index.children(a)[0], b);
    assert.equal(b?.row.description, 'new');
    assert.equal(b && index.parent(b), a);
    assert.equal(a && index.parent(a), undefined);
  });

  it('follow a row to another parent', () => {
    const index = opened([parent('a', [leaf('x')]), parent('b', [])]);
    const [a] = index.children(undefined);
    const [x] = index.children(a);
    assert.deepEqual(changes(index, [parent('a', []), parent('b', [leaf('x', 'moved')])]), ['a', 'b']);
    const [, b] = index.children(undefined);
    const [moved] = index.children(b);
    assert.equal(moved?.row.description, 'moved');
    assert.equal(moved && index.parent(moved), b);
    assert.equal(moved?.id, x?.id);
  });

  it('are as many as the rows that the view shows, after any changes', () => {
    const tree = fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd'),
        children: fc.uniqueArray(fc.constantFrom('v', 'w', 'x', 'y'), { maxLength: 4 }),
      }),
      { selector: ({ id }) => id },
    );
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1 }), (pictures) => {
        const index = new RowIndex();
        const open = (element: RowElement | undefined): number =>
          index.children(element).reduce((sum, child) => sum + 1 + open(child), 0);
        for (const picture of pictures) {
          const rows = picture.map(({ id, children }) =>
            parent(
              id,
              children.map((child) => leaf(`${id}/${child}`)),
            ),
          );
          index.show(rows);
          assert.equal(open(undefined), index.size);
        }
      }),
    );
  });
});
