import assert from 'node:assert/strict';
import { WorkbenchError } from '../../../src/base/errors.ts';
import { DraWatch } from '../../../src/inventory/dra/watch.ts';
import { gpusOfPod } from '../../../src/inventory/gpu-of-pod.ts';
import { gpuReport } from '../../../src/inventory/gpus.ts';
import type { KubeClient } from '../../../src/kube/types.ts';
import type { ResourceType } from '../../../src/kube/model/types.ts';
import type { WatchOptions, WatchSink, WatchState } from '../../../src/kube/watch/types.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { until } from '../kube/server.ts';
import { clusterFixture, draOf, snapshotOfFixture } from './cluster-fixtures.ts';

const forbidden = new WorkbenchError({ code: 'forbidden', message: 'not allowed' });

/** A cluster reduced to what a watch of DRA asks: which versions it serves, and two watches that the test speaks for. */
class FakeCluster {
  versions: readonly string[] = ['resource.k8s.io/v1'];
  failure: WorkbenchError | undefined;
  asked = 0;
  readonly watches: {
    readonly resource: ResourceType;
    readonly namespace: string | undefined;
    readonly sink: WatchSink<unknown>;
    open: boolean;
  }[] = [];

  readonly client = {
    cluster: { context: 'c', namespace: 'mine', server: 's' },
    resourceOf: (apiVersion: string, kind: string): Promise<ResourceType | undefined> => {
      this.asked += 1;
      if (this.failure) return Promise.reject(this.failure);
      const [group = '', version = ''] = apiVersion.split('/');
      return Promise.resolve(
        this.versions.includes(apiVersion)
          ? { group, version, kind, plural: `${kind.toLowerCase()}s`, namespaced: kind === 'ResourceClaim' }
          : undefined,
      );
    },
    watch: <T>({ resource, namespace, sink }: WatchOptions<T>) => {
      const watch = { resource, namespace, sink: sink as WatchSink<unknown>, open: true };
      this.watches.push(watch);
      return {
        dispose: () => {
          watch.open = false;
        },
      };
    },
  } as unknown as KubeClient;

  get open(): readonly string[] {
    return this.watches
      .filter((watch) => watch.open)
      .map(
        ({ resource, namespace }) =>
          `${resource.version} ${resource.kind}${namespace === undefined ? '' : ` in ${namespace}`}`,
      );
  }

  tell(kind: string, state: WatchState, items?: ReadonlyMap<string, unknown>): void {
    const watch = this.watches.findLast((candidate) => candidate.open && candidate.resource.kind === kind);
    assert.ok(watch, `no watch of ${kind}`);
    if (items) watch.sink.replace(items);
    watch.sink.state(state);
  }
}

describe('watch of resource claims and slices', () => {
  let cluster: FakeCluster;
  let clock: ManualClock;
  let watch: DraWatch;
  let touched: number;

  function start(): void {
    watch = new DraWatch(cluster.client, clock, undefined, () => {
      touched += 1;
    });
  }

  beforeEach(() => {
    cluster = new FakeCluster();
    clock = new ManualClock();
    touched = 0;
  });

  afterEach(() => watch.dispose());

  it('follows the newest version that the cluster serves', async () => {
    cluster.versions = ['resource.k8s.io/v1beta1', 'resource.k8s.io/v1beta2'];
    start();
    await until(() => cluster.open.length === 2);
    assert.deepEqual(cluster.open, ['v1beta2 ResourceClaim', 'v1beta2 ResourceSlice']);
    assert.equal(watch.settled, false, 'nothing is listed yet');
    const { claims, slices } = draOf(clusterFixture('dra'));
    cluster.tell('ResourceClaim', { kind: 'live' }, claims);
    cluster.tell('ResourceSlice', { kind: 'live' }, slices);
    assert.equal(watch.settled, true);
    assert.equal(watch.take(), true);
    assert.deepEqual([watch.snapshot.claims.size, watch.snapshot.slices.size], [claims.size, slices.size]);
    const before = watch.snapshot;
    assert.equal(watch.take(), false);
    assert.equal(watch.snapshot, before, 'the same object while nothing changes');
    watch.dispose();
    assert.deepEqual(cluster.open, []);
  });

  it('says that a cluster has none of it, once, and looks again later', async () => {
    cluster.versions = [];
    start();
    await until(() => watch.settled);
    watch.take();
    assert.deepEqual(watch.snapshot.states, { claims: { kind: 'absent' }, slices: { kind: 'absent' } });
    const times = touched;
    cluster.versions = ['resource.k8s.io/v1'];
    clock.advance(60_000);
    await until(() => cluster.open.length === 2);
    assert.equal(touched, times);
  });

  it('never stands in the way: what cannot be read is settled, and gets well by itself', async () => {
    cluster.failure = new WorkbenchError({ code: 'server-error', message: 'try again' });
    start();
    await until(() => watch.settled);
    watch.take();
    assert.equal(watch.snapshot.states.claims.kind, 'stale');
    cluster.failure = undefined;
    clock.advance(60_000);
    await until(() => cluster.open.length === 2);
    cluster.tell('ResourceClaim', { kind: 'stale', since: 0, error: forbidden });
    cluster.tell('ResourceSlice', { kind: 'denied', error: forbidden });
    assert.equal(watch.settled, true);
  });

  it("goes to the namespace for claims where the cluster's may not be listed, and says so", async () => {
    start();
    await until(() => cluster.open.length === 2);
    cluster.tell('ResourceClaim', { kind: 'denied', error: forbidden });
    assert.equal(cluster.open.at(-1), 'v1 ResourceClaim in mine');
    cluster.tell('ResourceClaim', { kind: 'live' }, new Map());
    watch.take();
    assert.equal(watch.snapshot.claimScope, 'namespace');
  });

  it('is denied when even the kinds may not be discovered', async () => {
    cluster.failure = forbidden;
    start();
    await until(() => watch.settled);
    watch.take();
    assert.equal(watch.snapshot.states.slices.kind, 'denied');
    assert.equal(cluster.asked, 1);
  });
});

