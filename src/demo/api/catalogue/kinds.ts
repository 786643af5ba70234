import { sameJson, type ApiObject } from '../base/object.ts';
import type { ServedResource } from './registry.ts';

/** How a kind differs from the common course of create, update and delete. */
interface KindRules {
  /** `metadata.generation` counts changes of what the user asks for. */
  readonly generation: boolean;
  /** A new object's status; undefined keeps what the client sent (nodes report themselves with it). */
  readonly freshStatus: (() => unknown) | undefined;
  /** An update may leave resourceVersion out. */
  readonly unconditionalUpdate: boolean;
  /** An update of what is not there creates it. */
  readonly createsOnUpdate: boolean;
  /** A delete that is done at once answers with the object instead of a Status. */
  readonly returnsDeleted: boolean;
  /** Orphaning is what a delete without a wish does (only the old replication controllers). */
  readonly orphansByDefault: boolean;
}

const withGeneration = new Set([
  'pods',
  'replicationcontrollers',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
  'ingresses.networking.k8s.io',
  'networkpolicies.networking.k8s.io',
  'poddisruptionbudgets.policy',
  'customresourcedefinitions.apiextensions.k8s.io',
  'priorityclasses.scheduling.k8s.io',
  'horizontalpodautoscalers.autoscaling',
  ...[
    'validatingwebhookconfigurations',
    'mutatingwebhookconfigurations',
    'validatingadmissionpolicies',
    'mutatingadmissionpolicies',
    'validatingadmissionpolicybindings',
    'mutatingadmissionpolicybindings',
  ].map((plural) => `${plural}.admissionregistration.k8s.io`),
  'endpointslices.discovery.k8s.io',
  'resourceslices.resource.k8s.io',
  'deviceclasses.resource.k8s.io',
  'ingressclasses.networking.k8s.io',
]);

const creatingOnUpdate = new Set([
  'services',
  'endpoints',
  'events',
  'limitranges',
  'leases.coordination.k8s.io',
  'runtimeclasses.node.k8s.io',
  ...['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'].map(
    (plural) => `${plural}.rbac.authorization.k8s.io`,
  ),
]);

const returningDeleted = new Set([
  'pods',
  'services',
  'serviceaccounts',
  'podtemplates',
  'persistentvolumes',
  'persistentvolumeclaims',
  'resourcequotas',
]);

const freshStatus: Readonly<Record<string, () => unknown>> = {
  persistentvolumeclaims: () => ({ phase: 'Pending' }),
  persistentvolumes: () => ({ phase: 'Pending' }),
  services: () => ({ loadBalancer: {} }),
};

export function rulesOf(resource: ServedResource): KindRules {
  const custom = resource.custom !== undefined;
  const hasStatus = resource.subresources.has('status');
  const fresh = freshStatus[resource.collection] ?? (custom ? () => undefined : emptyStatus);
  return {
    generation: custom || withGeneration.has(resource.collection),
    freshStatus: hasStatus && resource.collection !== 'nodes' ? fresh : undefined,
    unconditionalUpdate: !custom,
    createsOnUpdate: creatingOnUpdate.has(resource.collection),
    returnsDeleted: returningDeleted.has(resource.collection),
    orphansByDefault: resource.collection === 'replicationcontrollers',
  };
}

function emptyStatus(): unknown {
  return {};
}

/** Whether what the user asks for differs: the spec of a native kind, all but metadata and status of a custom one. */
export function intentChanged(resource: ServedResource, before: ApiObject, after: ApiObject): boolean {
  if (resource.custom === undefined && 'spec' in after) return !sameJson(before['spec'], after['spec']);
  return !sameJson(withoutMetadataAndStatus(before), withoutMetadataAndStatus(after));
}

function withoutMetadataAndStatus(object: ApiObject): unknown {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}
