import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { arrayAt, at, stringAt } from '../../../src/base/json.ts';
import { silentLogger } from '../../../src/base/logger.ts';
import { MemoryStore } from '../../../src/base/store.ts';
import { startDemoCluster, type DemoCluster } from '../../../src/demo/cluster.ts';
import { Placement } from '../../../src/demo/crowd/placement.ts';
import { planWorkloads, podsOf } from '../../../src/demo/crowd/workloads.ts';
import type { PodSpec } from '../../../src/kube/model/kinds.ts';
import { amountsOf, effectiveRequest } from '../../../src/kube/model/effective-request.ts';
import { h200Nodes } from '../../../src/demo/nodes/node-shape.ts';
import { createContexts } from '../../../src/kube/login/contexts.ts';
import { Pods, resourcePath } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/model/types.ts';
import { until } from '../../support/until.ts';

const nodes = h200Nodes(40);
const never = new AbortController().signal;

describe('the plan of a crowd', () => {
  for (const [count, pods] of [
    [1000, 10_000],
    [40, 400],
    [4, 100],
    [4, 7],
    [1, 1],
  ] as const) {
    it(`has exactly ${pods} pods on ${count} nodes, and no more GPUs than may be given away`, () => {
      const workloads = planWorkloads({ nodes: count, gpus: count * 6, pods });
      assert.equal(
        workloads.reduce((sum, workload) => sum + podsOf(workload, count), 0),
        pods,
      );
      assert.ok(
        workloads.reduce((sum, workload) => sum + podsOf(workload, count) * workload.needs.gpus, 0) <= count * 6,
      );
      assert.equal(
        new Set(workloads.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`)).size,
        workloads.length,
      );
    });
  }
});

describe('the placement of a crowd', () => {
  it('fills GPUs node by node and stops when all that take pods are full', () => {
    const placement = new Placement(h200Nodes(3));
    const needs = { app: 'a', owner: 'b', cpu: 1, memoryGi: 1, gpus: 4 };
    const taken = Array.from({ length: 5 }, () => placement.take(needs)?.name);
    const [first, second] = h200Nodes(3).map(({ name }) => name);
    assert.deepEqual(taken, [first, first, second, second, undefined]);
  });
});

describe('a demo cluster with a crowd', function () {
  this.timeout(60_000);
  let folder: string;
  let cluster: DemoCluster;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'llmdw-crowd-'));
    cluster = await startDemoCluster({
      port: 0,
      kubeconfigPath: join(folder, 'kubeconfig'),
      speed: 50,
      faults: [],
      nodes,
      crowd: { pods: 400, churn: 0 },
      logger: silentLogger,
      signal: never,
    });
  });

  after(async () => {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const pods = (): readonly KubeObject[] => cluster.server.api.list(cluster.server.api.resource('', 'pods'));
  const kinds = (): ReadonlySet<string | undefined> =>
    new Set(pods().map((pod) => pod.metadata.ownerReferences?.[0]?.kind));

  it('has every pod running, with an address and a controller of its own', () => {
    assert.equal(pods().length, 400);
    assert.deepEqual([...new Set(pods().map((pod) => stringAt(pod, 'status', 'phase')))], ['Running']);
    assert.deepEqual(kinds(), new Set(['DaemonSet', 'StatefulSet', 'ReplicaSet', 'Job']));
    const ips = pods()
      .filter((pod) => at(pod, 'spec', 'hostNetwork') !== true)
      .map((pod) => stringAt(pod, 'status', 'podIP'));
    assert.equal(new Set(ips).size, ips.length);
    assert.equal(new Set(pods().map(({ metadata }) => metadata.uid)).size, 400);
  });

  it('asks no node for more than it has', () => {
    const byNode = Map.groupBy(pods(), (pod) => stringAt(pod, 'spec', 'nodeName') ?? '');
    for (const node of nodes) {
      const free = new Map(amountsOf(node.allocatable));
      for (const pod of byNode.get(node.name) ?? [])
        for (const [name, amount] of effectiveRequest(pod.spec as PodSpec))
          free.set(name, (free.get(name) ?? 0n) - amount);
      for (const [name, amount] of free) assert.ok(amount >= 0n, `${name} of ${node.name}`);
    }
  });

  it('leaves the controllers nothing to make', async () => {
    const { api } = cluster.server;
    const status = (group: string, plural: string, field: string): readonly unknown[] =>
      api.list(api.resource(group, plural)).map((object) => at(object, 'status', field));
    await until(
      () =>
        status('apps', 'deployments', 'readyReplicas').every((ready) => ready !== undefined) &&
        status('leaderworkerset.x-k8s.io', 'leaderworkersets', 'readyReplicas').every((ready) => ready !== undefined),
    );
    assert.equal(pods().length, 400);
    const made = api
      .list(api.resource('', 'events'))
      .filter((event) =>
        ['SuccessfulCreate', 'SuccessfulDelete', 'ScalingReplicaSet'].includes(String(event['reason'])),
      );
    assert.deepEqual(
      made.map((event) => event['message']),
      [],
    );
  });

  it('brings a deleted pod back, running', async () => {
    const { api } = cluster.server;
    const victim = pods().find((pod) => pod.metadata.ownerReferences?.[0]?.kind === 'ReplicaSet')!;
    api.delete(Pods, victim.metadata.namespace, victim.metadata.name);
    await until(
      () =>
        pods().length === 400 &&
        pods().every(
          (pod) => pod.metadata.uid !== victim.metadata.uid && stringAt(pod, 'status', 'phase') === 'Running',
        ),
    );
    const { name } = victim.metadata.ownerReferences![0]!;
    const back = pods().filter((pod) => pod.metadata.ownerReferences?.[0]?.name === name);
    assert.ok(
      back.every((pod) =>
        arrayAt(pod, 'status', 'containerStatuses').every((container) => at(container, 'ready') === true),
      ),
    );
  });

  it('says why a pod of the crowd has no log', async () => {
    const contexts = createContexts({
      env: { KUBECONFIG: cluster.kubeconfigPath },
      home: folder,
      folder: () => folder,
      store: new MemoryStore(),
      clock: systemClock,
      logger: silentLogger,
    });
    try {
      const chosen = await contexts.current();
      const client = await contexts.client(chosen!);
      const { namespace, name } = pods()[0]!.metadata;
      await assert.rejects(
        client.json({ path: resourcePath(Pods, namespace, name, 'log'), signal: never }),
        /belongs to the demo's crowd .*no process runs in it/,
      );
    } finally {
      contexts.dispose();
    }
  });
});

describe('the churn of a crowd', function () {
  this.timeout(60_000);

  it('changes readiness and labels, restarts containers and replaces pods, and keeps their number', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'llmdw-crowd-'));
    const cluster = await startDemoCluster({
      port: 0,
      kubeconfigPath: join(folder, 'kubeconfig'),
      speed: 50,
      faults: [],
      nodes: h200Nodes(10),
      crowd: { pods: 60, churn: 200 },
      logger: silentLogger,
      signal: never,
    });
    try {
      const { api } = cluster.server;
      const seen = new Set<string>();
      const done = Promise.withResolvers<void>();
      const watch = api.watch(api.resource('', 'pods'), ({ type, object }) => {
        if (type === 'DELETED') seen.add('deleted');
        if (type === 'ADDED' && seen.has('deleted')) seen.add('made anew');
        if (object.metadata.labels?.['demo.llm-d/changes'] !== undefined) seen.add('labelled');
        if (
          arrayAt(object, 'status', 'conditions').some(
            (condition) =>
              stringAt(condition, 'reason') === 'ContainersNotReady' &&
              stringAt(condition, 'status') === 'False' &&
              stringAt(object, 'status', 'phase') === 'Running',
          )
        )
          seen.add('not ready');
        if (arrayAt(object, 'status', 'containerStatuses').some((container) => at(container, 'restartCount') === 1))
          seen.add('restarted');
        if (seen.size === 5) done.resolve();
      });
      await done.promise;
      watch.dispose();
    } finally {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
