import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { projectClaim, projectSlice } from '../../../src/inventory/dra/project.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import { Places } from '../../../src/inventory/places.ts';
import { projectNode, projectPod } from '../../../src/inventory/project.ts';
import type { InventorySnapshot } from '../../../src/inventory/types.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { snapshotOf } from './fixtures.ts';
import {
  countsOf,
  DRIVER,
  pendingOf,
  placeOneByOne,
  takesPods,
  type RawClaim,
  type RawCluster,
  type RawContainer,
  type RawNode,
  type RawPod,
  type RawSlice,
} from './gpu-reference.ts';

const PLUGINS = ['amd.com/gpu', 'nvidia.com/gpu', 'nvidia.com/mig-1g.10gb'] as const;
const RESOURCES = [...PLUGINS, DRIVER];
const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const NODES = names('n', 4);

// --- arbitrary clusters

const amounts = fc.dictionary(fc.constantFrom(...PLUGINS), fc.nat(8), { maxKeys: 2 });
const container: fc.Arbitrary<RawContainer> = fc.record({
  kind: fc.constantFrom('main', 'init', 'sidecar'),
  requests: fc.option(amounts, { nil: undefined }),
  limits: fc.option(amounts, { nil: undefined }),
});
const pod: fc.Arbitrary<Omit<RawPod, 'name'>> = fc.record({
  node: fc.option(fc.constantFrom(...NODES), { nil: undefined }),
  phase: fc.constantFrom('Pending', 'Running', 'Running', 'Succeeded', 'Failed', 'Unknown'),
  containers: fc.array(container, { minLength: 1, maxLength: 5 }),
  claims: fc.subarray(names('c', 4), { maxLength: 2 }),
});
const taint = fc.constantFrom(
  { key: 'nvidia.com/gpu', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
  { key: 'team', effect: 'NoSchedule' },
  { key: 'team', effect: 'NoExecute' },
  { key: 'team', effect: 'PreferNoSchedule' },
);
const node: fc.Arbitrary<Omit<RawNode, 'name'>> = fc.record({
  ready: fc.boolean(),
  cordoned: fc.boolean(),
  taints: fc.array(taint, { maxLength: 2 }),
  // Without NVIDIA's plugin: what it and the driver offer together has a test of its own.
  allocatable: fc.dictionary(fc.constantFrom('amd.com/gpu', 'nvidia.com/mig-1g.10gb'), fc.nat(16), { maxKeys: 2 }),
  leaf: fc.option(fc.constantFrom('1', '2'), { nil: undefined }),
});
const slice: fc.Arbitrary<RawSlice> = fc.record({
  node: fc.constantFrom(...NODES),
  generation: fc.integer({ min: 1, max: 2 }),
  devices: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...names('gpu-', 5)),
      counters: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
      tainted: fc.boolean(),
    }),
    { maxLength: 5, selector: ({ name }) => name },
  ),
});
const claim: fc.Arbitrary<Omit<RawClaim, 'name'>> = fc.record({
  pool: fc.constantFrom(...NODES),
  results: fc.array(fc.record({ device: fc.constantFrom(...names('gpu-', 6)), admin: fc.boolean() }), { maxLength: 3 }),
  wanted: fc.integer({ min: 1, max: 3 }),
  reservedFor: fc.subarray(names('p', 8), { maxLength: 3 }),
});
const cluster: fc.Arbitrary<RawCluster> = fc.record({
  nodes: fc
    .tuple(node, node, node, node)
    .map((all) => all.map((one, index) => ({ ...one, name: `n${index}` })))
    .chain((all) => fc.shuffledSubarray(all)),
  pods: fc.array(pod, { maxLength: 8 }).map((all) => all.map((one, index) => ({ ...one, name: `p${index}` }))),
  // One device of a name in a pool, whatever slice lists it: what the API leaves to drivers, they keep to.
  slices: fc.uniqueArray(slice, { maxLength: 5, selector: ({ node: place, generation }) => `${place} ${generation}` }),
  claims: fc.array(claim, { maxLength: 4 }).map((all) => all.map((one, index) => ({ ...one, name: `c${index}` }))),
});

// --- as the API server writes them