describe('GPU report where claims or slices cannot be read', () => {
  const fixture = clusterFixture('dra');
  const codes = (changes: Parameters<typeof draOf>[1]): readonly string[] =>
    gpuReport(snapshotOfFixture(fixture, { dra: draOf(fixture, changes) })).warnings.map(({ code }) => code);
  const live: WatchState = { kind: 'live' };
  const denied: WatchState = { kind: 'denied', error: forbidden };

  it('warns only where it matters', () => {
    const unused = { ...fixture, pods: fixture.pods.filter(({ metadata }) => metadata.name === 'by-plugin') };
    const none = { claims: new Map(), slices: new Map() };
    for (const state of [denied, { kind: 'absent' } as const]) {
      const dra = draOf(fixture, { ...none, states: { claims: state, slices: state } });
      assert.deepEqual(
        gpuReport(snapshotOfFixture(unused, { dra })).warnings,
        [],
        `nobody uses claims that are ${state.kind}`,
      );
      const { warnings } = gpuReport(snapshotOfFixture(fixture, { dra }));
      assert.deepEqual(
        warnings.map(({ code }) => code).filter((code) => code.startsWith('claims')),
        ['claims-unknown'],
      );
      assert.match(warnings[0]?.message ?? '', /^9 pods use resource claims in context "c", but .*not counted/);
    }
  });

  it('tells of claims in use without slices, and calls nothing free that it does not know', () => {
    const dra = draOf(fixture, { slices: new Map(), states: { claims: live, slices: denied } });
    const report = gpuReport(snapshotOfFixture(fixture, { dra }));
    assert.ok(report.warnings.some(({ code }) => code === 'slices-denied'));
    assert.deepEqual(report.nodes.find(({ name }) => name === 'dra-1')?.resources, {
      'gpu.nvidia.com': { allocatable: 3, requested: 3, free: 0 },
    });
  });

  it('says when claims of one namespace only are counted, and since when all of it is old', () => {
    assert.ok(codes({ claimScope: 'namespace' }).includes('claims-of-one-namespace'));
    const stale: WatchState = { kind: 'stale', since: 0, error: forbidden };
    assert.deepEqual(codes({ states: { claims: stale, slices: stale } }).slice(0, 2), ['claims-stale', 'slices-stale']);
  });
});

describe('GPUs of a pod', () => {
  it('are those of its requests and of its claims, held or waited for', () => {
    const fixture = clusterFixture('dra');
    const { pods, dra } = snapshotOfFixture(fixture);
    const counts = Object.fromEntries(pods.values().map((pod) => [pod.name, gpusOfPod(pod, dra)]));
    assert.deepEqual(counts, {
      'decode-0': 1,
      'shares-a': 2,
      'shares-b': 2,
      monitor: 0,
      waits: 2,
      'waits-too': 2,
      mapped: 1,
      slicer: 1,
      'part-user-0': 1,
      'part-user-1': 1,
      'by-claim': 1,
      'by-plugin': 2,
    });
  });
});
