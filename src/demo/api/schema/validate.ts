import { isObject } from '../../../base/json.ts';
import { validateMetadata, validateMetadataUpdate } from './rules/metadata.ts';
import { validateBindingUpdate, validateClaim, validateClaimUpdate, validateConfigMap, validateDataUpdate, validateSecret, validateService, validateServiceUpdate } from './rules/others.ts';
import { validatePod, validatePodUpdate } from './rules/pod.ts';
import {
  validateDaemonSet, validateDeployment, validateJob, validateJobUpdate, validateLeaderWorkerSet, validateLeaderWorkerSetUpdate,
  validateReplicaSet, validateSelectorUpdate, validateStatefulSet, validateStatefulSetUpdate,
} from './rules/workloads.ts';
import type { Json, ObjectSchema, Violation } from './types.ts';
import { validateSchema } from './validate-schema.ts';

interface Rules {
  readonly create?: (object: Json) => Violation[];
  /** What may not change; the create rules hold too. */
  readonly update?: (object: Json, old: Json) => Violation[];
}

const RULES: Readonly<Record<string, Rules>> = {
  '/Pod': { create: validatePod, update: validatePodUpdate },
  '/Service': { create: validateService, update: validateServiceUpdate },
  '/ConfigMap': { create: validateConfigMap, update: validateDataUpdate },
  '/Secret': { create: validateSecret, update: validateDataUpdate },
  '/PersistentVolumeClaim': { create: validateClaim, update: validateClaimUpdate },
  'apps/Deployment': { create: validateDeployment, update: validateSelectorUpdate },
  'apps/ReplicaSet': { create: validateReplicaSet, update: validateSelectorUpdate },
  'apps/DaemonSet': { create: validateDaemonSet, update: validateSelectorUpdate },
  'apps/StatefulSet': { create: validateStatefulSet, update: validateStatefulSetUpdate },
  'batch/Job': { create: validateJob, update: validateJobUpdate },
  'rbac.authorization.k8s.io/RoleBinding': { update: validateBindingUpdate },
  'rbac.authorization.k8s.io/ClusterRoleBinding': { update: validateBindingUpdate },
  'leaderworkerset.x-k8s.io/LeaderWorkerSet': { create: validateLeaderWorkerSet, update: validateLeaderWorkerSetUpdate },
};

/** What is wrong with a defaulted object that is to be created. */
export function validateCreate(schema: ObjectSchema, object: Json): readonly Violation[] {
  return [...validateMetadata(schema, object), ...validateSchema(schema, object), ...(rulesOf(schema).create?.(object) ?? [])];
}

/** What is wrong with a defaulted object that is to replace `old`. */
export function validateUpdate(schema: ObjectSchema, object: Json, old: Json): readonly Violation[] {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  return [...validateMetadataUpdate(metadata, old['metadata']), ...validateCreate(schema, object), ...(rulesOf(schema).update?.(object, old) ?? [])];
}

function rulesOf(schema: ObjectSchema): Rules {
  return RULES[`${schema.group}/${schema.kind}`] ?? {};
}
