import { isObject, jsonAt, stringAt, type Json, type NewObject } from '../core/objects.ts';
import { ordinalOf } from '../core/pods.ts';
import {
  EXCLUSIVE_TOPOLOGY,
  GROUP_INDEX,
  GROUP_KEY,
  groupKey,
  LEADER_NAME,
  NAME,
  SIZE,
  SUBDOMAIN_POLICY,
  SUBGROUP_INDEX,
  SUBGROUP_KEY,
  SUBGROUP_POLICY,
  SUBGROUP_SIZE,
  WORKER_INDEX,
} from './model.ts';

/**
 * What LeaderWorkerSet's webhook writes into the pods of its sets when they are created: group and worker numbers
 * as labels, the leader's address as environment, and the affinity that keeps a group on one topology domain.
 */
export function mutateGroupPod(pod: NewObject): NewObject {
  const labels = jsonAt(pod.metadata, 'labels');
  const set = labels[NAME];
  const name = stringAt(pod.metadata, 'name') ?? '';
  const ordinal = ordinalOf(name);
  if (typeof set !== 'string' || ordinal === undefined) return pod;
  const annotations = jsonAt(pod.metadata, 'annotations');
  const namespace = stringAt(pod.metadata, 'namespace') ?? '';
  const leads = labels[WORKER_INDEX] === '0';
  const leader = leads ? name : (stringAt(annotations, LEADER_NAME) ?? '');
  const key = leads ? groupKey(namespace, name) : (stringAt(labels, GROUP_KEY) ?? '');
  const unique = annotations[SUBDOMAIN_POLICY] === 'UniquePerReplica';
  const own = leads ? { [GROUP_INDEX]: String(ordinal), [GROUP_KEY]: key } : { [WORKER_INDEX]: String(ordinal) };
  const environment: Json[] = [
    { name: 'LWS_LEADER_ADDRESS', value: `${leader}.${unique ? leader : set}.${namespace}` },
    { name: 'LWS_GROUP_SIZE', value: stringAt(annotations, SIZE) ?? '1' },
    { name: 'LWS_WORKER_INDEX', value: leads ? '0' : String(ordinal) },
  ];
  const spec = jsonAt(pod, 'spec');
  const topology = annotations[EXCLUSIVE_TOPOLOGY];
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...labels, ...own, ...subGroupLabels(annotations, leader, leads ? 0 : ordinal) },
    },
    spec: {
      ...spec,
      ...(unique ? { subdomain: leader } : {}),
      ...Object.fromEntries(
        ['containers', 'initContainers'].flatMap((list) => {
          const containers = spec[list];
          return Array.isArray(containers)
            ? [[list, containers.map((container) => withEnvironment(container, environment))]]
            : [];
        }),
      ),
      ...(leads && typeof topology === 'string'
        ? { affinity: exclusiveAffinity(jsonAt(spec, 'affinity'), topology, key) }
        : {}),
    },
  };
}

/** Which part of its group a pod belongs to; a leader that makes the size uneven joins the first part, or none where it is excluded. */
function subGroupLabels(annotations: Json, leader: string, worker: number): Json {
  const size = Number(stringAt(annotations, SUBGROUP_SIZE));
  if (Number.isNaN(size)) return {};
  const leaderIsExtra = (Number(stringAt(annotations, SIZE)) - 1) % size === 0;
  if (worker === 0 && annotations[SUBGROUP_POLICY] === 'LeaderExcluded') return {};
  const index = String(worker === 0 ? 0 : Math.floor((leaderIsExtra ? worker - 1 : worker) / size));
  return { [SUBGROUP_INDEX]: index, [SUBGROUP_KEY]: groupKey(leader, index) };
}

/** The variables come first, so that the container's own may refer to them; what it defines itself stays. */
function withEnvironment(container: unknown, variables: readonly Json[]): unknown {
  if (!isObject(container)) return container;
  const own: readonly unknown[] = Array.isArray(container['env']) ? container['env'] : [];
  const named = new Set(own.map((variable) => stringAt(variable, 'name')));
  return { ...container, env: [...variables.filter((variable) => !named.has(stringAt(variable, 'name'))), ...own] };
}

/** Beside pods of the own group, never beside those of another. */
function exclusiveAffinity(affinity: Json, topologyKey: string, key: string): Json {
  const term = (operator: 'In' | 'NotIn', exists: boolean): Json => ({
    labelSelector: {
      matchExpressions: [
        ...(exists ? [{ key: GROUP_KEY, operator: 'Exists' }] : []),
        { key: GROUP_KEY, operator, values: [key] },
      ],
    },
    topologyKey,
  });
  return {
    ...affinity,
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('In', false)] },
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term('NotIn', true)] },
  };
}
