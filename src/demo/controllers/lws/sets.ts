import type { Pod } from '../../../kube/model/kinds.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import {
  controllerReference,
  jsonAt,
  labelsOf,
  namespaceOf,
  numberAt,
  stringAt,
  type Json,
  type NewObject,
} from '../core/objects.ts';
import {
  exclusiveTopology,
  EXCLUSIVE_TOPOLOGY,
  GROUP_INDEX,
  GROUP_KEY,
  groupSize,
  leaderTemplate,
  LEADER_NAME,
  NAME,
  REPLICAS,
  REVISION,
  revisionKey,
  sharesSubdomain,
  SIZE,
  SUBDOMAIN_POLICY,
  SUBGROUP_POLICY,
  SUBGROUP_SIZE,
  WORKER_INDEX,
  workerTemplate,
  type GroupTemplate,
} from './model.ts';

export interface Rollout {
  /** Groups below it keep their revision. */
  readonly partition: number;
  /** Groups, with those that a surge adds for a while. */
  readonly replicas: number;
}

/** The StatefulSet of the leaders: one pod a group. */
export function leaderSet(
  set: KubeObject,
  template: GroupTemplate,
  rollout: Rollout,
  wantedReplicas: number,
): NewObject {
  const { name } = set.metadata;
  const revision = revisionKey(template);
  const selector = { [NAME]: name, [WORKER_INDEX]: '0' };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      name,
      namespace: namespaceOf(set),
      labels: { [NAME]: name, [REVISION]: revision },
      annotations: { [REPLICAS]: String(wantedReplicas) },
      ownerReferences: [controllerReference(set)],
    },
    spec: {
      replicas: rollout.replicas,
      podManagementPolicy: 'Parallel',
      serviceName: name,
      selector: { matchLabels: selector },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: rollout.partition } },
      template: podTemplate(
        leaderTemplate(template),
        { ...selector, [REVISION]: revision },
        groupAnnotations(set, template),
      ),
      ...claimsOf(template),
    },
  };
}

/** The StatefulSet of one group's workers, which the leader pod owns: it goes with the leader. */
export function workerSet(set: KubeObject, leader: Pod, template: GroupTemplate, nodeSelector: Json): NewObject {
  const group = {
    [NAME]: set.metadata.name,
    [GROUP_INDEX]: labelsOf(leader)[GROUP_INDEX] ?? '',
    [GROUP_KEY]: labelsOf(leader)[GROUP_KEY] ?? '',
  };
  const labels = { ...group, [REVISION]: revisionKey(template) };
  const pods = podTemplate(workerTemplate(template), labels, {
    ...groupAnnotations(set, template),
    [LEADER_NAME]: leader.metadata.name,
  });
  const spec = jsonAt(pods, 'spec');
  const selector = { ...jsonAt(spec, 'nodeSelector'), ...nodeSelector };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      name: leader.metadata.name,
      namespace: namespaceOf(leader),
      labels,
      ownerReferences: [controllerReference(leader)],
    },
    spec: {
      replicas: groupSize(template) - 1,
      ordinals: { start: 1 },
      podManagementPolicy: 'Parallel',
      serviceName: sharesSubdomain(template) ? set.metadata.name : leader.metadata.name,
      selector: { matchLabels: group },
      template: { ...pods, spec: { ...spec, ...(Object.keys(selector).length > 0 ? { nodeSelector: selector } : {}) } },
      ...claimsOf(template),
    },
  };
}

/** The name service of the pods, known before they are ready: a group finds itself while it starts. */
export function headlessService(owner: KubeObject, name: string, selector: Json): NewObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: namespaceOf(owner), ownerReferences: [controllerReference(owner)] },
    spec: { clusterIP: 'None', selector, publishNotReadyAddresses: true },
  };
}

function podTemplate(template: Json, labels: Json, annotations: Json): Json {
  const metadata = jsonAt(template, 'metadata');
  return {
    ...template,
    metadata: {
      ...metadata,
      labels: { ...jsonAt(metadata, 'labels'), ...labels },
      annotations: { ...jsonAt(metadata, 'annotations'), ...annotations },
    },
  };
}

function groupAnnotations(set: KubeObject, template: GroupTemplate): Json {
  const topology = exclusiveTopology(set);
  const subGroups = jsonAt(template.leaderWorkerTemplate, 'subGroupPolicy');
  return {
    ...(subGroups['subGroupSize'] === undefined
      ? {}
      : {
          [SUBGROUP_SIZE]: String(numberAt(subGroups, 'subGroupSize')),
          [SUBGROUP_POLICY]: stringAt(subGroups, 'subGroupPolicyType') ?? 'LeaderWorker',
        }),
    [SIZE]: String(groupSize(template)),
    ...(topology === undefined ? {} : { [EXCLUSIVE_TOPOLOGY]: topology }),
    ...(sharesSubdomain(template) ? {} : { [SUBDOMAIN_POLICY]: 'UniquePerReplica' }),
  };
}

function claimsOf(template: GroupTemplate): Json {
  const { volumeClaimTemplates, persistentVolumeClaimRetentionPolicy } = template.leaderWorkerTemplate;
  return {
    ...(volumeClaimTemplates === undefined ? {} : { volumeClaimTemplates }),
    ...(persistentVolumeClaimRetentionPolicy === undefined ? {} : { persistentVolumeClaimRetentionPolicy }),
  };
}
