import assert from 'node:assert/strict';
import { WorkbenchError } from '../../../../src/base/errors.ts';
import { DEFAULT_COLUMNS, NODE_COLUMNS, nodeColumn } from '../../../../src/inventory/node-table/columns.ts';
import { labelUses, nodeRows } from '../../../../src/inventory/node-table/rows.ts';
import type { NodeRow } from '../../../../src/inventory/node-table/types.ts';
import { wholeCluster } from '../fixtures.ts';
import { node, pod, snapshot } from './support.ts';

function rowOf(rows: readonly NodeRow[], name: string): NodeRow {
  const found = rows.find((row) => row.name === name);
  assert.ok(found, `no row ${name}`);
  return found;
}

describe('node table: columns', () => {
  it('holds the thirteen of the table that it replaces, and the GPUs', () => {
    const old = [
      'name',
      'ip',
      'type',
      'link',
      'ready',
      'cordon',
      'taint',
      'reliability',
      'leafgroup',
      'version',
      'ib',
      'state',
      'reserved',
    ];
    const gpus = ['product', 'gpus', 'requested', 'free', 'holders'];
    assert.deepEqual(
      [...old, ...gpus].filter((id) => !DEFAULT_COLUMNS.includes(id)),
      [],
    );
    assert.equal(new Set(NODE_COLUMNS.map(({ id }) => id)).size, NODE_COLUMNS.length);
  });

  it('fills each from a CoreWeave node as the old table did', () => {
    const labels = {
      'node.coreweave.cloud/type': 'gd-8xh200ib-i128',
      'ethernet.coreweave.cloud/speed': '100G',
      'node.coreweave.cloud/reliability': 'high',
      'ib.coreweave.cloud/leafgroup': '7',
      'node.coreweave.cloud/version': '2.17.0',
      'ib.coreweave.cloud/speed': '400G',
      'node.coreweave.cloud/state': 'production',
      'node.coreweave.cloud/reserved': 'us',
      'node.kubernetes.io/instance-type': 'other',
    };
    const taints = [{ key: 'qos.coreweave.cloud/interruptable', value: 'true', effect: 'NoExecute' }];
    const [row] = nodeRows(
      snapshot([node('g1', { internalIp: '10.0.0.1', labels, taints, schedulable: false, kubeletVersion: 'v1.33.4' })]),
      [],
    );
    const { name, ip, type, link, ready, cordon, taint, reliability, leafgroup, version, ib, state, reserved } =
      row?.values ?? {};
    assert.deepEqual(
      [name, ip, type, link, ready, cordon, taint, reliability, leafgroup, version, ib, state, reserved],
      [
        'g1',
        '10.0.0.1',
        'gd-8xh200ib-i128',
        '100G',
        'yes',
        'yes',
        'NoExecute',
        'high',
        '7',
        '2.17.0',
        '400G',
        'production',
        'us',
      ],
    );
  });

  it('finds the same elsewhere under other labels, and the kubelet as the version', () => {
    const labels = {
      'node.kubernetes.io/instance-type': 'a3-highgpu-8g',
      'network.topology.nvidia.com/leaf': 'leaf-3',
      'cloud.google.com/gke-spot': 'true',
      'cloud.google.com/reservation-name': 'team',
    };
    const [row] = nodeRows(snapshot([node('gke', { labels, kubeletVersion: 'v1.33.4-gke.1' })]), []);
    assert.deepEqual(
      [
        row?.values['type'],
        row?.values['leafgroup'],
        row?.values['taint'],
        row?.values['reserved'],
        row?.values['version'],
      ],
      ['a3-highgpu-8g', 'leaf-3', 'spot', 'team', 'v1.33.4-gke.1'],
    );
  });

  it('knows nothing where a node says nothing', () => {
    const [row] = nodeRows(snapshot([node('bare', { product: undefined, allocatable: {} })]), []);
    const unknown = NODE_COLUMNS.filter(({ id }) => row?.values[id] === null).map(({ id }) => id);
    assert.deepEqual(
      unknown,
      NODE_COLUMNS.map(({ id }) => id).filter(
        (id) => !['name', 'free', 'requested', 'gpus', 'ready', 'cordon'].includes(id),
      ),
    );
  });

  it('answers a label column by the end of its key, and none for an id of another version', () => {
    assert.equal(nodeColumn('label:node.coreweave.cloud/rack')?.title, 'rack');
    assert.equal(nodeColumn('label:')?.title, undefined);
    assert.equal(nodeColumn('gone'), undefined);
  });
});