function podObject({ name, node: place, phase, containers, claims }: RawPod): KubeObject {
  const json = ({ kind, requests, limits }: RawContainer, index: number): object => ({
    name: `c${index}`,
    ...(kind === 'sidecar' ? { restartPolicy: 'Always' } : {}),
    resources: {
      ...(requests ? { requests } : {}),
      ...(limits
        ? { limits: Object.fromEntries(Object.entries(limits).map(([resource, count]) => [resource, String(count)])) }
        : {}),
    },
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'ns', uid: `uid of ${name}` },
    spec: {
      ...(place === undefined ? {} : { nodeName: place }),
      resourceClaims: claims.map((named, index) => ({ name: `claim-${index}`, resourceClaimName: named })),
      initContainers: containers.filter(({ kind }) => kind !== 'main').map(json),
      containers: containers.filter(({ kind }) => kind === 'main').map(json),
    },
    status: { phase },
  };
}

function nodeObject({ name, ready, cordoned, taints, allocatable, leaf }: RawNode): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: leaf === undefined ? {} : { 'network.topology.nvidia.com/leaf': leaf } },
    spec: { unschedulable: cordoned, taints },
    status: {
      allocatable: Object.fromEntries(
        Object.entries(allocatable).map(([resource, count]) => [resource, String(count)]),
      ),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

function sliceObject({ node: place, generation, devices }: RawSlice): KubeObject {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: `${place}-${generation}` },
    spec: {
      driver: DRIVER,
      nodeName: place,
      pool: { name: place, generation },
      devices: devices.map(({ name, counters, tainted }) => ({
        name,
        ...(counters === undefined ? {} : { consumesCounters: [{ counterSet: counters }] }),
        ...(tainted ? { taints: [{ key: 'x', effect: 'NoSchedule' }] } : {}),
      })),
    },
  };
}

function claimObject({ name, pool, results, wanted, reservedFor }: RawClaim): KubeObject {
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { name, namespace: 'ns' },
    spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: DRIVER, count: wanted } }] } },
    status: {
      ...(results.length === 0
        ? {}
        : {
            allocation: {
              devices: {
                results: results.map(({ device, admin }) => ({
                  driver: DRIVER,
                  pool,
                  device,
                  ...(admin ? { adminAccess: true } : {}),
                })),
              },
            },
          }),
      reservedFor: reservedFor.map((consumer) => ({ resource: 'pods', name: consumer, uid: `uid of ${consumer}` })),
    },
  };
}

function snapshotFor(raw: RawCluster, ref?: InventorySnapshot['cluster']): InventorySnapshot {
  const claims = raw.claims.map(claimObject).map(projectClaim);
  const slices = raw.slices
    .map(sliceObject)
    .map(projectSlice)
    .filter((one) => one !== undefined);
  return snapshotOf(raw.nodes.map(nodeObject).map(projectNode), raw.pods.map(podObject).map(projectPod), {
    dra: {
      claims: new Map(claims.map((one) => [one.key, one])),
      slices: new Map(slices.map((one) => [one.name, one])),
      states: { claims: { kind: 'live' }, slices: { kind: 'live' } },
      claimScope: 'cluster',
    },
    ...(ref ? { cluster: ref } : {}),
  });
}

