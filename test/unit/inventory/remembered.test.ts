import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { clusterRows } from '../../../src/host/trees/cluster-rows.ts';
import type { Row } from '../../../src/host/trees/row.ts';
import type { ClaimView, DraSnapshot, SliceView } from '../../../src/inventory/dra/types.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import { LayeredMap } from '../../../src/inventory/layered-map.ts';
import { podsReport } from '../../../src/inventory/pods.ts';
import type { InventorySnapshot, NodeView, PodView } from '../../../src/inventory/types.ts';
import { snapshotOf, wholeCluster } from './fixtures.ts';

const whole = wholeCluster();
const podKeys = [...whole.pods.keys()];
const nodeNames = [...whole.nodes.keys()];

/** What may happen to a pod; undefined: it goes. */
const podChange = fc.option(
  fc.record({
    phase: fc.constantFrom('Pending', 'Running', 'Failed'),
    node: fc.constantFrom(undefined, 'gone', ...nodeNames),
    ready: fc.boolean(),
    gpus: fc.constantFrom({}, { 'nvidia.com/gpu': 1 }, { 'nvidia.com/gpu': 8 }),
  }),
  { nil: undefined },
);
const labels = fc.constantFrom({}, { 'nvidia.com/gpu.replicas': '4' }, { 'ib.coreweave.cloud/leafgroup': '7' });
const nodeChange = fc.option(
  fc.record(
    { ready: fc.boolean(), schedulable: fc.boolean(), product: fc.constantFrom(undefined, 'GPU', 'H200'), labels },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);
const step = fc.record({
  pods: fc.dictionary(fc.constantFrom(...podKeys), podChange, { maxKeys: 4 }),
  nodes: fc.dictionary(fc.constantFrom(...nodeNames.slice(0, 4)), nodeChange, { maxKeys: 2 }),
  anew: fc.boolean(),
});

function changed<V extends object>(
  map: LayeredMap<string, V>,
  originals: ReadonlyMap<string, V>,
  changes: Readonly<Record<string, Partial<Record<keyof V, unknown>> | undefined>>,
): LayeredMap<string, V> {
  return map.with(
    new Map(
      Object.entries(changes).map(([key, change]) => [key, change && ({ ...originals.get(key), ...change } as V)]),
    ),
  );
}

function plain(rows: readonly Row[]): unknown {
  assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length, 'rows are told apart');
  return rows.map(({ children, ...row }) => ({ ...row, children: children && plain(children) }));
}

/** Everything that trees are made of. */
function told(snapshot: InventorySnapshot): unknown {
  const gpus = gpuReport(snapshot);
  return { gpus, pods: podsReport(snapshot, 'alice'), rows: plain(clusterRows(gpus, snapshot, 'alice')) };
}

describe('what reports remember of the snapshot before', () => {
  it('never shows: they are those of the snapshot alone', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 4 }), (steps, again) => {
        const cluster = { ...whole.cluster };
        let [nodes, pods] = [LayeredMap.of(new Map(whole.nodes)), LayeredMap.of(new Map(whole.pods))];
        const snapshots: InventorySnapshot[] = [];
        for (const { pods: somePods, nodes: someNodes, anew } of steps) {
          [nodes, pods] = [
            changed<NodeView>(nodes, whole.nodes, someNodes),
            changed<PodView>(pods, whole.pods, somePods),
          ];
          // A list replaces everything, in an order of its own.
          if (anew) pods = LayeredMap.of(new Map([...pods].toReversed()));
          snapshots.push({ ...whole, cluster, nodes, pods });
        }
        for (const snapshot of [...snapshots, ...again.flatMap((place) => snapshots[place % snapshots.length] ?? [])]) {
          assert.deepEqual(
            told(snapshot),
            told({
              ...snapshot,
              cluster: { ...cluster },
              nodes: new Map(snapshot.nodes),
              pods: new Map(snapshot.pods),
            }),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is not how the GPUs of a node were given out before', () => {
    const [node]: NodeView[] = whole.nodes
      .values()
      .filter(({ allocatable }) => allocatable['nvidia.com/gpu'] === 8)
      .toArray();
    assert.ok(node);
    const cluster = { ...whole.cluster };
    const toldOf = (view: NodeView, place: InventorySnapshot['cluster']): unknown =>
      told(snapshotOf([{ ...view, ready: true, schedulable: true, taints: [] }], [], { cluster: place }));
    for (const labels of [node.labels, { ...node.labels, 'nvidia.com/gpu.replicas': '4' }, node.labels]) {
      const view: NodeView = { ...node, labels };
      assert.deepEqual(toldOf(view, cluster), toldOf(view, { ...cluster }));
    }
  });

  it('is not the meaning that devices had before their slice was listed', () => {
    const [node, pod] = [whole.nodes.values().next().value, whole.pods.values().next().value];
    assert.ok(node && pod);
    const user: PodView = { ...pod, phase: 'Running', node: node.name, gpus: {}, claims: ['c'] };
    const claim: ClaimView = {
      key: `${user.namespace}/c`,
      namespace: user.namespace,
      name: 'c',
      devices: [{ driver: 'gpu.nvidia.com', pool: 'x', device: 'm0' }],
      wanted: {},
      reservedFor: [{ pod: user.name, uid: user.uid }],
    };
    // Devices of a network, which are no node's offer.
    const slice: SliceView = {
      name: 's',
      driver: 'gpu.nvidia.com',
      pool: 'x',
      generation: 1,
      node: undefined,
      devices: [{ name: 'm0', counterSets: [], partition: 'mig-1g', tainted: false }],
    };
    const of = (cluster: InventorySnapshot['cluster'], slices: DraSnapshot['slices']): InventorySnapshot =>
      snapshotOf([node], [user], {
        cluster,
        dra: {
          claims: new Map([[claim.key, claim]]),
          slices,
          states: { claims: { kind: 'live' }, slices: { kind: 'live' } },
          claimScope: 'cluster',
        },
      });
    const cluster = { ...whole.cluster };
    gpuReport(of(cluster, new Map()));
    const slices = new Map([['s', slice]]);
    assert.deepEqual(gpuReport(of(cluster, slices)).nodes, gpuReport(of({ ...cluster }, slices)).nodes);
  });
});