describe('node table: rows', () => {
  it('counts what pods request and names who holds most first', () => {
    const [row] = nodeRows(
      snapshot(
        [node('g1')],
        [pod('a', 'g1', 2, 'ann'), pod('b', 'g1', 3, 'bo'), pod('c', 'g1', 1, 'ann', { phase: 'Succeeded' })],
      ),
      [],
    );
    assert.deepEqual(
      [row?.values['gpus'], row?.values['requested'], row?.values['free'], row?.values['holders']],
      [8, 5, 3, 'bo 3, ann 2'],
    );
  });

  it('tells usable nodes from cordoned and broken ones', () => {
    const rows = nodeRows(
      snapshot([
        node('good'),
        node('cordoned', { schedulable: false }),
        node('broken', { ready: false }),
        node('tainted', { taints: [{ key: 'team', value: 'x', effect: 'NoSchedule' }] }),
      ]),
      [],
    );
    assert.deepEqual(
      rows.filter(({ usable }) => usable).map(({ name }) => name),
      ['good'],
    );
    assert.equal(rowOf(rows, 'broken').values['ready'], 'no');
  });

  it('has the labels that were asked for, and no others', () => {
    const [row] = nodeRows(snapshot([node('g1', { labels: { 'a/rack': '12', 'a/other': 'x' } })]), [
      'name',
      'label:a/rack',
      'label:a/none',
    ]);
    assert.equal(row?.values['label:a/rack'], '12');
    assert.equal(row?.values['label:a/none'], null);
    assert.ok(!('label:a/other' in (row?.values ?? {})));
  });

  it('says of nodes that may not be listed what their pods tell, and does not guess what is free', () => {
    const error = new WorkbenchError({ code: 'forbidden', message: 'no' });
    const [row] = nodeRows(
      snapshot([], [pod('a', 'g1', 4, 'ann')], {
        states: { nodes: { kind: 'denied', error }, pods: { kind: 'live' } },
      }),
      [],
    );
    assert.deepEqual(
      [
        row?.name,
        row?.values['requested'],
        row?.values['free'],
        row?.values['gpus'],
        row?.values['ready'],
        row?.usable,
      ],
      ['g1', 4, null, null, null, false],
    );
  });

  it('makes anew only the rows of nodes that changed', () => {
    const before = snapshot([node('g1'), node('g2'), node('g3')], [pod('a', 'g1', 1, 'ann'), pod('b', 'g2', 1, 'ann')]);
    const rows = nodeRows(before, ['label:a/b']);
    const after = {
      ...before,
      nodes: new Map(before.nodes).set('g3', node('g3', { labels: { 'a/b': 'c' } })),
      pods: new Map(before.pods).set('llm-d/b', pod('b', 'g2', 4, 'bo')),
    };
    const later = nodeRows(after, ['label:a/b']);
    assert.deepEqual(
      later.map((row, index) => row === rows[index]),
      [true, false, false],
    );
    assert.deepEqual([later[1]?.values['holders'], later[2]?.values['label:a/b']], ['bo 4', 'c']);
    assert.ok(!('label:a/b' in (nodeRows(after, [])[0]?.values ?? {})), 'other columns, other rows');
  });

  it('takes every provider of the fixtures, a row a node', () => {
    const cluster = wholeCluster();
    const rows = nodeRows(cluster, []);
    assert.deepEqual(
      rows
        .filter(({ name }) => cluster.nodes.has(name))
        .map(({ name }) => name)
        .sort(),
      [...cluster.nodes.keys()].sort(),
    );
    assert.deepEqual(
      [
        rowOf(rows, 'g1a2f3').values['leafgroup'],
        rowOf(rows, 'g1a2f4').values['leafgroup'],
        rowOf(rows, 'gb200').values['leafgroup'],
      ],
      ['7', '8', 'leaf-3'],
    );
  });
});

describe('node table: labels to choose from', () => {
  it('are counted, those of most nodes first, with their most frequent values', () => {
    const uses = labelUses(
      snapshot([
        node('a', { labels: { zone: 'z1', rack: '1' } }),
        node('b', { labels: { zone: 'z2' } }),
        node('c', { labels: { zone: 'z2' } }),
      ]),
    );
    assert.deepEqual(uses, [
      { key: 'zone', nodes: 3, examples: ['z2', 'z1'] },
      { key: 'rack', nodes: 1, examples: ['1'] },
    ]);
  });
});
