import { isObject } from '../../../base/json.ts';
import { validateMetadata, validateMetadataUpdate } from './rules/metadata.ts';
import {
  validateAutoscaler,
  validateBindingUpdate,
  validateClaim,
  validateClaimUpdate,
  validateConfigMap,
  validateDataUpdate,
  validateSecret,
  validateService,
  validateServiceUpdate,
} from './rules/others.ts';
import { validatePod, validatePodUpdate } from './rules/pod.ts';
import {
  validateCronJob,
  validateDaemonSet,
  validateDeployment,
  validateJob,
  validateJobUpdate,
  validateReplicaSet,
  validateSelectorUpdate,
  validateStatefulSet,
  validateStatefulSetUpdate,
} from './rules/workloads.ts';
import type { Json, ObjectSchema, Violation } from './types.ts';
import { validateSchema } from './validate-schema.ts';

interface Rules {
  readonly create?: (object: Json) => Violation[];
  /** What may not change; the create rules hold too. */
  readonly update?: (object: Json, old: Json) => Violation[];
  /** The server looks at what may not change before it looks at anything else. */
  readonly updateFirst?: boolean;
}

const RULES: Readonly<Record<string, Rules>> = {
  '/Pod': { create: validatePod, update: validatePodUpdate },
  '/Service': { create: validateService, update: validateServiceUpdate, updateFirst: true },
  '/ConfigMap': { create: validateConfigMap, update: validateDataUpdate, updateFirst: true },
  '/Secret': { create: validateSecret, update: validateDataUpdate, updateFirst: true },
  '/PersistentVolumeClaim': { create: validateClaim, update: validateClaimUpdate },
  'apps/Deployment': { create: validateDeployment, update: validateSelectorUpdate },
  'apps/ReplicaSet': { create: validateReplicaSet, update: validateSelectorUpdate },
  'apps/DaemonSet': { create: validateDaemonSet, update: validateSelectorUpdate },
  'apps/StatefulSet': { create: validateStatefulSet, update: validateStatefulSetUpdate },
  'batch/Job': { create: validateJob, update: validateJobUpdate },
  'batch/CronJob': { create: validateCronJob },
  'autoscaling/HorizontalPodAutoscaler': { create: validateAutoscaler },
  'rbac.authorization.k8s.io/RoleBinding': { update: validateBindingUpdate },
  'rbac.authorization.k8s.io/ClusterRoleBinding': { update: validateBindingUpdate },
};

/** What is wrong with a defaulted object that is to be created. */
export function validateCreate(schema: ObjectSchema, object: Json): readonly Violation[] {
  return [
    ...validateMetadata(schema, object),
    ...(rulesOf(schema).create?.(object) ?? []),
    ...validateSchema(schema, object),
  ];
}

/** What is wrong with a defaulted object that is to replace `old`. */
export function validateUpdate(schema: ObjectSchema, object: Json, old: Json): readonly Violation[] {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  const { update, updateFirst = false } = rulesOf(schema);
  const changes = update?.(object, old) ?? [];
  const [first, last] = updateFirst ? [changes, []] : [[], changes];
  return [...validateMetadataUpdate(metadata, old['metadata']), ...first, ...validateCreate(schema, object), ...last];
}

function rulesOf(schema: ObjectSchema): Rules {
  return RULES[`${schema.group}/${schema.kind}`] ?? {};
}
