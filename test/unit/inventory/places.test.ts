import assert from 'node:assert/strict';
import { gpusForPeople } from '../../../src/cli/commands/gpus.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import { Places } from '../../../src/inventory/places.ts';
import { clusterFixture, snapshotOfFixture } from './cluster-fixtures.ts';

function placesOf(name: string): Places {
  const snapshot = snapshotOfFixture(clusterFixture(name));
  return Places.of(gpuReport(snapshot), snapshot);
}

describe('free GPUs by place', () => {
  it('knows the levels that a provider labels, the most telling first', () => {
    assert.deepEqual(placesOf('coreweave').levels, ['leafgroup', 'nvlink', 'rack', 'superpod', 'fabric']);
    assert.deepEqual(placesOf('gke').levels, ['subblock', 'block', 'nvlink', 'zone', 'region']);
    assert.deepEqual(placesOf('eks').levels, ['leafgroup', 'nvlink', 'spine', 'core', 'zone', 'region']);
    assert.deepEqual(placesOf('dra').levels, []);
  });

  it('counts nodes and free GPUs of each place, by product', () => {
    const rows = placesOf('coreweave')
      .at('leafgroup')
      .map(({ product, value, figures }) => [
        product,
        value,
        figures.nodes,
        figures.freeNodes,
        figures.free,
        figures.all,
      ]);
    assert.deepEqual(rows, [
      ['GB200', '9', 2, 1, 7, 8],
      ['H200', '7', 2, 1, 8, 16],
      // All of it is interruptable capacity: no ordinary pod gets it.
      ['H200', '8', 1, 0, 0, 8],
    ]);
    assert.deepEqual(
      placesOf('gke')
        .at('subblock')
        .map(({ value }) => value)
        .toSorted()
        .slice(0, 1),
      ['s4'],
    );
    assert.ok(
      placesOf('gke')
        .at('subblock')
        .some(({ value }) => value === 'unknown'),
    );
  });

  it('finds where the most wholly free nodes of one kind stand together', () => {
    assert.deepEqual(placesOf('coreweave').largestFreeGroup(), {
      level: 'leafgroup',
      value: '9',
      product: 'GB200',
      nodes: 1,
    });
    assert.equal(placesOf('gke').largestFreeGroup(), undefined, 'its only node that tells where it is has pods');
    assert.equal(placesOf('dra').largestFreeGroup(), undefined, 'no label tells');
  });

  it('counts pods that fit by the size of the machines, and no slice or share for a GPU', () => {
    assert.equal(placesOf('coreweave').podSize, 8);
    assert.equal(placesOf('dra').podSize, 4, 'the largest node offers four');
    const snapshot = snapshotOfFixture(clusterFixture('openshift'));
    const report = gpuReport(snapshot);
    assert.deepEqual(Places.of(report, snapshot).figures(report.nodes), {
      nodes: 4,
      all: 8 + 6,
      free: 8 + 6,
      freeNodes: 1,
      fits: 1,
    });
  });
});

describe('llmdw gpus for people', () => {
  it('prints nodes with what is in the way, totals, places and what could be placed', () => {
    const snapshot = snapshotOfFixture(clusterFixture('coreweave'));
    const lines = gpusForPeople(gpuReport(snapshot), snapshot)
      .split('\n')
      .map((line) =>
        line
          .trim()
          .split(/\s{2,}/)
          .join(' | '),
      );
    assert.deepEqual(lines, [
      'NODE | PRODUCT | STATE | RESOURCE | FREE | OF | HELD BY',
      'g3c01 | H200 | ready | nvidia.com/gpu | 0 | 8 | wide-ep-llm-d-decode-0 8',
      'g3c02 | H200 | ready | nvidia.com/gpu | 8 | 8 | -',
      'g3c03 | H200 | tainted: qos.coreweave.cloud/interruptable | nvidia.com/gpu | 8 | 8 | -',
      'nvl01 | GB200 | ready | nvidia.com/gpu | 3 | 4 | one-gpu 1',
      'nvl02 | GB200 | ready | nvidia.com/gpu | 4 | 4 | -',
      '',
      '15 of 24 nvidia.com/gpu free, 8 on nodes that take no ordinary pods (8 free behind a taint)',
      '',
      'LEAFGROUP | PRODUCT | NODES | ALL FREE | FREE | OF | PODS OF 8',
      '9 | GB200 | 2 | 1 | 7 | 8 | 0',
      '7 | H200 | 2 | 1 | 8 | 16 | 1',
      '8 | H200 | 1 | 0 | 0 | 8 | 0',
      '',
      'largest group of free nodes in one leafgroup: 1 (GB200, leafgroup 9)',
      '1 pod of 8 GPUs could be placed now, each on one node',
      '',
    ]);
  });
});
