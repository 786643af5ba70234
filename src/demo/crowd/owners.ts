import type { KubeObject } from '../../kube/model/types.ts';
import type { Cluster } from '../controllers/core/cluster.ts';
import { templateHash } from '../controllers/core/hash.ts';
import { jsonAt, labelsOf, templateOf, type Json, type NewObject } from '../controllers/core/objects.ts';
import { podOf } from '../controllers/core/template.ts';
import { groupTemplateOf, LWS_GROUP, NAME } from '../controllers/lws/model.ts';
import { mutateGroupPod } from '../controllers/lws/pod-webhook.ts';
import { headlessService, leaderSet, workerSet } from '../controllers/lws/sets.ts';
import { daemonPod } from '../controllers/workloads/daemonset.ts';
import { replicaSetOf } from '../controllers/workloads/deployment.ts';
import { jobPod } from '../controllers/workloads/job.ts';
import { Revisions } from '../controllers/workloads/revisions.ts';
import { numberedPod } from '../controllers/workloads/statefulset.ts';
import { crowdLabel } from './templates.ts';
import type { Workload } from './workloads.ts';

/** Makes the pods of a workload; `create` stores one and answers with what the server made of it. */
export interface PodMaker {
  /** Like pods that differ by name and node only. */
  alike(count: number, pod: (node: string) => NewObject): void;
  /** One pod on each node. */
  everywhere(pod: (node: string) => NewObject): void;
  one(pod: NewObject): KubeObject | undefined;
}

/**
 * Stores a workload and everything between it and its pods, as the controllers would have made them: they find their
 * work done when they start.
 */
export function makeWorkload(cluster: Cluster, workload: Workload, pods: PodMaker): void {
  switch (workload.kind) {
    case 'DaemonSet':
      return makeDaemonSet(cluster, workload, pods);
    case 'Deployment':
      return makeDeployment(cluster, workload, workload.replicas, pods);
    case 'Job':
      return makeJob(cluster, workload, workload.replicas, pods);
    case 'LeaderWorkerSet':
      return makeGroups(cluster, workload, pods);
  }
}

function metadataOf(workload: Workload): Json {
  return {
    name: workload.name,
    namespace: workload.namespace,
    labels: { [crowdLabel]: 'true', 'app.kubernetes.io/name': workload.needs.app },
  };
}

/** What a selector of the workload matches: nothing else has both. */
function selectorOf(workload: Workload): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/instance': workload.name };
}

function selectedTemplate(workload: Workload): Json {
  const metadata = jsonAt(workload.template, 'metadata');
  return {
    ...workload.template,
    metadata: { ...metadata, labels: { ...jsonAt(metadata, 'labels'), ...selectorOf(workload) } },
  };
}

function makeDaemonSet(cluster: Cluster, workload: Workload, pods: PodMaker): void {
  const set = cluster.kind('daemonsets').create({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: metadataOf(workload),
    spec: { selector: { matchLabels: selectorOf(workload) }, template: selectedTemplate(workload) },
  });
  const revision =
    labelsOf(new Revisions(cluster.kind('controllerrevisions'), set).update())['controller.kubernetes.io/hash'] ?? '';
  pods.everywhere((node) => daemonPod(set, node, revision));
}

function makeDeployment(cluster: Cluster, workload: Workload, replicas: number, pods: PodMaker): void {
  const deployment = cluster.kind('deployments').create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(workload),
    spec: { replicas, selector: { matchLabels: selectorOf(workload) }, template: selectedTemplate(workload) },
  });
  const empty = replicaSetOf(deployment, templateHash(templateOf(deployment)), 1);
  const set = cluster.kind('replicasets').create({ ...empty, spec: { ...jsonAt(empty, 'spec'), replicas } });
  pods.alike(replicas, () => podOf(set, templateOf(set), { generateName: `${set.metadata.name}-` }));
}

function makeJob(cluster: Cluster, workload: Workload, parallelism: number, pods: PodMaker): void {
  const job = cluster.kind('jobs').create({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(workload),
    spec: { parallelism, completions: parallelism, backoffLimit: 1000, template: workload.template },
  });
  pods.alike(parallelism, () => jobPod(job, undefined));
}

function makeGroups(cluster: Cluster, workload: Workload & { readonly kind: 'LeaderWorkerSet' }, pods: PodMaker): void {
  const sets = cluster.optionalKind(LWS_GROUP, 'leaderworkersets');
  if (sets === undefined) return;
  const statefulSets = cluster.kind('statefulsets');
  const set = sets.create({
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    metadata: metadataOf(workload),
    spec: {
      replicas: workload.groups,
      leaderWorkerTemplate: { size: workload.groupSize, workerTemplate: workload.template },
    },
  });
  cluster.kind('services').create(headlessService(set, set.metadata.name, { [NAME]: set.metadata.name }));
  const template = groupTemplateOf(set);
  const leaders = statefulSets.create(
    leaderSet(set, template, { partition: 0, replicas: workload.groups }, workload.groups),
  );
  for (let group = 0; group < workload.groups; group += 1) {
    const leader = pods.one(groupPod(cluster, leaders, group));
    if (leader === undefined) continue;
    const workers = statefulSets.create(workerSet(set, leader, template, {}));
    for (let worker = 1; worker < workload.groupSize; worker += 1) pods.one(groupPod(cluster, workers, worker));
  }
}

function groupPod(cluster: Cluster, set: KubeObject, ordinal: number): NewObject {
  const revision = new Revisions(cluster.kind('controllerrevisions'), set).update().metadata.name;
  return mutateGroupPod(numberedPod(set, templateOf(set), ordinal, revision));
}
