import { isObject } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import {
  asGoWrites,
  leaderWorkerSetUpdateViolations,
  leaderWorkerSetViolations,
  typeMismatch,
  violationText,
  type Schemas,
  type Violation,
} from '../schema/index.ts';
import { webhookDenied, webhookFailed } from '../base/status.ts';
import type { AdmissionRule } from './admission.ts';

const mutating = 'mleaderworkerset.kb.io';
const validating = 'vleaderworkerset.kb.io';

type Spec = Record<string, unknown>;

/** The webhooks of the LeaderWorkerSet controller: one reads a set into its Go type, fills in defaults and writes it again; the other refuses. */
export function leaderWorkerSets(schemas: Schemas): AdmissionRule {
  const template = schemas.forKind('', 'v1', 'PodTemplate')?.root.property('template');
  const claim = schemas.forKind('', 'v1', 'PersistentVolumeClaim')?.root;
  const written = (spec: Spec): Spec => {
    const sent = objectAt(spec, 'leaderWorkerTemplate');
    const { leaderTemplate, volumeClaimTemplates, restartPolicy } = sent;
    return {
      ...spec,
      leaderWorkerTemplate: {
        ...sent,
        ...(isObject(leaderTemplate) ? { leaderTemplate: asGoWrites(template, leaderTemplate) } : {}),
        workerTemplate: asGoWrites(template, sent['workerTemplate'] ?? {}),
        ...(Array.isArray(volumeClaimTemplates)
          ? { volumeClaimTemplates: volumeClaimTemplates.map((item) => asGoWrites(claim, item)) }
          : {}),
        restartPolicy: policyOf(restartPolicy),
      },
      rolloutStrategy: rolloutOf(objectAt(spec, 'rolloutStrategy')),
      startupPolicy: spec['startupPolicy'] ?? '',
      networkConfig: { subdomainPolicy: 'Shared', ...objectAt(spec, 'networkConfig') },
    };
  };
  const mutate = (resource: ServedResource, object: ApiObject): void => {
    const wrong = typeMismatch(resource.schema?.root.property('spec'), object['spec'], 'LeaderWorkerSet');
    if (wrong !== undefined) throw webhookFailed(mutating, wrong);
    object['spec'] = written(objectAt(object, 'spec'));
  };
  return {
    prepareCreate({ resource, object }) {
      if (isSet(resource)) mutate(resource, object);
    },
    prepareUpdate({ resource, object, subresource }) {
      if (isSet(resource) && subresource === '') mutate(resource, object);
    },
    approveCreate({ resource, object }) {
      if (isSet(resource)) deny(leaderWorkerSetViolations(object));
    },
    approveUpdate({ resource, object, before, subresource }) {
      if (isSet(resource) && subresource === '')
        deny([...leaderWorkerSetViolations(object), ...leaderWorkerSetUpdateViolations(object, before)]);
    },
  };
}

function isSet(resource: ServedResource): boolean {
  return resource.collection === 'leaderworkersets.leaderworkerset.x-k8s.io';
}

function policyOf(restartPolicy: unknown): unknown {
  return restartPolicy === 'Default' ? 'None' : restartPolicy || 'RecreateGroupOnPodRestart';
}

function rolloutOf(sent: Spec): Spec {
  const strategy: Spec = { ...sent, type: sent['type'] || 'RollingUpdate' };
  return strategy['type'] === 'RollingUpdate'
    ? {
        ...strategy,
        rollingUpdateConfiguration: {
          maxUnavailable: 1,
          maxSurge: 0,
          partition: 0,
          ...objectAt(strategy, 'rollingUpdateConfiguration'),
        },
      }
    : strategy;
}

function deny(violations: readonly Violation[]): void {
  if (violations.length > 0) throw webhookDenied(validating, violationText(violations));
}

function objectAt(owner: Spec, key: string): Spec {
  const value = owner[key];
  return isObject(value) ? value : {};
}
