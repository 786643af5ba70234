import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { changedRows, plainText, type Row } from '../../../src/host/trees/row.ts';

const leaf = (id: string, description = ''): Row => ({ id, label: id, description });
const parent = (id: string, children: readonly Row[], description = ''): Row => ({ id, label: id, description, children, expand: 'expanded' });

describe('what a tree refreshes', () => {
  it('nothing when nothing shown changed', () => {
    assert.deepEqual(changedRows([parent('a', [leaf('b')])], [parent('a', [leaf('b')])]), []);
  });

  it('only the leaf that changed', () => {
    const before = [parent('a', [leaf('b', 'loading'), leaf('c')]), parent('d', [leaf('e')])];
    const after = [parent('a', [leaf('b', 'ready'), leaf('c')]), parent('d', [leaf('e')])];
    assert.deepEqual(changedRows(before, after), ['b']);
  });

  it('the parent when a child comes or goes, without also naming what is below it', () => {
    assert.deepEqual(changedRows([parent('a', [leaf('b', 'x')])], [parent('a', [leaf('b', 'y'), leaf('c')])]), ['a']);
  });

  it('the root when the top list itself changed', () => {
    assert.equal(changedRows([leaf('a')], [leaf('a'), leaf('b')]), 'root');
    assert.equal(changedRows([leaf('a'), leaf('b')], [leaf('b'), leaf('a')]), 'root');
  });

  it('is silent exactly when both pictures are the same', () => {
    const rows = fc.uniqueArray(fc.record({ id: fc.constantFrom('a', 'b', 'c'), label: fc.string(), description: fc.string() }), { selector: (row) => row.id });
    fc.assert(
      fc.property(rows, rows, (before, after) => {
        const changed = changedRows(before, after);
        const same = JSON.stringify(before) === JSON.stringify(after);
        assert.equal(changed !== 'root' && changed.length === 0, same);
      }),
    );
  });
});

describe('text from the cluster in a tooltip', () => {
  it('cannot become a link, a command or markup', () => {
    assert.equal(plainText('[run](command:x) <b>'), String.raw`\[run\]\(command:x\) \<b\>`);
    assert.equal(plainText('a\n\nb'), 'a b');
  });
});
