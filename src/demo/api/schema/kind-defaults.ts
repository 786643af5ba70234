import {
  autoscalerDefaults,
  bindingDefaults,
  endpointSliceDefaults,
  namespaceDefaults,
  nodeDefaults,
  policyDefaults,
  secretDefaults,
  serviceDefaults,
  storageClassDefaults,
  volumeDefaults,
  webhookDefaults,
} from './defaults/others.ts';
import { podDefaults } from './defaults/pod.ts';
import {
  claimDefaults,
  cronJobDefaults,
  daemonSetDefaults,
  deploymentDefaults,
  jobDefaults,
  replicaSetDefaults,
  replicationControllerDefaults,
  statefulSetDefaults,
} from './defaults/workloads.ts';
import type { Json, ObjectSchema } from './types.ts';

const DEFAULTS: Readonly<Record<string, (object: Json) => Json>> = {
  '/Pod': podDefaults,
  '/Service': serviceDefaults,
  '/Secret': secretDefaults,
  '/Namespace': namespaceDefaults,
  '/Node': nodeDefaults,
  '/PersistentVolume': volumeDefaults,
  '/PersistentVolumeClaim': claimDefaults,
  '/ReplicationController': replicationControllerDefaults,
  'apps/Deployment': deploymentDefaults,
  'apps/ReplicaSet': replicaSetDefaults,
  'apps/StatefulSet': statefulSetDefaults,
  'apps/DaemonSet': daemonSetDefaults,
  'batch/Job': jobDefaults,
  'batch/CronJob': cronJobDefaults,
  'autoscaling/HorizontalPodAutoscaler': autoscalerDefaults,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhookDefaults,
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhookDefaults,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': policyDefaults,
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': policyDefaults,
  'storage.k8s.io/StorageClass': storageClassDefaults,
  'rbac.authorization.k8s.io/RoleBinding': bindingDefaults,
  'rbac.authorization.k8s.io/ClusterRoleBinding': bindingDefaults,
  'discovery.k8s.io/EndpointSlice': endpointSliceDefaults,
};

/** Defaults that no schema holds because the server's own code sets them. */
export function kindDefaults(schema: ObjectSchema, object: Json): Json {
  return DEFAULTS[`${schema.group}/${schema.kind}`]?.(object) ?? object;
}
