import assert from 'node:assert/strict';
import { WorkbenchError } from '../../../src/base/errors.ts';
import type { Connection } from '../../../src/host/session.ts';
import {
  changedRows,
  DEFAULT_LAYOUT,
  knownLayout,
  nodeTablePicture,
} from '../../../src/host/webviews/node-table-picture.ts';
import type { InventorySnapshot } from '../../../src/inventory/types.ts';
import type { WatchState } from '../../../src/kube/watch/types.ts';
import type { NodeTablePicture } from '../../../src/protocol/node-table.ts';
import { node, pod, row, snapshot } from '../inventory/node-table/support.ts';

const ready: Connection = { kind: 'ready', cluster: { context: 'c', namespace: 'llm-d', server: 's' } };
const error = new WorkbenchError({ code: 'cluster-unreachable', message: 'cannot reach c', hint: 'Is the VPN on?' });
const stale: WatchState = { kind: 'stale', since: 0, error };
const connecting: WatchState = { kind: 'connecting' };

function picture(known: InventorySnapshot | undefined, connection: Connection = ready): NodeTablePicture {
  return nodeTablePicture(connection, known, DEFAULT_LAYOUT);
}

describe('what the node table shows', () => {
  it('is the nodes with the headline of the tree, and nothing to note while all is well', () => {
    const shown = picture(snapshot([node('g1'), node('g2')], [pod('a', 'g1', 8, 'ann')]));
    assert.equal(shown.kind, 'table');
    assert.deepEqual(
      shown.rows.map(({ name }) => name),
      ['g1', 'g2'],
    );
    assert.deepEqual({ ...shown.head }, { place: 'c', headline: '8/16 GPUs free', freshness: 'live', notices: [] });
  });

  it('is a skeleton while nothing was listed, or only nodes: their GPUs would all look free', () => {
    assert.deepEqual(picture(undefined), { kind: 'waiting', place: 'c' });
    assert.equal(
      picture(snapshot([node('g1')], [], { complete: false, states: { nodes: { kind: 'live' }, pods: connecting } }))
        .kind,
      'waiting',
    );
    assert.equal(picture(undefined, { kind: 'loading' }).kind, 'waiting');
  });

  it('keeps what was known while the watch begins anew', () => {
    const shown = picture(
      snapshot([node('g1')], [pod('a', 'g1', 8, 'ann')], {
        complete: false,
        states: { nodes: connecting, pods: connecting },
      }),
    );
    assert.equal(shown.kind, 'table');
    assert.equal(shown.head.freshness, 'connecting');
  });

  it('never shows the nodes of another cluster', () => {
    const other = snapshot([node('g1')], [], { cluster: { context: 'c', namespace: 'llm-d', server: 'another' } });
    assert.equal(picture(other).kind, 'waiting');
  });

  it('says since when figures are stale, and why', () => {
    const shown = picture(snapshot([node('g1')], [], { states: { nodes: stale, pods: { kind: 'live' } } }));
    assert.equal(shown.kind, 'table');
    assert.match(shown.head.freshness, /^stale since /);
    assert.deepEqual(
      shown.head.notices.map(({ text }) => text.includes('cannot reach c')),
      [true],
    );
  });

  it('says why nothing can be shown, and what helps', () => {
    const cases: readonly (readonly [NodeTablePicture, string, string])[] = [
      [picture(undefined, { kind: 'none' }), 'No kubeconfig was found', 'llmd.startDemo'],
      [picture(undefined, { kind: 'failed', error }), 'cannot reach c', 'llmd.selectContext'],
      [
        picture(snapshot([], [], { complete: false, states: { nodes: stale, pods: stale } })),
        'cannot reach c',
        'llmd.selectContext',
      ],
      [
        picture(
          snapshot([], [], {
            states: {
              nodes: {
                kind: 'denied',
                error: new WorkbenchError({ code: 'forbidden', message: 'you may not list nodes' }),
              },
              pods: { kind: 'live' },
            },
          }),
        ),
        'you may not list nodes',
        'llmd.selectContext',
      ],
      [picture(snapshot([])), 'Context c has no nodes', 'llmd.selectContext'],
    ];
    for (const [shown, title, command] of cases) {
      assert.equal(shown.kind, 'nothing');
      assert.equal(shown.title, title);
      assert.equal(shown.help[0]?.command, command);
    }
  });
});

describe('changes of the node table', () => {
  it('are the rows that differ and the names that are gone', () => {
    const before = new Map(
      [row('a', { free: 1 }), row('b', { free: 2 }), row('c', { free: 3 })].map((each) => [each.name, each]),
    );
    const after = [row('a', { free: 1 }), row('b', { free: 0 }), { ...row('d'), usable: false }];
    assert.deepEqual(changedRows(before, after), { rows: [after[1], after[2]], gone: ['c'] });
    assert.deepEqual(changedRows(before, [...before.values()]), { rows: [], gone: [] });
  });

  it('tell of a node that is cordoned though no shown figure changed', () => {
    const before = new Map([['a', row('a', { free: 1 })]]);
    assert.equal(changedRows(before, [{ ...row('a', { free: 1 }), usable: false }]).rows.length, 1);
  });
});

describe('layout of the node table', () => {
  it('drops columns that this version does not know, and is the default when none is left', () => {
    const kept = knownLayout({
      columns: [
        { id: 'gone', width: null },
        { id: 'free', width: 80 },
        { id: 'label:a/b', width: null },
      ],
      sorting: { by: 'free', descending: true },
      filter: 'x',
    });
    assert.deepEqual(
      kept.columns.map(({ id }) => id),
      ['free', 'label:a/b'],
    );
    assert.equal(kept.filter, 'x');
    assert.deepEqual(knownLayout({ ...kept, columns: [{ id: 'gone', width: null }] }), DEFAULT_LAYOUT);
    assert.deepEqual(knownLayout(undefined), DEFAULT_LAYOUT);
  });
});