describe('GPU accounting against a slow reference', () => {
  it('agrees on every node, on the totals and on what waits', () => {
    fc.assert(
      fc.property(cluster, (raw) => {
        const report = gpuReport(snapshotFor(raw));
        const totals = Object.fromEntries(
          RESOURCES.map((resource) => [
            resource,
            { allocatable: 0, requested: 0, free: 0, unusable: 0, tainted: 0, pending: pendingOf(raw, resource) },
          ]),
        );
        for (const each of raw.nodes) {
          const counts = countsOf(raw, each, RESOURCES);
          const told = report.nodes.find(({ name }) => name === each.name);
          assert.deepEqual(told?.resources, counts, each.name);
          assert.equal(told?.ready && told.schedulable, takesPods(each), each.name);
          for (const [resource, count] of Object.entries(counts)) {
            const total = totals[resource];
            if (!total) continue;
            if (!takesPods(each)) {
              total.unusable += count.allocatable;
              if (each.ready && !each.cordoned) total.tainted += count.free;
              continue;
            }
            total.allocatable += count.allocatable;
            total.requested += count.requested;
            total.free += count.free;
          }
        }
        const none = { allocatable: 0, requested: 0, free: 0, unusable: 0, tainted: 0, pending: 0 };
        for (const resource of RESOURCES) assert.deepEqual(report.totals[resource] ?? none, totals[resource], resource);
      }),
      { numRuns: 400 },
    );
  });

  it('gives every requested GPU to a holder, once, but for claims that no pod uses', () => {
    fc.assert(
      fc.property(cluster, (raw) => {
        const report = gpuReport(snapshotFor(raw));
        const used = raw.claims.every(({ reservedFor }) => reservedFor.length > 0);
        for (const { resources, holders } of report.nodes) {
          const requested = Object.values(resources).reduce((sum, count) => sum + count.requested, 0);
          const held = holders.reduce((sum, { count }) => sum + count, 0);
          if (used) assert.equal(held, requested);
          else assert.ok(held <= requested);
          assert.equal(new Set(holders.map(({ namespace, pod: name }) => `${namespace}/${name}`)).size, holders.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('agrees on free groups and on how many pods fit', () => {
    fc.assert(
      fc.property(cluster, (raw) => {
        const snapshot = snapshotFor(raw);
        const places = Places.of(gpuReport(snapshot), snapshot);
        const whole = [...PLUGINS.filter((name) => !name.includes('mig')), DRIVER];
        const free = raw.nodes
          .filter(takesPods)
          .map((each) => Object.values(countsOf(raw, each, whole)).map((count) => count.free));
        const figures = places.figures(gpuReport(snapshot).nodes);
        assert.equal(figures.fits, places.podSize === 0 ? 0 : placeOneByOne(free, places.podSize));
        const wholeNodes = raw.nodes.filter(
          (each) =>
            takesPods(each) &&
            Object.keys(countsOf(raw, each, whole)).length > 0 &&
            Object.values(countsOf(raw, each, RESOURCES)).every(({ requested }) => requested === 0),
        );
        assert.equal(figures.freeNodes, wholeNodes.length);
        const byLeaf = ['1', '2'].map((leaf) => wholeNodes.filter((each) => each.leaf === leaf).length);
        assert.equal(places.largestFreeGroup()?.nodes ?? 0, Math.max(...byLeaf));
      }),
      { numRuns: 300 },
    );
  });

  it('tells after any change what a report made anew tells, with the same objects for nodes that are as before', () => {
    const change = fc.record({ kind: fc.constantFrom('nodes', 'pods', 'slices', 'claims'), to: cluster });
    fc.assert(
      fc.property(cluster, fc.array(change, { minLength: 1, maxLength: 5 }), (start, changes) => {
        let raw = start;
        let before = snapshotFor(raw);
        let old = gpuReport(before);
        for (const { kind, to } of changes) {
          raw = { ...raw, [kind]: to[kind] };
          const after = unchangedFrom(before, snapshotFor(raw, before.cluster));
          const report = gpuReport(after);
          assert.deepEqual(report, gpuReport(snapshotFor(raw)), kind);
          report.nodes.forEach((each, place) => {
            const was = old.nodes.find(({ name }) => name === each.name);
            if (isDeepStrictEqual(each, was)) assert.equal(each, was, `node ${place}`);
          });
          before = after;
          old = report;
        }
      }),
      { numRuns: 200 },
    );
  });
});

/** Objects that are as they were are the same ones, and so are whole maps: what the watch does. */
function unchangedFrom(before: InventorySnapshot, after: InventorySnapshot): InventorySnapshot {
  const kept = <T>(old: ReadonlyMap<string, T>, now: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    isDeepStrictEqual(old, now)
      ? old
      : new Map(
          [...now].map(([key, value]) => [
            key,
            isDeepStrictEqual(old.get(key), value) ? (old.get(key) ?? value) : value,
          ]),
        );
  assert.ok(before.dra && after.dra);
  const claims = kept(before.dra.claims, after.dra.claims);
  const slices = kept(before.dra.slices, after.dra.slices);
  const dra =
    claims === before.dra.claims && slices === before.dra.slices ? before.dra : { ...after.dra, claims, slices };
  return { ...after, nodes: kept(before.nodes, after.nodes), pods: kept(before.pods, after.pods), dra };
}
