import { createHash } from 'node:crypto';
import type { KubeObject } from '../../../kube/model/types.ts';
import {
  annotationsOf,
  arrayAt,
  at,
  controllerReference,
  isObject,
  jsonAt,
  labelsOf,
  namespaceOf,
  numberAt,
  replicasOf,
  stringAt,
  stringMapAt,
  type Json,
  type NewObject,
} from '../core/objects.ts';
import { LWS_GROUP } from '../lws/model.ts';

export const DISAGGREGATED_SET_GROUP = 'disaggregatedset.x-k8s.io';

export const SET_NAME = `${DISAGGREGATED_SET_GROUP}/name`;
export const ROLE = `${DISAGGREGATED_SET_GROUP}/role`;
export const REVISION = `${DISAGGREGATED_SET_GROUP}/revision`;
const INITIAL_REPLICAS = `${DISAGGREGATED_SET_GROUP}/initial-replicas`;

const REVISION_LENGTH = 8;

/** A role of a DisaggregatedSet: the template of one LeaderWorkerSet a revision. */
export interface RoleTemplate {
  readonly name: string;
  readonly template: Json;
  readonly replicas: number;
}

export function rolesOf(set: KubeObject): readonly RoleTemplate[] {
  return arrayAt(set, 'spec', 'roles')
    .filter(isObject)
    .map((template) => ({
      name: stringAt(template, 'name') ?? '',
      template,
      replicas: numberAt(template, 'spec', 'replicas') ?? 1,
    }));
}

/** Names what the roles make their groups of: replicas and rollout may change without a new revision. */
export function revisionOfRoles(roles: readonly RoleTemplate[]): string {
  const templates = roles.map(({ name, template }) => ({
    name,
    template: at(template, 'spec', 'leaderWorkerTemplate'),
  }));
  return createHash('sha256').update(JSON.stringify(templates)).digest('hex').slice(0, REVISION_LENGTH);
}

export function childName(set: string, revision: string, role: string): string {
  return `${set}-${revision}-${role}`;
}

export function childLabels(set: string, revision: string, role: string): Readonly<Record<string, string>> {
  return { app: `${set}-${role}`, [ROLE]: role, [SET_NAME]: set, [REVISION]: revision };
}

/** The LeaderWorkerSet of a role in a revision. Its pods carry the labels by which services and people find them. */
export function childSet(set: KubeObject, role: RoleTemplate, revision: string, replicas: number): NewObject {
  const labels = childLabels(set.metadata.name, revision, role.name);
  const spec = jsonAt(role.template, 'spec');
  const groupTemplate = jsonAt(spec, 'leaderWorkerTemplate');
  const labelled = Object.fromEntries(
    ['leaderTemplate', 'workerTemplate'].flatMap((name) =>
      isObject(groupTemplate[name]) ? [[name, withLabels(groupTemplate[name], labels)] as const] : [],
    ),
  );
  return {
    apiVersion: `${LWS_GROUP}/v1`,
    kind: 'LeaderWorkerSet',
    metadata: {
      name: childName(set.metadata.name, revision, role.name),
      namespace: namespaceOf(set),
      labels: { ...stringMapAt(role.template, 'metadata', 'labels'), ...labels },
      annotations: stringMapAt(role.template, 'metadata', 'annotations'),
      ownerReferences: [ownedBy(set)],
    },
    spec: { ...spec, replicas, leaderWorkerTemplate: { ...groupTemplate, ...labelled } },
  };
}

/** A headless service over one role of one revision, for clients that must not mix revisions. */
export function childService(set: KubeObject, role: string, revision: string): NewObject {
  const { app: _app, ...selector } = childLabels(set.metadata.name, revision, role);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: `${childName(set.metadata.name, revision, role)}-prv`,
      namespace: namespaceOf(set),
      labels: selector,
      ownerReferences: [ownedBy(set)],
    },
    spec: { clusterIP: 'None', selector },
  };
}

/** Groups of a child when its set began to be rolled over; what it has now where no rollout has begun. */
export function initialReplicas(child: KubeObject): number {
  const kept = annotationsOf(child)[INITIAL_REPLICAS];
  return kept !== undefined && /^\d+$/.test(kept) ? Number(kept) : replicasOf(child);
}

export function withInitialReplicas(child: KubeObject): KubeObject {
  return {
    ...child,
    metadata: {
      ...child.metadata,
      annotations: { ...annotationsOf(child), [INITIAL_REPLICAS]: String(replicasOf(child)) },
    },
  };
}

export function roleOf(child: KubeObject): string {
  return labelsOf(child)[ROLE] ?? '';
}

export function revisionOf(child: KubeObject): string {
  return labelsOf(child)[REVISION] ?? '';
}

function withLabels(template: Json, labels: Readonly<Record<string, string>>): Json {
  return {
    ...template,
    metadata: {
      ...jsonAt(template, 'metadata'),
      labels: { ...stringMapAt(template, 'metadata', 'labels'), ...labels },
    },
  };
}

/** Without `blockOwnerDeletion`, unlike what the controllers of Kubernetes itself write. */
function ownedBy(set: KubeObject): Json {
  const { blockOwnerDeletion: _block, ...reference } = controllerReference(set);
  return reference;
}
